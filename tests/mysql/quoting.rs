//! Names and passwords of any text, in every mode that changes how literals are read: what is written arrives as the same
//! text, and nothing else happens.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use countersign_mysql::{Account, Column, May, Password, Schema, SqlMode, Statement, Table, Tls, UserName};
use secrecy::ExposeSecret as _;

use super::{Flavour, Rig, account, given, on_both, user};

on_both!(
    names_arrive_as_they_are_in_every_mode,
    odd_names_of_everything_work_from_end_to_end,
    odd_passwords_log_in,
);

/// What quoting could stumble over: what ends texts, what escapes, what escapes into, what begins comments.
const ODD: [&str; 17] = [
    "'", "\"", "`", "\\", "%", "_", ";", "n", "0", "Z", "é", "漢", " ", "-", "#", "/*", "@",
];

/// All pairs of them, and what would do harm if it got out.
fn odd_names() -> BTreeSet<String> {
    let pairs = ODD
        .iter()
        .flat_map(|one| ODD.iter().map(move |other| format!("{one}{other}x")));
    let harm = [
        "a'; DROP TABLE treeherder.job;--",
        "\\'; DROP TABLE treeherder.job;#",
        "a\\",
        "\\\\'",
        "'@'%' REQUIRE NONE; -- ",
        "'''",
        "\\\"\\`\\",
    ];
    // Servers would drop the space.
    let names = pairs.chain(harm.map(|name| name.trim_end().to_owned()));
    names.filter(|name| name.parse::<UserName>().is_ok()).collect()
}

async fn names_arrive_as_they_are_in_every_mode(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    let names = odd_names();
    assert!(names.len() > 270);
    let mut modes = vec![
        "",
        "ANSI_QUOTES",
        "NO_BACKSLASH_ESCAPES",
        "ANSI,NO_BACKSLASH_ESCAPES",
    ];
    if !rig.is_mysql() {
        modes.extend(["ORACLE", "EMPTY_STRING_IS_NULL,NO_BACKSLASH_ESCAPES"]);
    }
    for mode in modes {
        let read = SqlMode::read(mode);
        let make = if rig.is_mysql() {
            countersign_mysql::Flavour::MySql
        } else {
            countersign_mysql::Flavour::MariaDb
        };
        let sql = |statement: Statement| statement.sql(read, make).unwrap().expose_secret().to_owned();
        let mut script = format!("SET NAMES utf8mb4; SET SESSION sql_mode = '{mode}';\n");
        for name in &names {
            let account = odd(name);
            let password = Password::hex(&[1; 30]);
            writeln!(script, "{};", sql(Statement::CreateLocked { account, password })).unwrap();
        }
        rig.root(&script).await;
        let all = format!("SELECT HEX(CONVERT(User USING utf8mb4)) FROM mysql.user WHERE Host = '{HOST}'");
        let there: BTreeSet<String> = rig.root(&all).await.lines().map(unhex).collect();
        assert_eq!(there, names, "{mode}");
        let drop = sql(Statement::Drop {
            accounts: names.iter().map(|name| odd(name)).collect(),
        });
        rig.root(&format!(
            "SET NAMES utf8mb4; SET SESSION sql_mode = '{mode}';\n{drop};"
        ))
        .await;
        assert_eq!(rig.root(&all).await, "", "{mode}");
    }
    assert_eq!(rig.root("SELECT name FROM treeherder.job").await, "one");
}

/// A host of its own sets them apart from everybody else.
const HOST: &str = "192.0.2.1";

fn odd(name: &str) -> Account {
    Account {
        user: user(name),
        host: HOST.parse().unwrap(),
    }
}

fn unhex(hex: &str) -> String {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    String::from_utf8((0..hex.len()).step_by(2).map(digits).collect()).unwrap()
}

async fn odd_names_of_everything_work_from_end_to_end(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    // What the server is in by itself must not matter.
    rig.root("SET GLOBAL sql_mode = 'ANSI,NO_BACKSLASH_ESCAPES'")
        .await;
    let ident = |name: &str| format!("`{}`", name.replace('`', "``"));
    let (schema, table) = ("we`ird'%_\\s\"chéma", "ta`ble' \\ \"x\" 漢");
    let (open, closed) = ("co`l'\\umn\"é", "hid`den'");
    rig.root(&format!(
        "SET NAMES utf8mb4; CREATE DATABASE {s}; CREATE TABLE {s}.{t} ({open} INT, {closed} INT)",
        s = ident(schema),
        t = ident(table),
        open = ident(open),
        closed = ident(closed),
    ))
    .await;
    let (schema, table) = (schema.parse().unwrap(), table.parse().unwrap());
    let [open, closed] = [open, closed].map(|name| name.parse::<Column>().unwrap());
    let tables = rig.primary.tables(&schema).await.unwrap();
    assert_eq!(tables[0].0, table);
    let columns = rig.primary.columns(&schema, &table).await.unwrap();
    assert_eq!(columns, [open.clone(), closed.clone()]);

    let place = Place {
        schema,
        table,
        open,
        closed,
    };
    for name in ["o'brien`s \"\\", "%", "a\\' OR 1=1 #", "größe漢字"] {
        lives(&rig, &account(name), &place).await;
    }
}

/// A table with a column that may be read and one that may not.
struct Place {
    schema: Schema,
    table: Table,
    open: Column,
    closed: Column,
}

/// Everything that happens to an account.
async fn lives(rig: &Rig, account: &Account, place: &Place) {
    let password = Password::hex(&[5; 30]);
    let accounts = vec![account.clone()];
    let create = Statement::CreateLocked {
        account: account.clone(),
        password: password.clone(),
    };
    let grant = Statement::GrantColumns {
        schema: place.schema.clone(),
        table: place.table.clone(),
        columns: vec![place.open.clone()],
        to: accounts.clone(),
    };
    let unlock = Statement::Unlock {
        accounts: accounts.clone(),
    };
    rig.primary.execute(&[create, grant, unlock]).await.unwrap();
    assert_eq!(rig.primary.accounts_of(&account.user).await.unwrap(), accounts);
    assert!(!rig.primary.account(account).await.unwrap().unwrap().locked);
    let held = rig
        .primary
        .held(&accounts)
        .await
        .unwrap()
        .remove(account)
        .unwrap();
    let on_table = &held.tables[&(place.schema.clone(), place.table.clone())];
    assert_eq!(
        on_table.columns.keys().collect::<Vec<_>>(),
        [&place.open],
        "{account}"
    );

    let login = rig.primary.log_in(&account.user, &password, None, Tls::Required);
    let mut visit = login.await.unwrap();
    assert_eq!(visit.current_user(), account.to_string());
    for (column, may) in [(&place.open, May::Yes), (&place.closed, May::No { code: 1143 })] {
        let found = visit
            .may_select(&place.schema, &place.table, Some(column))
            .await
            .unwrap();
        assert_eq!(found, may, "{account}");
    }
    let sessions = rig
        .primary
        .sessions(std::slice::from_ref(&account.user))
        .await
        .unwrap();
    assert_eq!(sessions.len(), 1, "{account}");
    let revoke = Statement::RevokeTables {
        schema: place.schema.clone(),
        table: place.table.clone(),
        from: accounts.clone(),
    };
    rig.primary
        .execute(&[revoke, Statement::Drop { accounts }])
        .await
        .unwrap();
    assert_eq!(rig.primary.account(account).await.unwrap(), None, "{account}");
}

async fn odd_passwords_log_in(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    let bob = account("cs_bob");
    let create = Statement::CreateLocked {
        account: bob.clone(),
        password: given("first"),
    };
    let unlock = Statement::Unlock {
        accounts: vec![bob.clone()],
    };
    rig.primary.execute(&[create, unlock]).await.unwrap();
    let long = "x".repeat(200);
    for password in [
        "it's",
        "\\",
        "\\'",
        "a\"b`c",
        "%_;--#",
        " spaces ",
        "größe 漢 😀",
        "';DROP USER x;--",
        &long,
    ] {
        let password = given(password);
        let set = Statement::SetPassword {
            account: bob.clone(),
            password: password.clone(),
            keep_old: false,
        };
        rig.primary.execute(&[set]).await.unwrap();
        let visit = rig
            .primary
            .log_in(&bob.user, &password, None, Tls::Required)
            .await;
        visit
            .unwrap_or_else(|error| panic!("{}: {error}", password.secret().expose_secret()))
            .close()
            .await;
    }
}
