//! What is said at the end of operations, and the news that rooms hear.

use countersign_core::id::AccessId;
use countersign_core::operation::{Announcement, Ended, Run};
use countersign_core::reply::Line;
use countersign_core::text::list;

use super::grant::Wanted;
use super::prove::Proof;
use crate::databases::Database;
use crate::words::moment;

/// A grant that was handed out.
pub(super) fn handed(
    database: &Database,
    wanted: &Wanted,
    access: &AccessId,
    link: &str,
    proof: &Proof,
    run: &Run<'_>,
) -> Ended {
    let Wanted { account, owner, .. } = wanted;
    let grants = wanted.grants.in_words();
    let until = wanted.ends.map_or_else(
        || "without an end".to_owned(),
        |ends| format!("until {}", moment(ends)),
    );
    let line = format!(
        "{}: {owner} gets read-only access as {account} ({grants}) {until}, asked by {}",
        database.target,
        by(run)
    );
    Ended {
        good: true,
        words: format!(
            "done · link {link} went to {owner}; {account} is locked until that is opened, and reads {grants} {until} (its twin \
             {})",
            list(&proof.good)
        ),
        announcement: Some(news(database, &format!("granted/{access}"), line)),
    }
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
pub(super) fn by(run: &Run<'_>) -> String {
    let requester = &run.plan().requester;
    match run.operation.signers.as_slice() {
        [] => requester.to_string(),
        signers => format!("{requester}, signed by {}", list(signers)),
    }
}
