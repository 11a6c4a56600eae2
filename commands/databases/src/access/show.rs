//! `db access show`: what is known of one account, from its record and from the server.

use countersign_core::access::{Access, Why};
use countersign_core::command::{Ask, Outcome, decide};
use countersign_core::id::CommandPath;
use countersign_core::plan::Effect;
use countersign_core::policy::Decision;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply};
use countersign_core::text::list;
use countersign_mysql::{Table, UserName};

use super::find::{Found, find};
use super::list::{state, whose};
use super::made::Made;
use super::seen::tables_of;
use crate::args::Which;
use crate::databases::{Databases, anywhere};
use crate::db::may_look;
use crate::intended::{Intended, sorted};
use crate::trouble::Fault;
use crate::words::{moment, until};

/// The answer.
pub(crate) async fn reply(databases: &Databases, ask: &Ask<'_>, which: &Which) -> Result<Outcome, Refusal> {
    let found = find(databases, ask, which).await?;
    may_look(ask, &found.database.target)?;
    let mut reply = match &found.record {
        Some(access) => recorded(access, ask),
        None => Reply::line(format!(
            "{} on {}: it was there before me, and I keep no record of it",
            found.account, found.database.target
        )),
    };
    let is_over = found
        .record
        .as_ref()
        .is_some_and(|access| access.state.is_final());
    if !is_over {
        let target = &found.database.target;
        let refresh = CommandPath::from("db access refresh");
        let may_mend = matches!(
            decide(ask, &refresh, Some(Effect::Change), Some(target)),
            Decision::Allowed(_)
        );
        let mend = may_mend.then(|| ask.type_(&format!("{refresh} {target}")));
        let there = match at_the_server(&found, mend).await {
            Ok(words) => words,
            Err(fault) => fault.words().to_owned(),
        };
        reply = reply.detail("there", there);
    }
    Ok(Outcome::Reply(reply))
}

fn recorded(access: &Access, ask: &Ask<'_>) -> Reply {
    let line = Line::default().code(access.account.clone()).then(format!(
        " on {}: {}, {}  [{}]",
        access.database,
        whose(access),
        state(access, ask.now),
        access.id
    ));
    let mut reply = Reply::line(line);
    if let Some(why) = access.state.why() {
        reply = reply.detail("why", reason(why));
    } else {
        reply = reply.detail("lasts", until(access.ends, ask.now));
    }
    if let (Some(latest), None) = (access.latest_end, access.state.why()) {
        reply = reply.detail("renewed", format!("to {} at the latest", moment(latest)));
    }
    if let Some(tables) = &access.tables {
        reply = reply.detail("only", list(tables));
    }
    if let (Some(requester), Some(request)) = (&access.requester, &access.request) {
        reply = reply.detail(
            "asked",
            format!("by {requester} ({request}), {}", moment(access.made)),
        );
    }
    if let Some(trouble) = &access.trouble {
        reply = reply.detail("waits", trouble.words.clone());
    }
    if access.password.is_some() {
        reply = reply.detail("password", "a new one waits to be set");
    }
    reply
}

fn reason(why: &Why) -> String {
    match why {
        Why::Expired => "its time was over".to_owned(),
        Why::Revoked { by } => format!("{by} took it away"),
        Why::Unopened => "nobody opened its link in time".to_owned(),
        Why::Burned => "its link was burned before anybody opened it".to_owned(),
        Why::Failed => "making it came to nothing".to_owned(),
        Why::Done => "it has served".to_owned(),
        Why::Gone => "it was not at the server any more".to_owned(),
    }
}

/// `reads 42 tables; as the configuration says`.
async fn at_the_server(found: &Found<'_>, mend: Option<String>) -> Result<String, Fault> {
    let database = found.database;
    let user = UserName::try_from(found.account.clone());
    let user = user.map_err(|error| Fault::for_good(error.to_string()))?;
    let made = Made::of(database, &anywhere(&user)).await?;
    if made.state.is_none() {
        return Ok("no such account".to_owned());
    }
    let present = tables_of(database).await?;
    let only: Option<Vec<Table>> = found
        .record
        .as_ref()
        .and_then(|access| access.tables.as_ref())
        .map(|tables| tables.iter().filter_map(|table| table.parse().ok()).collect());
    let shall = sorted(&present, &database.classes, only.as_deref()).intended;
    let reads = Intended::of_held(&made.held, &database.schema, &present).in_words();
    let wrong = made.wrong(&shall, &database.schema, None);
    Ok(match wrong.as_slice() {
        [] => format!("reads {reads}, as the configuration says"),
        wrong => {
            let mend = mend
                .map(|mend| format!(". {mend} mends grants"))
                .unwrap_or_default();
            format!("reads {reads}; {}{mend}", list(wrong))
        }
    })
}
