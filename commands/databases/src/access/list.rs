//! `db access list`: the accounts that have not ended, whose they are, and when they end.

use countersign_core::access::{Access, Kind, State};
use countersign_core::command::{Ask, Outcome};
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply};
use countersign_core::store::AccessesWhere;
use countersign_core::text::ago;
use countersign_core::time::Timestamp;

use crate::databases::Databases;
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
    // What the bot makes for itself is nobody's.
    let lines = open.iter().filter(|access| access.kind != Kind::Twin);
    let reply = lines
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
        State::Live { since } => format!("usable since {}", ago(*since, now)),
        State::Ending { since, .. } => format!("ending since {}", ago(*since, now)),
        State::Ended { at, .. } => format!("ended {}", ago(*at, now)),
    }
}
