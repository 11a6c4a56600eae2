//! What accounts may do: given, read back, taken.

use std::collections::BTreeSet;

use countersign_mysql::{Column, Held, Kind, May, OnTable, Server, Statement, TableKind, Tls, Visit};

use super::{Flavour, Rig, Side, account, given, on_both, schema, settings, table, user};

on_both!(
    trap_01_the_wrong_grant_is_found_and_mended,
    trap_02_a_grant_to_nobody_makes_no_account,
    trap_07_views_are_told_from_tables,
    every_kind_of_right_is_found_and_taken,
    whose_own_rights_do_not_suffice_is_told_so,
);

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

fn columns(names: &[&str]) -> Vec<Column> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

async fn held(server: &Server, name: &str) -> Held {
    let account = account(name);
    server
        .held(std::slice::from_ref(&account))
        .await
        .unwrap()
        .remove(&account)
        .unwrap()
}

async fn visit(server: &Server, name: &str) -> Visit {
    let password = given("known-to-the-test");
    server
        .log_in(&user(name), &password, None, Tls::Required)
        .await
        .unwrap()
}

async fn may_read(visit: &mut Visit, column: Option<&str>) -> May {
    let column = column.map(|name| name.parse().unwrap());
    visit
        .may_select(&schema(), &table("auth_user"), column.as_ref())
        .await
        .unwrap()
}

async fn trap_01_the_wrong_grant_is_found_and_mended(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    // What the page says.
    rig.root(
        "CREATE USER redash@'%' IDENTIFIED BY 'known-to-the-test' REQUIRE SSL;
         GRANT SELECT, SELECT (id, username, email) ON treeherder.auth_user TO redash@'%'",
    )
    .await;
    let on_table = (schema(), table("auth_user"));
    let wrong = held(&rig.primary, "redash").await;
    assert_eq!(wrong.tables[&on_table].whole, set(&["SELECT"]));
    assert_eq!(wrong.tables[&on_table].columns.len(), 3);
    let mut redash = visit(&rig.primary, "redash").await;
    assert_eq!(may_read(&mut redash, Some("password")).await, May::Yes);

    let revoke = Statement::RevokeTables {
        schema: schema(),
        table: table("auth_user"),
        from: vec![account("redash")],
    };
    rig.primary.execute(std::slice::from_ref(&revoke)).await.unwrap();
    let nothing = held(&rig.primary, "redash").await;
    assert!(nothing.is_nothing(), "the columns went too: {nothing:?}");
    let grant = Statement::GrantColumns {
        schema: schema(),
        table: table("auth_user"),
        columns: columns(&["username", "id", "email"]),
        to: vec![account("redash")],
    };
    rig.primary.execute(&[grant]).await.unwrap();
    let right = OnTable {
        whole: BTreeSet::new(),
        columns: columns(&["id", "username", "email"])
            .into_iter()
            .map(|column| (column, set(&["SELECT"])))
            .collect(),
    };
    let expected = Held {
        tables: [(on_table, right)].into(),
        ..Held::default()
    };
    assert_eq!(held(&rig.primary, "redash").await, expected);
    rig.pair.caught_up().await;
    assert_eq!(held(&rig.replica, "redash").await, expected);
    let mut redash = visit(&rig.replica, "redash").await;
    assert_eq!(
        may_read(&mut redash, Some("password")).await,
        May::No { code: 1143 }
    );
    assert_eq!(may_read(&mut redash, Some("email")).await, May::Yes);

    rig.primary.execute(std::slice::from_ref(&revoke)).await.unwrap();
    let error = rig.primary.execute(&[revoke]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NoSuchGrant);
}

async fn trap_02_a_grant_to_nobody_makes_no_account(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    // As the page's group of parameters has it.
    rig.root("SET GLOBAL sql_mode = 'NO_ENGINE_SUBSTITUTION'").await;
    rig.root("CREATE USER redash@'%' IDENTIFIED BY 'known-to-the-test' REQUIRE SSL")
        .await;
    let grant = Statement::GrantTables {
        schema: schema(),
        table: table("job"),
        to: vec![account("redash"), account("redahs")],
    };
    let error = rig.primary.execute(&[grant]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NoSuchAccount);
    assert!(
        error
            .to_string()
            .starts_with("GRANT SELECT ON `treeherder`.`job` TO 'redash'@'%', 'redahs'@'%': ")
    );
    assert_eq!(rig.primary.account(&account("redahs")).await.unwrap(), None);
    // Not even by the server alone.
    let mode = rig.primary.about().await.unwrap().sql_mode;
    assert_eq!(mode.contains("NO_AUTO_CREATE_USER"), !rig.is_mysql(), "{mode}");
}

async fn trap_07_views_are_told_from_tables(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    let tables = rig.primary.tables(&schema()).await.unwrap();
    assert!(tables.is_sorted_by(|(one, _), (other, _)| one < other));
    let views = tables.iter().filter(|(_, kind)| *kind == TableKind::View);
    assert_eq!(
        views.map(|(name, _)| name.as_str()).collect::<Vec<_>>(),
        ["job_view"]
    );
    assert!(tables.contains(&(table("group"), TableKind::Base)));
    assert!(tables.contains(&(table("auth_user"), TableKind::Base)));
    assert!(tables.iter().all(|(_, kind)| *kind != TableKind::Other));
    let found = rig.primary.columns(&schema(), &table("auth_user")).await.unwrap();
    assert_eq!(found, columns(&["id", "username", "email", "password"]));
    assert_eq!(
        rig.primary.tables(&"Treeherder".parse().unwrap()).await.unwrap(),
        []
    );
    assert_eq!(
        rig.primary.columns(&schema(), &table("nothing")).await.unwrap(),
        []
    );
}

async fn every_kind_of_right_is_found_and_taken(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    rig.root(
        "CREATE USER much@'%' REQUIRE SSL; CREATE USER none@'%' REQUIRE SSL; CREATE ROLE watchers;
         GRANT PROCESS, CREATE TEMPORARY TABLES ON *.* TO much@'%' WITH GRANT OPTION;
         GRANT SELECT, SHOW VIEW ON `tree%`.* TO much@'%'; GRANT INSERT ON `tree\\_herder`.* TO much@'%';
         GRANT INSERT, CREATE VIEW ON treeherder.job TO much@'%' WITH GRANT OPTION;
         GRANT UPDATE (name) ON treeherder.job TO much@'%';
         GRANT EXECUTE ON PROCEDURE mysql.rds_kill TO much@'%'; GRANT watchers TO much@'%'",
    )
    .await;
    let everybody = [account("much"), account("none"), account("absent")];
    let all = rig.primary.held(&everybody).await.unwrap();
    assert_eq!(
        all.keys().map(ToString::to_string).collect::<Vec<_>>(),
        ["much@%", "none@%"]
    );
    assert!(all[&account("none")].is_nothing());
    let much = &all[&account("much")];
    assert_eq!(
        much.global,
        set(&["PROCESS", "CREATE TEMPORARY TABLES", "GRANT OPTION"])
    );
    let schemas: Vec<_> = much
        .schemas
        .iter()
        .map(|(name, rights)| (name.as_str(), rights.clone()))
        .collect();
    assert_eq!(
        schemas,
        [
            ("tree%", set(&["SELECT", "SHOW VIEW"])),
            ("tree\\_herder", set(&["INSERT"]))
        ]
    );
    let job = &much.tables[&(schema(), table("job"))];
    assert_eq!(job.whole, set(&["INSERT", "CREATE VIEW", "GRANT OPTION"]));
    assert_eq!(job.columns[&columns(&["name"])[0]], set(&["UPDATE"]));
    let role = if rig.is_mysql() {
        "role watchers@%"
    } else {
        "role watchers"
    };
    assert_eq!(much.others, ["EXECUTE ON PROCEDURE mysql.rds_kill", role]);

    // Each level by itself.
    let from = vec![account("much")];
    let mut takes = vec![Statement::RevokeGlobal {
        privileges: much.global.clone(),
        from: from.clone(),
    }];
    takes.extend(
        much.schemas
            .iter()
            .map(|(schema, privileges)| Statement::RevokeSchema {
                schema: schema.clone(),
                privileges: privileges.clone(),
                from: from.clone(),
            }),
    );
    takes.push(Statement::RevokeOnTable {
        schema: schema(),
        table: table("job"),
        privileges: job.whole.clone(),
        from: from.clone(),
    });
    rig.primary.execute(&takes).await.unwrap();
    let left = held(&rig.primary, "much").await;
    assert!(left.global.is_empty() && left.schemas.is_empty(), "{left:?}");
    assert!(left.tables[&(schema(), table("job"))].whole.is_empty());
    rig.primary
        .execute(&[Statement::RevokeAll { accounts: from }])
        .await
        .unwrap();
    let left = held(&rig.primary, "much").await;
    assert!(left.tables.is_empty(), "{left:?}");
    assert_eq!(left.others, if rig.is_mysql() { vec![role] } else { vec![] });
}

async fn whose_own_rights_do_not_suffice_is_told_so(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    rig.root(
        "CREATE USER weak@'%' IDENTIFIED BY 'known-to-the-test' REQUIRE SSL; GRANT SELECT ON mysql.* TO weak@'%';
         CREATE USER blind@'%' IDENTIFIED BY 'known-to-the-test' REQUIRE SSL; CREATE USER other@'%'",
    )
    .await;
    let server = |name: &str| {
        let mut settings = settings(&rig.pair, Side::Primary);
        (settings.user, settings.password) = (user(name), "known-to-the-test".into());
        Server::new(settings)
    };
    let other = account("other");
    let drop = Statement::Drop {
        accounts: vec![other.clone()],
    };
    let error = server("weak").execute(&[drop]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotAllowed);
    assert!(error.to_string().contains("CREATE USER privilege"), "{error}");
    // Who has no right to see is told so, not that there is nothing.
    let error = server("weak").sessions(&[user("other")]).await.unwrap_err();
    assert_eq!(error.kind(), Kind::NotAllowed);
    assert!(error.to_string().contains("PROCESS"), "{error}");
    assert!(server("weak").held(std::slice::from_ref(&other)).await.unwrap()[&other].is_nothing());
    for error in [
        server("blind")
            .held(std::slice::from_ref(&other))
            .await
            .unwrap_err(),
        server("blind").account(&other).await.unwrap_err(),
        server("blind").accounts_like("o").await.unwrap_err(),
        server("blind").replication().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), Kind::NotAllowed, "{error}");
    }
    // A table that is not there.
    let grant = Statement::GrantTables {
        schema: schema(),
        table: table("no_such_table"),
        to: vec![other],
    };
    assert_eq!(
        rig.primary.execute(&[grant]).await.unwrap_err().kind(),
        Kind::NoSuchTable
    );
}
