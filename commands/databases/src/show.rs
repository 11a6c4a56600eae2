//! `db show <database>`: how its servers are, how far behind the replica is, the tables by class, the accounts.

use countersign_core::access::Kind;
use countersign_core::command::{Ask, Outcome};
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply};
use countersign_core::store::AccessesWhere;
use countersign_core::text::{count, list, span};
use countersign_mysql::Server;

use crate::access::tables_of;
use crate::databases::{Database, Databases, Role, Side};
use crate::intended::{Sorted, sorted};
use crate::replica::{follows, server};
use crate::trouble::Fault;
use crate::words::{day, relative, some};

/// Names in one line.
const NAMES: usize = 12;

/// The answer. A server that does not answer is one line of it.
pub(crate) async fn reply(
    _databases: &Databases,
    database: &Database,
    ask: &Ask<'_>,
) -> Result<Outcome, Refusal> {
    let mut reply = Reply::line(Line::default().strong(database.target.to_string()).then(format!(
        ": {}{}",
        database.schema,
        database
            .app
            .as_ref()
            .map(|app| format!(" of {app}"))
            .unwrap_or_default()
    )));
    let (primary, replica, tables) = futures_util::future::join3(
        side(database, Side::Primary, &database.primary),
        behind(database),
        tables(database),
    )
    .await;
    reply = reply.detail("primary", told(primary));
    reply = match &database.replica_address {
        Some((host, port)) => reply
            .detail("replica", format!("{host}:{port}"))
            .detail("", told(replica)),
        None => reply.detail("replica", "none; nobody is given access"),
    };
    reply = match tables {
        Ok(lines) => lines
            .into_iter()
            .fold(reply, |reply, (label, line)| reply.detail(label, line)),
        Err(fault) => reply.detail("tables", fault.words().to_owned()),
    };
    let open = AccessesWhere::Open {
        database: Some(database.target.clone()),
    };
    let open = ask.store.accesses(open).await?;
    let given = open.iter().filter(|access| access.kind != Kind::Twin).count();
    let listed = ask.type_(&format!("db access list --db {}", database.target));
    reply = reply.detail(
        "accounts",
        format!("{} given ({listed})", count(given, "account")),
    );
    for known in &database.accounts {
        reply = reply.detail("", format!("{}: {}", known.name, role(&known.role)));
    }
    if let Some(expires) = database.ca_expires {
        let words = format!(
            "the last of its authorities ends {} ({})",
            day(expires),
            relative(expires, ask.now)
        );
        reply = reply.detail("CA", words);
    }
    Ok(Outcome::Reply(reply))
}

fn role(role: &Role) -> String {
    match role {
        Role::Service { owner } => format!("a program's, {owner} looks after it"),
        Role::App { app, var } => format!("{app} works with it ({var})"),
    }
}

fn told(words: Result<String, Fault>) -> String {
    words.unwrap_or_else(|fault| fault.words().to_owned())
}

/// `MySQL 8.0.36 (server 1), TLSv1.3`.
async fn side(database: &Database, side: Side, at: &Server) -> Result<String, Fault> {
    let about = database.about(side, at).await?;
    let writes = if about.read_only { ", read-only" } else { "" };
    Ok(format!("{}{writes}, {}", server(&about), about.tls_version))
}

/// The same of the replica, and how far behind it is.
async fn behind(database: &Database) -> Result<String, Fault> {
    let Some(replica) = &database.replica else {
        return Ok(String::new());
    };
    let words = side(database, Side::Replica, replica).await?;
    let replication = replica.replication().await;
    let replication = replication.map_err(|error| database.reading(Side::Replica).failed(error))?;
    let Some(replication) = replication else {
        return Ok(format!("{words}; it follows no other server"));
    };
    Ok(
        match (
            follows(database.target.as_str(), &replication),
            replication.behind,
        ) {
            (Ok(()), Some(behind)) => format!("{words}, {} behind", span(behind)),
            (Ok(()), None) => words,
            (Err(fault), _) => format!("{words}; {}", fault.words()),
        },
    )
}

/// The tables by class.
async fn tables(database: &Database) -> Result<Vec<(&'static str, String)>, Fault> {
    let present = tables_of(database).await?;
    let Sorted {
        intended,
        never,
        unclassified,
        views,
        missing,
    } = sorted(&present, &database.classes, None);
    let mut lines = vec![("may be read", intended.in_words())];
    for (table, columns) in &intended.columns {
        lines.push(("", format!("of {table} only {}", list(columns))));
    }
    lines.push((
        "not",
        format!(
            "{} by the configuration, {}",
            count(never.len(), "table"),
            count(views.len(), "view")
        ),
    ));
    if !unclassified.is_empty() {
        lines.push(("", format!("nobody classified {}", some(&unclassified, NAMES))));
    }
    if !missing.is_empty() {
        lines.push(("", format!("not there: {}", list(&missing))));
    }
    Ok(lines)
}
