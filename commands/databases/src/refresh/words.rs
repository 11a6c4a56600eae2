//! What people read of a refresh: what is given to whom, what is taken from whom and why, and what is left as it is. Pure.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::plan::Detail;
use countersign_core::reply::Reply;
use countersign_core::text::{count, list};
use countersign_mysql::{Account, Schema, Table};

use super::look::{Look, Reader, table_of};
use crate::databases::Database;
use crate::intended::{Change, OnOne, Taken, beyond_mending};
use crate::words::{group, some};

/// Names in one line.
const NAMES: usize = 6;

/// There is nothing to mend; what is not mine to mend is said all the same.
pub(super) fn nothing(database: &Database, look: &Look) -> Reply {
    let readers = count(look.readers.len(), "read-only account");
    let verb = if look.readers.len() == 1 { "holds" } else { "hold" };
    let line = format!(
        "{}: nothing to mend: {readers} {verb} exactly what {} should; that is {} for all who were not given less.",
        database.target,
        if look.readers.len() == 1 { "it" } else { "they" },
        look.sorted.intended.in_words()
    );
    let mut reply = Reply::line(line);
    for note in notes(database, look) {
        for line in note.lines {
            reply = reply.detail(note.label.clone(), line);
        }
    }
    reply
}

/// The plan in words.
pub(super) fn details(database: &Database, look: &Look) -> Vec<Detail> {
    let mut details = Vec::new();
    let given = given(look, &database.schema);
    if !given.is_empty() {
        details.push(group("give", given));
    }
    let taken = taken(look);
    if !taken.is_empty() {
        details.push(group("take", taken));
    }
    details.extend(notes(database, look));
    details
}

fn names(accounts: &[&Account]) -> String {
    let names: Vec<&str> = accounts.iter().map(|account| account.user.as_str()).collect();
    if names.len() > NAMES {
        format!("{} accounts ({})", names.len(), some(&names, NAMES))
    } else {
        list(names)
    }
}

fn tables(tables: &BTreeSet<String>) -> String {
    let all: Vec<&String> = tables.iter().collect();
    if all.len() > NAMES {
        format!("{} tables ({})", all.len(), some(&all, NAMES))
    } else {
        list(all)
    }
}

/// `3 tables (a, b, c) to activedata, redash`: those with the same tables in one line. What is only given back after it was
/// taken with something else is no news.
fn given(look: &Look, schema: &Schema) -> Vec<String> {
    let mut lines: BTreeMap<BTreeSet<String>, Vec<&Account>> = BTreeMap::new();
    for reader in &look.readers {
        let given = new_tables(reader, schema);
        if !given.is_empty() {
            lines.entry(given).or_default().push(&reader.account);
        }
    }
    let line =
        |(given, to): (BTreeSet<String>, Vec<&Account>)| format!("{} to {}", tables(&given), names(&to));
    lines.into_iter().map(line).collect()
}

fn new_tables(reader: &Reader, schema: &Schema) -> BTreeSet<String> {
    let held = |table: &Table| {
        let on = reader.held.tables.get(&(schema.clone(), table.clone()));
        on.is_some_and(|on| on.whole.contains("SELECT") || !on.columns.is_empty())
    };
    let given = reader.changes.iter().filter_map(|change| match change {
        Change::On(_, _, OnOne::Give) => {
            let table = table_of(change, schema).filter(|table| !held(table))?;
            Some(table.to_string())
        }
        Change::On(_, _, OnOne::GiveColumns(columns)) => {
            let table = table_of(change, schema).filter(|table| !held(table))?;
            Some(format!("{table} ({})", list(columns)))
        }
        _ => None,
    });
    given.collect()
}

/// `all of auth_user instead of some columns from activedata, redash`.
fn taken(look: &Look) -> Vec<String> {
    let mut lines: BTreeMap<Taken, Vec<&Account>> = BTreeMap::new();
    for reader in &look.readers {
        for taken in Taken::of(&reader.held, &reader.changes, &reader.intended) {
            lines.entry(taken).or_default().push(&reader.account);
        }
    }
    let line = |(taken, from): (Taken, Vec<&Account>)| format!("{} from {}", taken.0, names(&from));
    lines.into_iter().map(line).collect()
}

/// What is left as it is.
fn notes(database: &Database, look: &Look) -> Vec<Detail> {
    let mut notes = Vec::new();
    let unclassified = &look.sorted.unclassified;
    if !unclassified.is_empty() {
        let words = format!(
            "{}: nobody classified them, so nobody gets them; whoever runs the bot adds them to `read` or `never`",
            some(unclassified, NAMES)
        );
        notes.push(group("new", vec![words]));
    }
    if !look.sorted.missing.is_empty() {
        let words = format!("{} are configured, and are not there", list(&look.sorted.missing));
        notes.push(group("columns", vec![words]));
    }
    if !look.absent.is_empty() {
        let absent: Vec<&str> = look.absent.iter().map(|account| account.user.as_str()).collect();
        let words = format!("{} not at {}", some(&absent, NAMES), database.target);
        notes.push(group("absent", vec![words]));
    }
    let beyond: Vec<String> = look
        .readers
        .iter()
        .filter(|reader| !beyond_mending(&reader.held).is_empty())
        .map(|reader| {
            format!(
                "{} holds {}",
                reader.account.user,
                list(beyond_mending(&reader.held))
            )
        })
        .collect();
    if !beyond.is_empty() {
        let mut lines = beyond;
        lines.push("those are not mine to take: somebody with the rights does it by hand".to_owned());
        notes.push(group("beyond", lines));
    }
    notes
}
