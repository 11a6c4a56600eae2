use super::*;

fn cs(name: &str) -> Account {
    Account::anywhere(name.parse().unwrap())
}

fn sql(statement: &Statement) -> String {
    let text = statement.sql(SqlMode::default(), Flavour::MySql).unwrap();
    text.expose_secret().to_owned()
}

fn auth_user() -> (Schema, Table) {
    ("treeherder".parse().unwrap(), "auth_user".parse().unwrap())
}

/// The page's `GRANT SELECT, SELECT (id, …)` gives the whole table.
#[test]
fn trap_01_a_grant_of_columns_is_the_list_alone() {
    let (schema, table) = auth_user();
    let grant = Statement::GrantColumns {
        schema: schema.clone(),
        table: table.clone(),
        columns: ["id", "username", "email"]
            .map(|name| name.parse().unwrap())
            .into(),
        to: vec![cs("cs_alice"), cs("redash")],
    };
    let text = sql(&grant);
    assert_eq!(
        text,
        "GRANT SELECT (`id`, `username`, `email`) ON `treeherder`.`auth_user` TO 'cs_alice'@'%', 'redash'@'%'"
    );
    assert_eq!(text.matches("SELECT").count(), 1);

    let none = Statement::GrantColumns {
        schema,
        table,
        columns: vec![],
        to: vec![cs("redash")],
    };
    assert_eq!(
        none.sql(SqlMode::default(), Flavour::MySql)
            .unwrap_err()
            .to_string(),
        "a statement without columns"
    );
}

#[test]
fn trap_04_passwords_are_set_with_alter_user() {
    let mut set = Statement::SetPassword {
        account: cs("th_admin"),
        password: Password::hex(&[1; 30]),
        keep_old: false,
    };
    let password = "01".repeat(30);
    assert_eq!(
        sql(&set),
        format!("ALTER USER 'th_admin'@'%' IDENTIFIED BY '{password}'")
    );
    if let Statement::SetPassword { keep_old, .. } = &mut set {
        *keep_old = true;
    }
    assert_eq!(
        set.shown(),
        "ALTER USER 'th_admin'@'%' IDENTIFIED BY '…' RETAIN CURRENT PASSWORD"
    );
    assert!(!format!("{set:?}").contains("0101"));
}

#[test]
fn a_new_account_is_locked_and_needs_tls_from_its_first_moment() {
    let create = Statement::CreateLocked {
        account: cs("cs_alice"),
        password: Password::given(SecretString::from(r"it's \ CANARY")).unwrap(),
    };
    assert_eq!(
        sql(&create),
        r"CREATE USER 'cs_alice'@'%' IDENTIFIED BY 'it''s \\ CANARY' REQUIRE SSL ACCOUNT LOCK"
    );
    assert!(create.has_password());
    for shown in [create.shown(), format!("{create:?}")] {
        assert!(!shown.contains("CANARY"), "{shown}");
    }
}

#[test]
fn a_statement_that_says_nothing_or_too_much_is_not_written() {
    let nobody = Statement::Drop { accounts: vec![] };
    assert_eq!(nobody.shown(), "a statement without accounts");
    let revoke = |privilege: &str| Statement::RevokeGlobal {
        privileges: [privilege.to_owned()].into(),
        from: vec![cs("redash")],
    };
    assert_eq!(
        sql(&revoke("CREATE USER")),
        "REVOKE CREATE USER ON *.* FROM 'redash'@'%'"
    );
    for odd in ["", "SELECT, INSERT", "select", "SELECT ON a.* FROM b; --"] {
        assert_eq!(
            revoke(odd).sql(SqlMode::default(), Flavour::MySql).unwrap_err(),
            Malformed::Privilege,
            "{odd}"
        );
    }
}

#[test]
fn names_are_quoted_whatever_is_in_them() {
    let grant = Statement::GrantTables {
        schema: "a`b".parse().unwrap(),
        table: "c'd\\".parse().unwrap(),
        to: vec![Account {
            user: r"o'b\rien".parse().unwrap(),
            host: "10.%".parse().unwrap(),
        }],
    };
    let text = |no_backslash_escapes| {
        grant
            .sql(SqlMode { no_backslash_escapes }, Flavour::MySql)
            .unwrap()
    };
    assert_eq!(
        text(false).expose_secret(),
        r"GRANT SELECT ON `a``b`.`c'd\` TO 'o''b\\rien'@'10.%'"
    );
    assert_eq!(
        text(true).expose_secret(),
        r"GRANT SELECT ON `a``b`.`c'd\` TO 'o''b\rien'@'10.%'"
    );
}

/// `SELECT PASSWORD('mariadb')` says this hash at a MariaDB server.
#[test]
fn trap_04_mariadb_gets_the_hash_because_it_writes_down_what_it_gets() {
    let create = Statement::CreateLocked {
        account: cs("cs_alice"),
        password: Password::given(SecretString::from("mariadb")).unwrap(),
    };
    let sql = create.sql(SqlMode::default(), Flavour::MariaDb).unwrap();
    assert_eq!(
        sql.expose_secret(),
        "CREATE USER 'cs_alice'@'%' IDENTIFIED BY PASSWORD '*54958E764CE10E50764C2EECBB71D01F08549980' \
         REQUIRE SSL ACCOUNT LOCK"
    );
}
