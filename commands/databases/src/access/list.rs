//! `db access list`: the accounts that have not ended, whose they are, and when they end.

use countersign_core::access::{Access, Kind, State};
use countersign_core::command::{Ask, Outcome};
use countersign_core::id::TargetName;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply};
use countersign_core::store::AccessesWhere;
use countersign_core::text::{ago, span};
use countersign_core::time::{Timestamp, between};

use crate::databases::Databases;
use crate::db::may_look;
use crate::words::until;

/// The answer.
pub(crate) async fn reply(
    databases: &Databases,
    ask: &Ask<'_>,
    typed: Option<&str>,
) -> Result<Outcome, Refusal> {
    let database = typed.map(|typed| databases.get(typed)).transpose()?;
    let target = database.map(|database| database.target.clone());
    let open = ask
        .store
        .accesses(AccessesWhere::Open { database: target })
        .await?;
    let reply = open
        .iter()
        .filter(|access| is_shown(access, |target| may_look(ask, target).is_ok()))
        .map(|access| line(access, ask.now))
        .fold(Reply::default(), Reply::and);
    Ok(Outcome::Reply(if reply.blocks.is_empty() {
        Reply::line(format!(
            "nobody has an account of mine on {}.",
            database.map_or("any database", |database| database.target.as_str())
        ))
    } else {
        reply
    }))
}

/// Whether somebody sees it here. What the bot makes for itself is nobody's.
fn is_shown(access: &Access, may_look: impl Fn(&TargetName) -> bool) -> bool {
    access.kind != Kind::Twin && may_look(&access.database)
}

/// `cs_dave on prod-db: dave's, live, until 2026-12-22 14:05 UTC (in 30 d)  [K7QM2X]`.
fn line(access: &Access, now: Timestamp) -> Line {
    let line = Line::default().code(access.account.clone()).then(format!(
        " on {}: {}, {}",
        access.database,
        whose(access),
        state(access, now)
    ));
    let line = match (&access.ends, access.state.why()) {
        (Some(_), None) => line.then(format!(", {}", until(access.ends, now))),
        (None, None) if access.kind != Kind::Stray => line.then(", without an end"),
        _ => line,
    };
    line.then(format!("  [{}]", access.id))
}

/// `dave's`, `a program's (carol's)`.
pub(super) fn whose(access: &Access) -> String {
    match (&access.owner, access.kind) {
        (Some(owner), Kind::Service) => format!("a program's ({owner} looks after it)"),
        (Some(owner), _) => format!("{owner}'s"),
        (None, Kind::Stray) => "found without a record".to_owned(),
        (None, _) => "nobody's".to_owned(),
    }
}

/// What has become of it, in words.
pub(super) fn state(access: &Access, now: Timestamp) -> String {
    match &access.state {
        State::Preparing => "being made".to_owned(),
        State::Offered { link } => format!("locked until link {link} is opened"),
        State::Opened { .. } => "being unlocked".to_owned(),
        State::Live { since } => format!("usable for {}", span(between(*since, now))),
        State::Ending { since, .. } => format!("ending for {}", span(between(*since, now))),
        State::Ended { at, .. } => format!("ended {}", ago(*at, now)),
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::access::NewAccess;
    use countersign_core::reply::plain_line;
    use countersign_core::time::from_millis;

    use super::*;

    const DAY: i64 = 86_400_000;

    fn access(kind: Kind, ends: Option<i64>) -> Access {
        let owner = matches!(kind, Kind::Person | Kind::Service).then(|| "dave".into());
        Access::found(NewAccess {
            id: "K7QM2X".into(),
            database: "prod-db".into(),
            account: "cs_dave".to_owned(),
            kind,
            owner,
            requester: None,
            request: None,
            operation: None,
            asked_in: None,
            tables: None,
            made: from_millis(0),
            ends: ends.map(|days| from_millis(days * DAY)),
            latest_end: None,
            remind_at: None,
        })
    }

    fn said(access: &Access) -> String {
        plain_line(&line(access, from_millis(2 * DAY)))
    }

    #[test]
    fn an_account_is_listed_for_those_who_may_look_at_its_database() {
        let (persons, twin) = (access(Kind::Person, Some(32)), access(Kind::Twin, None));
        assert!(is_shown(&persons, |target| target.as_str() == "prod-db"));
        assert!(!is_shown(&persons, |target| target.as_str() == "stage-db"));
        assert!(!is_shown(&twin, |_| true));
    }

    #[test]
    fn an_account_is_told_with_its_owner_its_state_and_its_end() {
        assert_eq!(
            said(&access(Kind::Person, Some(32))),
            "cs_dave on prod-db: dave's, usable for 2 d, until 1970-02-02 00:00 UTC (in 30 d)  [K7QM2X]"
        );
        assert_eq!(
            said(&access(Kind::Service, None)),
            "cs_dave on prod-db: a program's (dave looks after it), usable for 2 d, without an end  [K7QM2X]"
        );
        assert_eq!(
            said(&access(Kind::Stray, None)),
            "cs_dave on prod-db: found without a record, usable for 2 d  [K7QM2X]"
        );
        let ending = access(Kind::Person, Some(32))
            .to_end(countersign_core::access::Why::Expired, from_millis(DAY))
            .unwrap();
        assert_eq!(
            said(&ending),
            "cs_dave on prod-db: dave's, ending for 1 d  [K7QM2X]"
        );
    }
}
