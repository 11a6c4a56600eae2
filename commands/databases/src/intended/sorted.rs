//! Which of the tables that are there are granted, and why the others are not.

use std::collections::BTreeMap;

use countersign_core::command::closest;
use countersign_core::digest::Digest;
use countersign_core::refusal::Refusal;
use countersign_core::text::{list, visible};
use countersign_mysql::{Column, Table, TableKind};

use super::Intended;
use crate::classes::{Class, Classes};

/// The tables of a schema as they are now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Present {
    /// All of them, with what kind they are.
    pub(crate) tables: BTreeMap<Table, TableKind>,
    /// The columns of those of which only some columns may be read.
    pub(crate) columns: BTreeMap<Table, Vec<Column>>,
}

impl Present {
    /// Which tables are there, as one value: it changes when a table comes, goes, or becomes a view, and when the columns
    /// change of one of which only some may be read.
    pub(crate) fn digest(&self) -> Digest {
        let mut text = String::new();
        let mut add = |parts: &[&str]| {
            for part in parts {
                // With its length, so that no two lists are one text.
                text.extend([&part.len().to_string(), ":", part]);
            }
            text.push('\n');
        };
        for (table, kind) in &self.tables {
            add(&[table.as_str(), &format!("{kind:?}")]);
        }
        for (table, columns) in &self.columns {
            let columns = columns.iter().map(Column::as_str);
            add(&std::iter::once(table.as_str()).chain(columns).collect::<Vec<_>>());
        }
        Digest::of(text.as_bytes())
    }

    fn is_base(&self, table: &Table) -> bool {
        self.tables.get(table) == Some(&TableKind::Base)
    }
}

/// The tables of a schema by what may be read of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sorted {
    /// What is granted.
    pub(crate) intended: Intended,
    /// Not granted, because the configuration says so.
    pub(crate) never: Vec<Table>,
    /// Not granted, because nobody classified them.
    pub(crate) unclassified: Vec<Table>,
    /// Not granted, because they are no tables: a view may show what its tables hide.
    pub(crate) views: Vec<Table>,
    /// Columns that the configuration grants and the table does not have: `auth_user.email`.
    pub(crate) missing: Vec<String>,
}

/// Sorts them. `only`: of what may be read these tables alone.
pub(crate) fn sorted(present: &Present, classes: &Classes, only: Option<&[Table]>) -> Sorted {
    let mut sorted = Sorted::default();
    let wanted = |table: &Table| only.is_none_or(|only| only.contains(table));
    for (table, kind) in &present.tables {
        if *kind != TableKind::Base {
            sorted.views.push(table.clone());
            continue;
        }
        match classes.of(table) {
            Class::Never => sorted.never.push(table.clone()),
            Class::Unclassified => sorted.unclassified.push(table.clone()),
            Class::Read if wanted(table) => {
                sorted.intended.whole.insert(table.clone());
            }
            Class::Columns(columns) if wanted(table) => {
                let there = present.columns.get(table).map_or(&[][..], Vec::as_slice);
                let (found, missing): (Vec<_>, Vec<_>) =
                    columns.iter().cloned().partition(|column| there.contains(column));
                let missing = missing.iter().map(|column| format!("{table}.{column}"));
                sorted.missing.extend(missing);
                if !found.is_empty() {
                    let found = found.into_iter().collect();
                    sorted.intended.columns.insert(table.clone(), found);
                }
            }
            Class::Read | Class::Columns(_) => {}
        }
    }
    sorted
}

/// The tables that somebody named, if each of them may be read.
pub(crate) fn named(present: &Present, classes: &Classes, names: &[String]) -> Result<Vec<Table>, Refusal> {
    let mut tables = Vec::with_capacity(names.len());
    for name in names {
        let parsed: Result<Table, _> = name.parse();
        let Ok(table) = parsed else {
            return Err(Refusal::new(format!(
                "{} can't be the name of a table",
                visible(name)
            )));
        };
        let no = |why: &str| Err(Refusal::new(format!("{} is not granted: {why}", visible(name))));
        match (present.tables.get(&table), classes.of(&table)) {
            (None, _) => return Err(unknown(present, classes, name)),
            (Some(_), _) if !present.is_base(&table) => {
                return no("it is a view, and a view may show what its tables hide");
            }
            (Some(_), Class::Never) => return no("the configuration says never"),
            (Some(_), Class::Unclassified) => {
                return no(
                    "nobody classified it; whoever runs the bot adds it to `read` of the database's tables",
                );
            }
            (Some(_), Class::Read | Class::Columns(_)) => tables.push(table),
        }
    }
    tables.sort();
    tables.dedup();
    Ok(tables)
}

fn unknown(present: &Present, classes: &Classes, name: &str) -> Refusal {
    let may_be_read = |table: &&Table| !matches!(classes.of(table), Class::Never | Class::Unclassified);
    let names = present.tables.keys().filter(may_be_read).map(Table::as_str);
    let refusal = Refusal::new(format!("there is no table {}", visible(name)));
    match closest(name, names).as_slice() {
        [] => refusal,
        near => refusal.hint(format!("Did you mean {}?", list(near))),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::classes::tests::{column, table, treeherder};

    pub(crate) fn present() -> Present {
        let base = [
            "job",
            "job_log",
            "push",
            "group",
            "auth_user",
            "auth_group",
            "new_one",
            "job_secret",
        ];
        let mut tables: BTreeMap<Table, TableKind> = base
            .into_iter()
            .map(|name| (table(name), TableKind::Base))
            .collect();
        tables.insert(table("job_view"), TableKind::View);
        let columns = ["id", "password", "username", "email"].map(column).to_vec();
        Present {
            tables,
            columns: [(table("auth_user"), columns)].into(),
        }
    }

    fn names(tables: impl IntoIterator<Item = Table>) -> String {
        list(tables)
    }

    #[test]
    fn tables_are_granted_by_their_class_and_the_rest_is_named() {
        let sorted = sorted(&present(), &treeherder(), None);
        assert_eq!(names(sorted.intended.whole), "group, job, job_log, push");
        let (users, columns) = sorted.intended.columns.into_iter().next().unwrap();
        assert_eq!(users, table("auth_user"));
        assert_eq!(list(columns), "email, id, username");
        assert_eq!(names(sorted.never), "auth_group, job_secret");
        assert_eq!(names(sorted.unclassified), "new_one");
        assert_eq!(names(sorted.views), "job_view");
    }

    #[test]
    fn a_column_that_is_not_there_is_named_and_not_granted() {
        let mut present = present();
        present.columns.insert(table("auth_user"), vec![column("id")]);
        let left = sorted(&present, &treeherder(), None);
        assert_eq!(left.missing, ["auth_user.username", "auth_user.email"]);
        assert_eq!(left.intended.columns[&table("auth_user")].len(), 1);
        present.columns.clear();
        assert!(sorted(&present, &treeherder(), None).intended.columns.is_empty());
    }

    #[test]
    fn only_what_may_be_read_can_be_asked_for() {
        let named = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            named(&present(), &treeherder(), &names).map_err(|no| no.sentence())
        };
        assert_eq!(list(named(&["push", "job", "push"]).unwrap()), "job, push");
        let only = named(&["auth_user"]).unwrap();
        let some = sorted(&present(), &treeherder(), Some(&only));
        assert_eq!(some.intended.in_words(), "3 columns of auth_user");
        for (name, why) in [
            ("jobb", "there is no table jobb. Did you mean job?"),
            ("auth_groupp", "there is no table auth_groupp."),
            (
                "job_secret",
                "job_secret is not granted: the configuration says never.",
            ),
            (
                "job_view",
                "job_view is not granted: it is a view, and a view may show what its tables hide.",
            ),
            (
                "new_one",
                "new_one is not granted: nobody classified it; whoever runs the bot adds it to `read` of the database's \
                 tables.",
            ),
            ("a\u{202e}", "there is no table a<U+202E>."),
        ] {
            assert_eq!(named(&[name]).unwrap_err(), why);
        }
    }

    #[test]
    fn what_comes_goes_or_changes_its_kind_is_seen() {
        let before = present();
        let mut other = before.clone();
        assert_eq!(before.digest(), other.digest());
        other.tables.insert(table("job"), TableKind::View);
        let view = other.digest();
        other.tables.remove(&table("job"));
        let gone = other.digest();
        other.columns.insert(table("auth_user"), vec![column("id")]);
        let digests = [before.digest(), view, gone, other.digest()];
        for (n, digest) in digests.iter().enumerate() {
            assert!(!digests[n + 1..].contains(digest));
        }
    }
}
