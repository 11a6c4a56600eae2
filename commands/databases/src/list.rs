//! `db list`: the databases, from the configuration alone. The primary's address is said to nobody.

use countersign_core::command::Ask;
use countersign_core::reply::{Line, Reply};
use countersign_core::text::list;

use crate::databases::{Database, Databases};
use crate::words::relative;

/// The answer.
pub(crate) fn reply(databases: &Databases, ask: &Ask<'_>) -> Reply {
    let reply = databases
        .iter()
        .map(|database| line(database, ask))
        .fold(Reply::default(), Reply::and);
    if reply.blocks.is_empty() {
        return Reply::line("no databases are configured.");
    }
    reply
}

/// `prod-db: treeherder of prod · read at treeherder-prod-ro…:3306 · activedata, th_admin · CA ends in 3 d`.
fn line(database: &Database, ask: &Ask<'_>) -> Line {
    let mut parts = vec![match &database.app {
        Some(app) => format!("{} of {app}", database.schema),
        None => database.schema.to_string(),
    }];
    parts.push(match &database.replica_address {
        Some((host, port)) => format!("read at {host}:{port}"),
        None => "no replica, nobody is given access".to_owned(),
    });
    if !database.accounts.is_empty() {
        parts.push(list(database.accounts.iter().map(|known| &known.name)));
    }
    if let Some(expires) = database.ca_expires {
        parts.push(format!("CA ends {}", relative(expires, ask.now)));
    }
    Line::default()
        .strong(database.target.to_string())
        .then(format!(": {}", parts.join(" · ")))
}
