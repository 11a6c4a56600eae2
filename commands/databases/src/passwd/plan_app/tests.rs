use super::*;

fn wanted() -> Wanted {
    Wanted {
        database: "prod-db".into(),
        account: "th_admin".parse().unwrap(),
        app: "prod".into(),
        var: "DATABASE_URL".to_owned(),
        newest: 814,
    }
}

fn look(skips: bool, kept: Option<Kept>) -> Look {
    let url = "mysql://th_admin:canary-old@localhost/treeherder"
        .to_owned()
        .into();
    Look {
        now: Current {
            release: "v814".to_owned(),
            newest: 814,
        },
        two: false,
        there: None,
        others: Vec::new(),
        url: DatabaseUrl::of(&url).map_err(|wrong| wrong.to_string()),
        kept,
        skips,
    }
}

fn kept(over: bool) -> Kept {
    Kept {
        password: "canary-new".to_owned().into(),
        old: None,
        skip: None,
        over,
    }
}

fn said(look: &Look) -> Vec<(String, String)> {
    notes(&wanted(), look, true, &[])
        .into_iter()
        .map(|detail| (detail.label, detail.lines.join(" ")))
        .collect()
}

#[test]
fn whoever_signs_reads_that_the_release_phase_does_nothing_now_and_what_becomes_of_that() {
    let none: Vec<(String, String)> = Vec::new();
    assert_eq!(said(&look(false, None)), none);
    let line = |words: &str| {
        let words = format!("SKIP_PREDEPLOY is set now, so prod's release phase does nothing; {words}");
        vec![("release phase".to_owned(), words)]
    };
    assert_eq!(said(&look(true, None)), line("in the end it is as it is now"));
    assert_eq!(
        said(&look(true, Some(kept(true)))),
        line(
            "an earlier change set it; in the end it is as it was before that, unless somebody has changed it since"
        )
    );
    let left = said(&look(false, Some(kept(false))));
    assert_eq!(left.len(), 1);
    assert!(
        left[0].1.starts_with("an earlier change was not finished"),
        "{left:?}"
    );
}

#[test]
fn the_way_with_one_password_says_in_which_order_the_release_phase_is_left_out() {
    let lines = |two: bool| -> Vec<String> {
        let details = order(&wanted(), two);
        details.into_iter().flat_map(|detail| detail.lines).collect()
    };
    let one = lines(false).join("\n");
    assert!(
        one.contains("DATABASE_URL and SKIP_PREDEPLOY=1 change at once"),
        "{one}"
    );
    assert!(one.contains("SKIP_PREDEPLOY goes back to what it was"), "{one}");
    assert!(
        !lines(true).join("\n").contains(SKIP),
        "nothing is left out where nothing fails"
    );
}
