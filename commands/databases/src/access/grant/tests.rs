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
                lines(&["4 tables", "of auth_user only email, id, username"])
            ),
            (
                "not".to_owned(),
                lines(&[
                    "not granted, nobody classified it: new_one",
                    "not granted, no base table: job_view",
                    "not granted, by the configuration: 2 tables",
                ])
            ),
        ]
    );
}
