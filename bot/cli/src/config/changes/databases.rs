//! What differs of a database.

use std::collections::BTreeSet;

use countersign_core::text;

use super::{another, became, place, sets, texts};
use crate::config::{Account, Database, Endpoint, Kill, Role};

pub(super) fn differences(before: &Database, after: &Database) -> Vec<String> {
    let app = |database: &Database| database.app.as_ref().map(ToString::to_string).unwrap_or_default();
    let replica = |database: &Database| {
        let replica = database.replica.as_ref();
        replica.map(Endpoint::to_string).unwrap_or_default()
    };
    let rooms = |database: &Database| texts(database.rooms.iter().map(place));
    let accounts = |database: &Database| texts(database.accounts.iter().map(account));
    let found = [
        became("app", app(before), app(after)),
        sets("rooms", &rooms(before), &rooms(after)),
        became("schema", &before.schema, &after.schema),
        // Changes are told in rooms, and where the primary is, is told to nobody.
        (before.primary != after.primary).then(|| "primary: another".to_owned()),
        became("replica", replica(before), replica(after)),
        became("user", &before.user, &after.user),
        another("password", &before.password, &after.password),
        (before.ca.pem() != after.ca.pem()).then(|| "ca: other certificates".to_owned()),
        became("kill", kill(before.kill), kill(after.kill)),
        became("days", before.days, after.days),
        became("max_days", before.max_days, after.max_days),
        became("remind", text::span(before.remind), text::span(after.remind)),
        sets("read", &texts(&before.tables.read), &texts(&after.tables.read)),
        sets("never", &texts(&before.tables.never), &texts(&after.tables.never)),
        sets("columns", &columns(before), &columns(after)),
        sets("accounts", &accounts(before), &accounts(after)),
    ];
    found.into_iter().flatten().collect()
}

fn kill(kill: Kill) -> &'static str {
    match kill {
        Kill::Statement => "statement",
        Kill::Rds => "rds",
    }
}

/// `auth_user.email`.
fn columns(database: &Database) -> BTreeSet<String> {
    let tables = database.tables.columns.iter();
    let columns =
        tables.flat_map(|(table, columns)| columns.iter().map(move |column| format!("{table}.{column}")));
    columns.collect()
}

/// `redash of carol`, `th_admin of prod by DATABASE_URL`.
fn account(account: &Account) -> String {
    match &account.role {
        Role::Service { owner } => format!("{} of {owner}", account.name),
        Role::App { app, var } => format!("{} of {app} by {var}", account.name),
    }
}
