//! What an account shall hold, what it holds, and the statements between the two. Pure: tables, classes and grants come
//! in, statements come out.

mod change;
mod sorted;

pub(crate) use change::{Change, OnOne, Taken, beyond_mending, changes, statements};
pub(crate) use sorted::{Present, Sorted, named, sorted};

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::text::count;
use countersign_mysql::{Account, Column, Held, Schema, Statement, Table};
use serde::{Deserialize, Serialize};

/// The only right that is ever given.
pub(crate) const SELECT: &str = "SELECT";

/// What an account shall hold: `SELECT` on these tables of one schema, and nothing else anywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Intended {
    /// All of these.
    pub(crate) whole: BTreeSet<Table>,
    /// Of these only these columns.
    pub(crate) columns: BTreeMap<Table, BTreeSet<Column>>,
}

impl Intended {
    /// Whether it is nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.whole.is_empty() && self.columns.is_empty()
    }

    /// `42 tables and 3 columns of auth_user`.
    pub(crate) fn in_words(&self) -> String {
        let whole = (!self.whole.is_empty()).then(|| count(self.whole.len(), "table"));
        let columns = self
            .columns
            .iter()
            .map(|(table, columns)| format!("{} of {table}", count(columns.len(), "column")));
        let mut words: Vec<String> = whole.into_iter().chain(columns).collect();
        match words.pop() {
            None => "nothing".to_owned(),
            Some(last) if words.is_empty() => last,
            Some(last) => format!("{} and {last}", words.join(", ")),
        }
    }

    /// The grants that make it so for accounts that hold nothing.
    pub(crate) fn grants(&self, schema: &Schema, to: &[Account]) -> Vec<Statement> {
        let gives = changes(&Held::default(), self, schema);
        statements(to.iter().map(|account| (account.clone(), gives.clone())))
    }

    /// What an account can read of the schema's tables by what it holds, at whatever level.
    pub(crate) fn of_held(held: &Held, schema: &Schema, present: &Present) -> Self {
        let mut found = Self::default();
        let reads = |rights: &BTreeSet<String>| rights.contains(SELECT);
        let on_it = |(name, rights): (&Schema, &BTreeSet<String>)| {
            reads(rights) && like(name.as_str(), schema.as_str())
        };
        if reads(&held.global) || held.schemas.iter().any(on_it) {
            found.whole.extend(present.tables.keys().cloned());
        }
        for ((_, table), on) in held
            .tables
            .iter()
            .filter(|((in_schema, _), _)| in_schema == schema)
        {
            if on.whole.contains(SELECT) {
                found.whole.insert(table.clone());
            }
            let columns: BTreeSet<Column> = on
                .columns
                .iter()
                .filter(|(_, rights)| rights.contains(SELECT))
                .map(|(column, _)| column.clone())
                .collect();
            if !columns.is_empty() {
                found.columns.insert(table.clone(), columns);
            }
        }
        found
    }
}

/// Whether a name of a schema in a grant stands for this one: `_` and `%` are any characters there, but behind a `\\`.
fn like(pattern: &str, name: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some('%') => (0..=name.len())
            .filter(|at| name.is_char_boundary(*at))
            .any(|at| like(rest.as_str(), &name[at..])),
        Some(c) => {
            let (exactly, rest) = match (c, rest.clone().next()) {
                ('\\', Some(escaped)) => (Some(escaped), &rest.as_str()[escaped.len_utf8()..]),
                ('_', _) => (None, rest.as_str()),
                _ => (Some(c), rest.as_str()),
            };
            let mut name = name.chars();
            let fits = name
                .next()
                .is_some_and(|first| exactly.is_none_or(|c| c == first));
            fits && like(rest, name.as_str())
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use countersign_mysql::OnTable;

    pub(crate) use super::sorted::tests::present;
    use super::*;
    use crate::classes::tests::{column, table};

    impl Intended {
        /// What an account holds that holds exactly this.
        pub(crate) fn held(&self, schema: &Schema) -> Held {
            let select = || BTreeSet::from([SELECT.to_owned()]);
            let whole = self.whole.iter().map(|table| {
                let on = OnTable {
                    whole: select(),
                    columns: BTreeMap::new(),
                };
                ((schema.clone(), table.clone()), on)
            });
            let columns = self.columns.iter().map(|(table, columns)| {
                let on = OnTable {
                    whole: BTreeSet::new(),
                    columns: columns.iter().map(|column| (column.clone(), select())).collect(),
                };
                ((schema.clone(), table.clone()), on)
            });
            Held {
                tables: whole.chain(columns).collect(),
                ..Held::default()
            }
        }
    }

    #[test]
    fn it_is_told_in_a_few_words() {
        let mut intended = Intended::default();
        assert_eq!(intended.in_words(), "nothing");
        intended.whole.insert(table("job"));
        assert_eq!(intended.in_words(), "1 table");
        let columns = ["id", "email"].map(column).into();
        intended.columns.insert(table("auth_user"), columns);
        intended.whole.insert(table("push"));
        assert_eq!(intended.in_words(), "2 tables and 2 columns of auth_user");
    }

    #[test]
    fn what_it_gives_is_what_is_read_back() {
        let schema: Schema = "treeherder".parse().unwrap();
        let intended = Intended {
            whole: [table("job")].into(),
            columns: [(table("auth_user"), [column("id")].into())].into(),
        };
        let held = intended.held(&schema);
        assert_eq!(Intended::of_held(&held, &schema, &present()), intended);
        assert_eq!(changes(&held, &intended, &schema), []);
    }

    #[test]
    fn who_may_read_a_schema_may_read_all_that_is_in_it() {
        let schema: Schema = "treeherder".parse().unwrap();
        let reads = |name: &str| {
            let held = Held {
                schemas: [(name.parse().unwrap(), [SELECT.to_owned()].into())].into(),
                ..Held::default()
            };
            Intended::of_held(&held, &schema, &present()).whole.len()
        };
        let all = present().tables.len();
        assert_eq!(
            [reads("treeherder"), reads("tree%"), reads("treeherde_")],
            [all; 3]
        );
        assert_eq!(
            [reads("other"), reads("treeherde\\_"), reads("tree"), reads("_")],
            [0; 4]
        );
        let everywhere = Held {
            global: [SELECT.to_owned()].into(),
            ..Held::default()
        };
        assert_eq!(
            Intended::of_held(&everywhere, &schema, &present()).whole.len(),
            all
        );
    }
}
