//! Rules of the difference, against a small model of what the servers do with the statements.

use proptest::collection::{btree_map, btree_set};
use proptest::prelude::*;

use super::*;
use crate::classes::tests::{column, table};

const TABLES: [&str; 4] = ["job", "push", "auth_user", "gone"];
const COLUMNS: [&str; 3] = ["id", "username", "password"];

fn schema() -> Schema {
    "treeherder".parse().unwrap()
}

fn account(name: &str) -> Account {
    Account::anywhere(name.parse().unwrap())
}

/// What the servers make of a statement for one account, as they were seen to do it.
fn after(mut held: Held, statement: &Statement) -> Held {
    let none = |rights: &BTreeSet<String>| rights.is_empty();
    match statement {
        Statement::GrantTables { schema, table, .. } => {
            let on = held.tables.entry((schema.clone(), table.clone())).or_default();
            on.whole.insert(SELECT.to_owned());
        }
        Statement::GrantColumns {
            schema,
            table,
            columns,
            ..
        } => {
            let on = held.tables.entry((schema.clone(), table.clone())).or_default();
            for column in columns {
                on.columns
                    .entry(column.clone())
                    .or_default()
                    .insert(SELECT.to_owned());
            }
        }
        Statement::RevokeTables { schema, table, .. } => {
            let place = (schema.clone(), table.clone());
            let on = held.tables.get_mut(&place).expect("1147: there is no such grant");
            on.whole.remove(SELECT);
            for rights in on.columns.values_mut() {
                rights.remove(SELECT);
            }
            on.columns.retain(|_, rights| !none(rights));
            held.tables
                .retain(|_, on| !none(&on.whole) || !on.columns.is_empty());
        }
        Statement::RevokeOnTable {
            schema,
            table,
            privileges,
            ..
        } => {
            let place = (schema.clone(), table.clone());
            let on = held.tables.get_mut(&place).expect("1147: there is no such grant");
            on.whole.retain(|right| !privileges.contains(right));
            for rights in on.columns.values_mut() {
                rights.retain(|right| !privileges.contains(right));
            }
            on.columns.retain(|_, rights| !none(rights));
            held.tables
                .retain(|_, on| !none(&on.whole) || !on.columns.is_empty());
        }
        Statement::RevokeGlobal { privileges, .. } => {
            held.global.retain(|right| !privileges.contains(right));
        }
        Statement::RevokeSchema {
            schema, privileges, ..
        } => {
            let rights = held
                .schemas
                .get_mut(schema)
                .expect("1141: there is no such grant");
            rights.retain(|right| !privileges.contains(right));
            held.schemas.retain(|_, rights| !none(rights));
        }
        other => panic!("no such statement mends grants: {other:?}"),
    }
    held
}

fn mended(held: &Held, intended: &Intended) -> Held {
    let made = changes(held, intended, &schema());
    let statements = statements([(account("cs_dave"), made)]);
    statements.iter().fold(held.clone(), after)
}

fn rights() -> impl Strategy<Value = BTreeSet<String>> {
    // Mostly what is really found.
    prop_oneof![
        6 => Just(BTreeSet::from([SELECT.to_owned()])),
        1 => btree_set(prop_oneof![Just("SELECT"), Just("INSERT"), Just("UPDATE"), Just("GRANT OPTION")], 1..3)
            .prop_map(|rights| rights.into_iter().map(str::to_owned).collect()),
    ]
}

fn on_one_table() -> impl Strategy<Value = OnTable> {
    let columns = btree_map(
        (0..COLUMNS.len()).prop_map(|n| column(COLUMNS[n])),
        rights(),
        0..3,
    );
    (proptest::option::of(rights()), columns)
        .prop_map(|(whole, columns)| OnTable {
            whole: whole.unwrap_or_default(),
            columns,
        })
        .prop_filter("it is held", |on| !on.whole.is_empty() || !on.columns.is_empty())
}

fn held() -> impl Strategy<Value = Held> {
    let schemas = prop_oneof![4 => Just(schema()), 1 => Just("other".parse::<Schema>().unwrap())];
    let place = (schemas.clone(), (0..TABLES.len()).prop_map(|n| table(TABLES[n])));
    let global = prop_oneof![5 => Just(BTreeSet::new()), 1 => rights()];
    (
        global,
        btree_map(schemas, rights(), 0..2),
        btree_map(place, on_one_table(), 0..5),
    )
        .prop_map(|(global, schemas, tables)| Held {
            global,
            schemas,
            tables,
            others: Vec::new(),
        })
}

fn intended() -> impl Strategy<Value = Intended> {
    let some = btree_set((0..COLUMNS.len()).prop_map(|n| column(COLUMNS[n])), 1..3);
    let on = prop_oneof![2 => Just(None), 1 => some.prop_map(Some)];
    btree_map((0..TABLES.len()).prop_map(|n| table(TABLES[n])), on, 0..4).prop_map(|tables| {
        let mut intended = Intended::default();
        for (table, on) in tables {
            match on {
                None => {
                    intended.whole.insert(table);
                }
                Some(columns) => {
                    intended.columns.insert(table, columns);
                }
            }
        }
        intended
    })
}

proptest! {
    #[test]
    fn whatever_was_held_becomes_what_is_intended(held in held(), intended in intended()) {
        prop_assert_eq!(mended(&held, &intended), intended.held(&schema()));
    }

    #[test]
    fn what_is_so_already_needs_no_statement(intended in intended()) {
        prop_assert_eq!(changes(&intended.held(&schema()), &intended, &schema()), vec![]);
    }
}

/// The page's list with its mistake: the whole of auth_user beside its columns.
fn the_pages() -> (Held, Intended) {
    let intended = Intended {
        whole: [table("job")].into(),
        columns: [(table("auth_user"), ["id", "username"].map(column).into())].into(),
    };
    let mut held = intended.held(&schema());
    let users = held.tables.get_mut(&(schema(), table("auth_user"))).unwrap();
    users.whole.insert(SELECT.to_owned());
    (held, intended)
}

#[test]
fn trap_1_the_pages_grant_is_taken_whole_and_the_columns_given_again() {
    let (held, intended) = the_pages();
    let made = changes(&held, &intended, &schema());
    let shown: Vec<String> = statements([(account("redash"), made.clone())])
        .iter()
        .map(Statement::shown)
        .collect();
    assert_eq!(
        shown,
        [
            "REVOKE SELECT ON `treeherder`.`auth_user` FROM 'redash'@'%'",
            "GRANT SELECT (`id`, `username`) ON `treeherder`.`auth_user` TO 'redash'@'%'",
        ]
    );
    assert_eq!(
        Taken::of(&held, &made, &intended),
        [Taken("all of auth_user instead of some columns".to_owned())]
    );
    assert_eq!(mended(&held, &intended), intended.held(&schema()));
}

#[test]
fn several_accounts_share_a_statement_and_takes_come_first() {
    let (held, intended) = the_pages();
    let two = ["cs_dave", "redash"].map(|name| (account(name), changes(&held, &intended, &schema())));
    let one = [(
        account("activedata"),
        changes(&Held::default(), &intended, &schema()),
    )];
    let shown: Vec<String> = statements(two.into_iter().chain(one))
        .iter()
        .map(Statement::shown)
        .collect();
    assert_eq!(
        shown,
        [
            "REVOKE SELECT ON `treeherder`.`auth_user` FROM 'cs_dave'@'%', 'redash'@'%'",
            "GRANT SELECT (`id`, `username`) ON `treeherder`.`auth_user` TO 'cs_dave'@'%', 'redash'@'%', 'activedata'@'%'",
            "GRANT SELECT ON `treeherder`.`job` TO 'activedata'@'%'",
        ]
    );
}

#[test]
fn more_than_reading_is_taken_and_named() {
    let (_, intended) = the_pages();
    let mut held = intended.held(&schema());
    held.global.insert("PROCESS".to_owned());
    held.schemas.insert(schema(), [SELECT.to_owned()].into());
    let job = held.tables.get_mut(&(schema(), table("job"))).unwrap();
    job.whole.insert("INSERT".to_owned());
    let made = changes(&held, &intended, &schema());
    assert_eq!(
        Taken::of(&held, &made, &intended),
        [
            "PROCESS on everything",
            "SELECT on all of treeherder",
            "INSERT on job"
        ]
        .map(|words| Taken(words.to_owned()))
    );
    assert_eq!(mended(&held, &intended), intended.held(&schema()));
}

#[test]
fn a_thousand_tables_are_a_thousand_statements_however_many_accounts() {
    let intended = Intended {
        whole: (0..1000).map(|n| table(&format!("t{n:04}"))).collect(),
        columns: BTreeMap::new(),
    };
    let made = changes(&Held::default(), &intended, &schema());
    let accounts = (0..200).map(|n| (account(&format!("cs_{n}")), made.clone()));
    assert_eq!(statements(accounts).len(), 1000);
}
