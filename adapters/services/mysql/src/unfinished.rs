//! What this account has asked a server for, is not done there, and is waited for by nobody any more: a statement that did
//! not come to its end in time goes on, and may do its work minutes later. A server whose disk is full does just that: it
//! waits until somebody has made room, and looks for it once a minute.
//!
//! Such a statement is left alone. To end it would be worse: what waits for room in the binary log is told that its write
//! has failed, and then MySQL ends itself, and MariaDB has done what its replicas never hear of.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::timeout;

use crate::{
    codes::quotable,
    error::{Error, Kind, Result},
    flavour::Flavour,
    pool::Lease,
    rows::{Cells, Rows},
    server::Server,
    wire::Wire,
};

/// What a statement waits for that does not come to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waits {
    /// For room on the server's disk: it says so itself.
    Room,
    /// For a lock that somebody else holds.
    Lock,
    /// The server does not say. What it calls that, if it calls it anything: `waiting for handler commit`.
    For(Option<String>),
}

/// How long it may take to find out what a statement waits for.
const LOOK: Duration = Duration::from_secs(5);

/// How statements begin that change accounts.
const CHANGES: [&str; 6] = [
    "CREATE USER",
    "ALTER USER",
    "DROP USER",
    "GRANT",
    "REVOKE",
    "SET PASSWORD",
];

/// What is going on at a server.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct GoingOn {
    /// What changes of this account's wait for that nobody waits for any more.
    pub(crate) unfinished: Option<Waits>,
    /// Somebody waits for room on the disk, whoever it is: whoever changes something now waits too, and on MySQL whoever logs
    /// in waits for them.
    pub(crate) is_full: bool,
}

impl Server {
    /// Whether the server is still at a change of accounts that this account has asked for and that nobody waits for any
    /// more, whichever process asked. If so what becomes of it is open; if not, what is read after this is how it ended.
    pub async fn unfinished(&self) -> Result<Option<Waits>> {
        let mut lease = self.lease().await?;
        let found = self.going_on(&mut lease).await?;
        lease.give_back();
        Ok(found.unfinished)
    }

    pub(crate) async fn going_on(&self, lease: &mut Lease) -> Result<GoingOn> {
        let in_use = lease.in_use();
        going_on(&mut lease.wire, self.user().as_str(), &in_use).await
    }

    /// Adds to the error of a change that was not answered in time what it waits for.
    pub(crate) async fn explained(&self, error: Error) -> Error {
        if error.kind() != Kind::TimedOut {
            return error;
        }
        match timeout(LOOK, self.unfinished()).await {
            Ok(Ok(None)) => error,
            Ok(Ok(Some(waits))) => error.with_waits(waits),
            // It answers nobody.
            Ok(Err(_)) | Err(_) => error.with_waits(Waits::For(None)),
        }
    }
}

/// Somebody's session.
struct Seen {
    state: String,
    /// For how long it has been at it.
    seconds: u64,
    is_unfinished: bool,
}

async fn going_on(wire: &mut Wire, user: &str, in_use: &BTreeSet<u32>) -> Result<GoingOn> {
    let mut all = Vec::new();
    let each = wire.each("SHOW FULL PROCESSLIST", |row| {
        let state = row.named("State").unwrap_or_default();
        let is_unfinished = is_unfinished(&row, user, in_use)?;
        if is_unfinished || may_wait_for_room(&state) {
            let seconds = row.named("Time").and_then(|time| time.parse().ok()).unwrap_or(0);
            all.push(Seen {
                state,
                seconds,
                is_unfinished,
            });
        }
        Ok(())
    });
    each.await?;
    let is_full = waits_for_room(wire, &all).await;
    let unfinished: Vec<&str> = all
        .iter()
        .filter(|seen| seen.is_unfinished)
        .map(|seen| seen.state.as_str())
        .collect();
    Ok(GoingOn {
        unfinished: waits(&unfinished, is_full),
        is_full,
    })
}

fn waits(states: &[&str], is_full: bool) -> Option<Waits> {
    let state = states
        .iter()
        .find(|state| !is_of_a_lock(state))
        .or(states.first())?;
    Some(if is_full {
        Waits::Room
    } else if is_of_a_lock(state) {
        Waits::Lock
    } else {
        Waits::For(Some(quotable(state)).filter(|state| !state.is_empty()))
    })
}

fn is_unfinished(row: &Cells, user: &str, in_use: &BTreeSet<u32>) -> Result<bool> {
    let id = row.text(0)?.parse().map_err(|_| crate::rows::nonsense())?;
    let is_ours = row.named("User").is_some_and(|name| name == user) && !in_use.contains(&id);
    Ok(is_ours && row.named("Info").is_some_and(|sql| is_change(&sql)))
}

/// Whether it is a statement that changes accounts.
fn is_change(sql: &str) -> bool {
    let begins = |word: &str| {
        let start = sql.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    CHANGES.into_iter().any(begins)
}

/// `Waiting for table metadata lock`, and its like.
fn is_of_a_lock(state: &str) -> bool {
    state.starts_with("Waiting for") && state.ends_with("lock")
}

/// MariaDB's word for it, and MySQL's where it copies from another server.
fn is_of_room(state: &str) -> bool {
    matches!(
        state,
        "Waiting for someone to free space" | "Waiting for disk space"
    )
}

/// MySQL has no word for it where it writes its own binary log; but there it is at the end of a change.
fn may_wait_for_room(state: &str) -> bool {
    is_of_room(state) || state == "waiting for handler commit"
}

/// Every change passes through the state in which it waits, for a moment: one that is in it for so many seconds waits.
const NO_MOMENT: u64 = 2;

/// MySQL says it in its log of errors, anew every ten minutes, which it shows in a table if it was not told otherwise.
async fn waits_for_room(wire: &mut Wire, all: &[Seen]) -> bool {
    if all.iter().any(|seen| is_of_room(&seen.state)) {
        return true;
    }
    let waits = |seen: &Seen| may_wait_for_room(&seen.state) && seen.seconds >= NO_MOMENT;
    if wire.make.flavour != Flavour::MySql || !all.iter().any(waits) {
        return false;
    }
    let sql = "SELECT COUNT(*) FROM performance_schema.error_log \
               WHERE LOGGED > NOW() - INTERVAL 11 MINUTE AND DATA LIKE 'Disk is full%'";
    // Whoever may not read that learns nothing.
    let entries = wire.rows(sql).await.and_then(Rows::one_text);
    entries.is_ok_and(|entries| entries != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_changes_accounts_is_looked_for() {
        for sql in [
            "CREATE USER 'a'@'%'",
            "grant SELECT ON x TO y",
            "SET PASSWORD FOR a = 'b'",
            "DROP USER IF EXISTS a",
        ] {
            assert!(is_change(sql), "{sql}");
        }
        for sql in [
            "SELECT 1",
            "SHOW GRANTS",
            "SET NAMES utf8mb4",
            "CREATE TABLE t (id INT)",
            "ä",
            "",
        ] {
            assert!(!is_change(sql), "{sql}");
        }
    }

    #[test]
    fn a_change_waits_for_what_the_first_of_them_waits_for() {
        let commit = || Waits::For(Some("waiting for handler commit".to_owned()));
        assert_eq!(waits(&[], true), None);
        assert_eq!(waits(&["waiting for handler commit"], false), Some(commit()));
        assert_eq!(waits(&["waiting for handler commit"], true), Some(Waits::Room));
        assert_eq!(waits(&["Waiting for acl cache lock"], false), Some(Waits::Lock));
        let behind = ["Waiting for acl cache lock", "waiting for handler commit"];
        assert_eq!(waits(&behind, false), Some(commit()));
        assert_eq!(waits(&[""], false), Some(Waits::For(None)));
    }

    #[test]
    fn what_waits_for_room_waits_for_no_lock() {
        for state in ["Waiting for someone to free space", "Waiting for disk space"] {
            assert!(is_of_room(state) && !is_of_a_lock(state), "{state}");
        }
    }
}
