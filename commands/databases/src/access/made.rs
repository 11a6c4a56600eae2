//! What a server has made of an account, compared with what it shall be.

use countersign_core::access::Access;
use countersign_core::id::AccessId;
use countersign_core::operation::{Happening, Run, Trouble};
use countersign_core::text::list;
use countersign_core::time::{Duration, between};
use countersign_mysql::{Account, AccountState, Held, Schema, TlsNeeded};

use crate::databases::{Database, Databases, Side};
use crate::intended::{Change, Intended, OnOne, Taken, beyond_mending, changes};
use crate::trouble::{Fault, unstored};
use crate::words::some;

/// Names in one clause.
const NAMES: usize = 5;

/// An account as the primary has it.
#[derive(Debug)]
pub(super) struct Made {
    /// None: there is no such account.
    pub(super) state: Option<AccountState>,
    pub(super) held: Held,
}

impl Made {
    pub(super) async fn of(database: &Database, account: &Account) -> Result<Self, Fault> {
        let reading = |error| database.reading(Side::Primary).failed(error);
        let state = database.primary.account(account).await.map_err(reading)?;
        let mut held = Held::default();
        if state.is_some() {
            let of_it = database.primary.held(std::slice::from_ref(account)).await;
            held = of_it.map_err(reading)?.remove(account).unwrap_or_default();
        }
        Ok(Self { state, held })
    }

    /// What is not as it shall be, each to go on after the account's name. `locked`: as that shall be, if it matters.
    pub(super) fn wrong(&self, shall: &Intended, schema: &Schema, locked: Option<bool>) -> Vec<String> {
        let Some(state) = &self.state else {
            return vec!["is not there".to_owned()];
        };
        let mut wrong = Vec::new();
        match state.tls {
            TlsNeeded::Any => {}
            TlsNeeded::None => wrong.push("may log in without TLS".to_owned()),
            TlsNeeded::X509 | TlsNeeded::Specified => wrong.push("needs a certificate of its own".to_owned()),
        }
        match locked {
            Some(true) if !state.locked => wrong.push("is not locked".to_owned()),
            Some(false) if state.locked => wrong.push("is locked".to_owned()),
            _ => {}
        }
        if state.expired {
            wrong.push("has an expired password".to_owned());
        }
        wrong.extend(grants(&self.held, shall, schema));
        wrong
    }
}

/// What is held too much, and what is lacking.
fn grants(held: &Held, shall: &Intended, schema: &Schema) -> Vec<String> {
    let changes = changes(held, shall, schema);
    let taken = Taken::of(held, &changes, shall);
    let is_taken = |table| changes.contains(&Change::On(schema.clone(), table, OnOne::Take));
    let lacking: Vec<String> = changes
        .iter()
        .filter_map(|change| match change {
            Change::On(_, table, OnOne::Give) if !is_taken(table.clone()) => Some(table.to_string()),
            Change::On(_, table, OnOne::GiveColumns(columns)) if !is_taken(table.clone()) => {
                Some(format!("{} of {table}", list(columns)))
            }
            _ => None,
        })
        .collect();
    let mut wrong = Vec::new();
    if !taken.is_empty() {
        let taken: Vec<String> = taken.into_iter().map(|taken| taken.0).collect();
        wrong.push(format!("holds too much: {}", some(&taken, NAMES)));
    }
    if !lacking.is_empty() {
        wrong.push(format!("lacks {}", some(&lacking, NAMES)));
    }
    let others = beyond_mending(held);
    if !others.is_empty() {
        wrong.push(format!("holds what is not about tables: {}", some(others, NAMES)));
    }
    wrong
}

/// The record of an access as it is now.
pub(super) async fn record(databases: &Databases, id: &AccessId) -> Result<Access, Trouble> {
    let found = databases.store.access(id).await.map_err(unstored)?;
    found.ok_or_else(|| Trouble::never(format!("there is no record of access {id} any more")))
}

/// How long ago a step was begun the last time.
pub(crate) fn since_begun(step: &str, run: &Run<'_>) -> Duration {
    let begun = run
        .journal
        .iter()
        .rev()
        .find(|entry| entry.step == step && entry.happening == Happening::Began);
    begun.map_or(run.in_step(), |entry| between(entry.at, run.now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classes::tests::{column, table};

    fn schema() -> Schema {
        "treeherder".parse().unwrap()
    }

    fn shall() -> Intended {
        Intended {
            whole: ["job", "push"].map(table).into(),
            columns: [(table("auth_user"), ["id", "username"].map(column).into())].into(),
        }
    }

    #[test]
    fn trap_1_the_pages_grant_is_told_as_too_much() {
        let mut held = shall().held(&schema());
        let users = held.tables.get_mut(&(schema(), table("auth_user"))).unwrap();
        users.whole.insert("SELECT".to_owned());
        held.tables.remove(&(schema(), table("push")));
        assert_eq!(
            grants(&held, &shall(), &schema()),
            [
                "holds too much: all of auth_user instead of some columns",
                "lacks push"
            ]
        );
    }

    #[test]
    fn what_was_granted_and_nothing_else_is_right() {
        let none: Vec<String> = Vec::new();
        assert_eq!(grants(&shall().held(&schema()), &shall(), &schema()), none);
        let mut held = shall().held(&schema());
        held.others.push("the role readers".to_owned());
        assert_eq!(
            grants(&held, &shall(), &schema()),
            ["holds what is not about tables: the role readers"]
        );
        let missing = Made {
            state: None,
            held: Held::default(),
        };
        assert_eq!(missing.wrong(&shall(), &schema(), None), ["is not there"]);
    }
}
