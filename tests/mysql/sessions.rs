//! Who is logged in is found and shown out.

use std::time::Duration;

use countersign_mysql::{Kill, Kind, Server, Statement, Tls};

use super::{Flavour, Rig, Side, account, given, on_both, schema, settings, table, user};

on_both!(
    a_session_is_ended_as_rds_has_it,
    a_session_is_ended_with_the_statement
);

const ALICE: &str = "CREATE USER cs_alice@'%' IDENTIFIED BY 'alice-knows-this' REQUIRE SSL;
                     GRANT SELECT ON treeherder.job TO cs_alice@'%'";

async fn a_session_is_ended_as_rds_has_it(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    rig.root(ALICE).await;
    rig.pair.caught_up().await;
    let (alice, password) = (user("cs_alice"), given("alice-knows-this"));
    let mut guests = Vec::new();
    for _ in 0..2 {
        guests.push(
            rig.replica
                .log_in(&alice, &password, None, Tls::Required)
                .await
                .unwrap(),
        );
    }
    let names = [alice.clone(), user("cs_bob")];
    let sessions = rig.replica.sessions(&names).await.unwrap();
    assert_eq!(sessions.len(), 2);
    assert!(sessions.iter().all(|session| session.user == alice));
    assert_eq!(rig.primary.sessions(&names).await.unwrap(), []);

    // Without its account a session still asks; that is why it is ended.
    rig.primary
        .execute(&[Statement::Lock {
            accounts: vec![account("cs_alice")],
        }])
        .await
        .unwrap();
    rig.pair.caught_up().await;
    guests[0]
        .may_select(&schema(), &table("job"), None)
        .await
        .unwrap();
    rig.replica.kill(&sessions).await.unwrap();
    for mut guest in guests {
        let error = guest
            .may_select(&schema(), &table("job"), None)
            .await
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Lost, "{error}");
    }
    // The server takes a moment to strike them off its list.
    while !rig.replica.sessions(&names).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // They are gone already.
    rig.replica.kill(&sessions).await.unwrap();
}

async fn a_session_is_ended_with_the_statement(flavour: Flavour) {
    let rig = Rig::start(flavour).await;
    let right = if rig.is_mysql() {
        "CONNECTION_ADMIN"
    } else {
        "CONNECTION ADMIN"
    };
    rig.root(ALICE).await;
    rig.root(&format!(
        "CREATE USER killer@'%' IDENTIFIED BY 'known-to-the-test' REQUIRE SSL; GRANT PROCESS, {right} ON *.* TO killer@'%'"
    ))
    .await;
    let file = tempfile::NamedTempFile::new().unwrap();
    let (host, port) = rig.pair.primary();
    let options = format!(
        "[client]\nuser=cs_alice\npassword=alice-knows-this\nhost={host}\nport={port}\nprotocol=tcp\nssl-ca={}\n",
        rig.pair.ca().display()
    );
    std::fs::write(file.path(), options).unwrap();
    let mut guest = rig.pair.session(file.path(), &[]);
    guest.asks("SELECT name FROM treeherder.job").await;
    assert_eq!(guest.hears().await, "one");

    let with = |name: &str, password: &str| {
        let mut settings = settings(&rig.pair, Side::Primary);
        settings.kill = Kill::Statement;
        (settings.user, settings.password) = (user(name), password.into());
        Server::new(settings)
    };
    let admin = with("admin", rig.pair.admin_password());
    let sessions = admin.sessions(&[user("cs_alice")]).await.unwrap();
    assert_eq!(sessions.len(), 1);
    // What RDS gives is not enough for the statement.
    assert_eq!(admin.kill(&sessions).await.unwrap_err().kind(), Kind::NotAllowed);
    let killer = with("killer", "known-to-the-test");
    killer.kill(&sessions).await.unwrap();
    guest.asks("SELECT 1").await;
    guest.ends_within(Duration::from_secs(5)).await;
    killer.kill(&sessions).await.unwrap();
}
