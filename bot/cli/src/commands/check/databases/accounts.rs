//! Whether the accounts that the configuration names are there, and the schema with its tables.

use countersign_core::text::{count, list};
use countersign_mysql::{Account, Server, TableKind, TlsNeeded};

use super::words;
use crate::commands::check::finding::Findings;
use crate::config::Database;
use crate::wiring;

/// So many tables are named.
const NAMED: usize = 5;

pub(super) async fn check(database: &Database, server: &Server, findings: &mut Findings) {
    tables(database, server, findings).await;
    for account in &database.accounts {
        one(database, &account.name, server, findings).await;
    }
}

async fn one(database: &Database, name: &str, server: &Server, findings: &mut Findings) {
    let about = format!("{}, {name}", database.name);
    let user = match wiring::user(name) {
        Ok(user) => user,
        Err(error) => return findings.fail(about, format!("{error:#}")),
    };
    let account = Account::anywhere(user.clone());
    let all = match server.accounts_of(&user).await {
        Ok(all) => all,
        Err(error) => return findings.fail(about, words(&error, database)),
    };
    let others = list(all.iter().filter(|other| **other != account));
    if !all.contains(&account) {
        let words = if all.is_empty() {
            format!(
                "there is no such account; make it, or take it out of {}",
                database.name
            )
        } else {
            format!("there is only {others}, and {account} is what the configuration names; make that")
        };
        return findings.fail(about, words);
    }
    if !others.is_empty() {
        findings.warn(
            &about,
            format!("there is {others} too, which comes before {account} for who comes from there; drop it"),
        );
    }
    match server.account(&account).await {
        Ok(Some(state)) if state.tls == TlsNeeded::None => findings.warn(
            about,
            format!("it may log in without TLS, with its password in the clear; ALTER USER '{name}'@'%' REQUIRE SSL"),
        ),
        Ok(Some(state)) if state.locked => findings.warn(about, "it is locked, so nobody can log in with it"),
        Ok(Some(_)) => findings.ok(about, "it is there, and needs TLS"),
        Ok(None) => findings.fail(about, "it has gone this moment"),
        Err(error) => findings.fail(about, words(&error, database)),
    }
}

async fn tables(database: &Database, server: &Server, findings: &mut Findings) {
    let about = format!("{}, {}", database.name, database.schema);
    let (schema, classes) = match (wiring::schema(database), wiring::classes(database)) {
        (Ok(schema), Ok(classes)) => (schema, classes),
        (Err(error), _) | (_, Err(error)) => return findings.fail(about, format!("{error:#}")),
    };
    let tables = match server.tables(&schema).await {
        Ok(tables) => tables,
        Err(error) => return findings.fail(about, words(&error, database)),
    };
    let base = tables.iter().filter(|(_, kind)| *kind == TableKind::Base);
    let base: Vec<_> = base.map(|(table, _)| table).collect();
    if base.is_empty() {
        let words = format!(
            "there is no such schema with tables, or {} may not see them",
            database.user
        );
        return findings.fail(about, words);
    }
    let unclassed: Vec<_> = base
        .iter()
        .filter(|table| wiring::is_unclassed(&classes, table))
        .collect();
    let number = count(base.len(), "table");
    if unclassed.is_empty() {
        findings.ok(about, format!("{number}, each in one of the lists"));
    } else {
        let named = list(unclassed.iter().take(NAMED));
        let more = unclassed.len().saturating_sub(NAMED);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        findings.warn(
            about,
            format!("{number}; {named}{more} in none of the lists, so nobody may read them; add them to read or to never"),
        );
    }
}
