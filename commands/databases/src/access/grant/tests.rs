use countersign_core::time::{between, from_millis};

use super::*;
use crate::classes::tests::treeherder;
use crate::databases::tests::prod;
use crate::intended::tests::present;

fn days(kind: Kind, asked: Option<u32>) -> Result<Option<(u64, u64)>, String> {
    let now = from_millis(1_000);
    let (ends, latest) = ends(&prod(), kind, asked, now).map_err(|no| no.sentence())?;
    let in_days = |at: Timestamp| between(now, at).as_secs() / 86_400;
    Ok(ends
        .zip(latest)
        .map(|(ends, latest)| (in_days(ends), in_days(latest))))
}

#[test]
fn an_access_ends_and_nobody_gets_one_for_longer_than_it_may_last() {
    assert_eq!(days(Kind::Person, None), Ok(Some((30, 90))));
    assert_eq!(days(Kind::Person, Some(90)), Ok(Some((90, 90))));
    assert_eq!(days(Kind::Service, None), Ok(None));
    assert_eq!(days(Kind::Service, Some(7)), Ok(Some((7, 90))));
    assert_eq!(
        days(Kind::Person, Some(91)).unwrap_err(),
        "91 days is longer than access to prod-db may last. At most 90 days: --days 90."
    );
    assert_eq!(
        days(Kind::Person, Some(0)).unwrap_err(),
        "0 days is no access. It lasts 1 to 90 days."
    );
}

#[test]
fn the_card_says_what_is_granted_and_names_what_nobody_classified() {
    let sorted = sorted(&present(), &treeherder(), None);
    let said: Vec<(String, Vec<String>)> = tables(&sorted, false)
        .into_iter()
        .map(|detail| (detail.label, detail.lines))
        .collect();
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    assert_eq!(
        said,
        [
            (
                "may read".to_owned(),
                lines(&[
                    "4 tables (group, job, job_log, push)",
                    "of auth_user only email, id, username"
                ])
            ),
            (
                "left out".to_owned(),
                lines(&[
                    "new_one: nobody classified it",
                    "job_view: no base table",
                    "2 tables (auth_group, job_secret): by the configuration",
                ])
            ),
        ]
    );
}

#[test]
fn of_many_tables_the_first_are_named_and_the_others_counted() {
    let names: Vec<String> = (10..30).map(|n| format!("t{n}")).collect();
    assert_eq!(
        counted(&names, "table"),
        "20 tables (t10, t11, t12, t13, t14, t15, t16, t17 and 12 more)"
    );
    assert_eq!(counted(&names[..1], "table"), "t10");
}

#[test]
fn an_account_with_somebody_elses_name_is_not_given_to_whoever_asks() {
    let people: Vec<Arc<Person>> = ["alice", "carol"]
        .map(|name| {
            Arc::new(Person {
                id: name.into(),
                roles: std::collections::BTreeSet::new(),
                accounts: Vec::new(),
            })
        })
        .into();
    let after = |typed: &str| {
        let named = named(&prod(), typed).unwrap();
        let other = somebody_else(&named, &"alice".into(), &people)?;
        Some(whose(&named, other, &"alice".into(), |line| format!("!{line}")).sentence())
    };
    assert_eq!(
        after("cs_carol").unwrap(),
        "cs_carol has carol's name, and without --for you would get it yourself. Type !db access grant carol --for carol, \
         or --for alice if it is yours"
    );
    assert_eq!(after("carol"), after("cs_carol"));
    assert_eq!(after("alice"), None);
    assert_eq!(after("reports"), None);
}
