//! What is said at the end of operations, and the news that rooms hear.

use countersign_core::id::AccessId;
use countersign_core::operation::{Announcement, Ended, Run};
use countersign_core::reply::Line;
use countersign_core::text::list;

use super::grant::Wanted;
use crate::databases::Database;
use crate::words::moment;

/// A grant that was handed out.
pub(super) fn handed(
    database: &Database,
    wanted: &Wanted,
    access: &AccessId,
    link: &str,
    run: &Run<'_>,
) -> Ended {
    let Wanted { account, owner, .. } = wanted;
    let line = format!(
        "{}: {owner} gets read-only access as {account} ({}) {}, asked by {}",
        database.target,
        wanted.grants.in_words(),
        lasting(wanted),
        by(run)
    );
    Ended {
        good: true,
        words: offered(wanted, link),
        announcement: Some(news(database, &format!("granted/{access}"), line)),
    }
}

/// What, until when, what happens next, what to type; and last what took the time that is said after it.
fn offered(wanted: &Wanted, link: &str) -> String {
    let Wanted { account, owner, .. } = wanted;
    format!(
        "done · {account} may read {} {}, from when {owner} opens link {link} · !db access show {account} · proven on the \
         replica",
        wanted.grants.in_words(),
        lasting(wanted)
    )
}

fn lasting(wanted: &Wanted) -> String {
    let ends = wanted.ends.map(|ends| format!("until {}", moment(ends)));
    ends.unwrap_or_else(|| "without an end".to_owned())
}

/// News for the rooms of a database.
pub(super) fn news(database: &Database, key: &str, line: String) -> Announcement {
    Announcement {
        key: format!("access/{key}"),
        rooms: database.rooms.clone(),
        line: Line::new(line),
    }
}

/// `alice, signed by bob`.
pub(crate) fn by(run: &Run<'_>) -> String {
    let requester = &run.plan().requester;
    match run.operation.signers.as_slice() {
        [] => requester.to_string(),
        signers => format!("{requester}, signed by {}", list(signers)),
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::access::Kind;
    use countersign_core::time::from_millis;

    use super::*;
    use crate::classes::tests::table;
    use crate::intended::Intended;

    #[test]
    fn the_end_of_a_grant_is_one_short_line() {
        let wanted = Wanted {
            account: "cs_dave".parse().unwrap(),
            kind: Kind::Person,
            owner: "dave".into(),
            ends: Some(from_millis(0)),
            latest_end: None,
            only: None,
            grants: Intended {
                whole: ["job", "push"].map(table).into(),
                ..Intended::default()
            },
        };
        let words = offered(&wanted, "K7QM2X");
        assert_eq!(
            words,
            "done · cs_dave may read 2 tables until 1970-01-01 00:00 UTC, from when dave opens link K7QM2X · !db access show \
             cs_dave · proven on the replica"
        );
        assert!(words.len() < 200);
    }
}
