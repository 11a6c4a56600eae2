//! From what an account holds to what it shall hold. What is too much is taken first; on each table a `REVOKE SELECT`
//! comes before the grant of columns, because it takes the columns' grants with it (trap 1).

use std::collections::{BTreeMap, BTreeSet};

use countersign_mysql::{Account, Column, Held, OnTable, Schema, Statement, Table};
use serde::{Deserialize, Serialize};

use super::{Intended, SELECT};

/// Accounts in one statement.
const TOGETHER: usize = 200;

/// One change of what an account holds. The order is the order in which they are made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// Rights on everything are taken.
    TakeGlobal(BTreeSet<String>),
    /// Rights on a schema are taken.
    TakeSchema(Schema, BTreeSet<String>),
    /// Something on a table.
    On(Schema, Table, OnOne),
}

/// A change of what an account holds on a table. The order is the order in which they are made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OnOne {
    /// Rights that are not reading are taken, on the table and on all its columns.
    TakeOther(BTreeSet<String>),
    /// `SELECT` is taken, on the table and on all its columns.
    Take,
    /// `SELECT` is given on the table.
    Give,
    /// `SELECT` is given on these columns.
    GiveColumns(BTreeSet<Column>),
}

/// What an account holds too much, in words for a plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Taken(pub(crate) String);

impl Taken {
    /// What these changes take, without what they give back at once.
    pub(crate) fn of(held: &Held, changes: &[Change], intended: &Intended) -> Vec<Self> {
        let words = changes.iter().filter_map(|change| match change {
            Change::TakeGlobal(rights) => Some(format!("{} on everything", joined(rights))),
            Change::TakeSchema(schema, rights) => Some(format!("{} on all of {schema}", joined(rights))),
            Change::On(_, table, OnOne::TakeOther(rights)) => Some(format!("{} on {table}", joined(rights))),
            Change::On(schema, table, OnOne::Take) => {
                let on = held.tables.get(&(schema.clone(), table.clone()));
                Some(match (on, intended.columns.get(table)) {
                    (Some(on), Some(_)) if on.whole.contains(SELECT) => {
                        format!("all of {table} instead of some columns")
                    }
                    (Some(_), Some(_)) => format!("more columns of {table} than it shall"),
                    _ if intended.whole.contains(table) => return None,
                    _ => table.to_string(),
                })
            }
            Change::On(..) => None,
        });
        words.map(Self).collect()
    }
}

fn joined(rights: &BTreeSet<String>) -> String {
    rights.iter().cloned().collect::<Vec<_>>().join(", ")
}

/// The changes that make what is held what is intended.
pub(crate) fn changes(held: &Held, intended: &Intended, schema: &Schema) -> Vec<Change> {
    let mut changes = BTreeSet::new();
    if !held.global.is_empty() {
        changes.insert(Change::TakeGlobal(held.global.clone()));
    }
    for (schema, rights) in held.schemas.iter().filter(|(_, rights)| !rights.is_empty()) {
        changes.insert(Change::TakeSchema(schema.clone(), rights.clone()));
    }
    for (place, on) in &held.tables {
        let (whole, columns) = if &place.0 == schema {
            (intended.whole.contains(&place.1), intended.columns.get(&place.1))
        } else {
            (false, None)
        };
        let made = on_table(on, whole, columns);
        changes.extend(
            made.into_iter()
                .map(|one| Change::On(place.0.clone(), place.1.clone(), one)),
        );
    }
    let open = |table: &&Table| !held.tables.contains_key(&(schema.clone(), (*table).clone()));
    for table in intended.whole.iter().filter(open) {
        changes.insert(Change::On(schema.clone(), table.clone(), OnOne::Give));
    }
    for table in intended.columns.keys().filter(open) {
        let columns = intended.columns[table].clone();
        changes.insert(Change::On(
            schema.clone(),
            table.clone(),
            OnOne::GiveColumns(columns),
        ));
    }
    changes.into_iter().collect()
}

fn on_table(on: &OnTable, whole: bool, columns: Option<&BTreeSet<Column>>) -> Vec<OnOne> {
    let has_whole = on.whole.contains(SELECT);
    let has: BTreeSet<Column> = on
        .columns
        .iter()
        .filter(|(_, rights)| rights.contains(SELECT))
        .map(|(column, _)| column.clone())
        .collect();
    let other = not_reading(on);
    let mut made: Vec<OnOne> = (!other.is_empty())
        .then_some(OnOne::TakeOther(other))
        .into_iter()
        .collect();
    made.extend(match columns {
        _ if whole => match (has_whole, has.is_empty()) {
            (true, true) => Vec::new(),
            (false, true) => vec![OnOne::Give],
            (_, false) => vec![OnOne::Take, OnOne::Give],
        },
        Some(wanted) if has_whole || !has.is_subset(wanted) => {
            vec![OnOne::Take, OnOne::GiveColumns(wanted.clone())]
        }
        Some(wanted) => {
            let lacking: BTreeSet<Column> = wanted.difference(&has).cloned().collect();
            let gives = (!lacking.is_empty()).then_some(OnOne::GiveColumns(lacking));
            gives.into_iter().collect()
        }
        None if has_whole || !has.is_empty() => vec![OnOne::Take],
        None => Vec::new(),
    });
    made
}

/// The rights on a table and its columns that are not reading.
fn not_reading(on: &OnTable) -> BTreeSet<String> {
    let all = std::iter::once(&on.whole).chain(on.columns.values()).flatten();
    all.filter(|right| *right != SELECT).cloned().collect()
}

/// What it holds that these statements can't take: roles, routines.
pub(crate) fn beyond_mending(held: &Held) -> &[String] {
    &held.others
}

/// The changes of many accounts as statements: what is the same for several is one statement.
pub(crate) fn statements(wanted: impl IntoIterator<Item = (Account, Vec<Change>)>) -> Vec<Statement> {
    let mut grouped: BTreeMap<Change, Vec<Account>> = BTreeMap::new();
    for (account, changes) in wanted {
        for change in changes {
            grouped.entry(change).or_default().push(account.clone());
        }
    }
    let mut statements = Vec::new();
    for (change, accounts) in grouped {
        statements.extend(
            accounts
                .chunks(TOGETHER)
                .map(|some| statement(&change, some.to_vec())),
        );
    }
    statements
}

fn statement(change: &Change, accounts: Vec<Account>) -> Statement {
    match change.clone() {
        Change::TakeGlobal(rights) => Statement::RevokeGlobal {
            privileges: rights,
            from: accounts,
        },
        Change::TakeSchema(schema, rights) => Statement::RevokeSchema {
            schema,
            privileges: rights,
            from: accounts,
        },
        Change::On(schema, table, OnOne::TakeOther(privileges)) => Statement::RevokeOnTable {
            schema,
            table,
            privileges,
            from: accounts,
        },
        Change::On(schema, table, OnOne::Take) => Statement::RevokeTables {
            schema,
            table,
            from: accounts,
        },
        Change::On(schema, table, OnOne::Give) => Statement::GrantTables {
            schema,
            table,
            to: accounts,
        },
        Change::On(schema, table, OnOne::GiveColumns(columns)) => Statement::GrantColumns {
            schema,
            table,
            columns: columns.into_iter().collect(),
            to: accounts,
        },
    }
}

#[cfg(test)]
mod tests;
