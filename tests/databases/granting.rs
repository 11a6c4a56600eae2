//! Access to a database, from the wish to its end: asked for in a room, signed by another, handed over in a browser, used
//! with the real client, taken away.

use std::time::Duration;

use super::place::{Login, Place, gets_a_link, hears, hears_directly, hears_the_end};
use crate::support::browser::Browser;
use crate::support::irc::Person;
use crate::support::mysql::{Flavour, SCHEMA, Side, TABLES};
use crate::support::serve::ROOM;
use crate::web::asking::asks;

/// Whoever is logged in is out after this time.
const AT_ONCE: Duration = Duration::from_secs(5);

/// What an account reads and does not read, with the real client and the files from the page.
async fn reads_what_it_should(place: &Place, login: &Login) {
    let (pair, file) = (&place.pair, login.file());
    let (_, port) = pair.replica();
    let said = pair.client(&file, &["-e", "SELECT CURRENT_USER(), @@port, DATABASE()"]);
    let expected = format!("cs_alice@%\t{port}\t{SCHEMA}");
    assert_eq!(said.await.rows(), expected);
    for table in TABLES {
        let one = format!("SELECT name FROM `{table}`");
        assert_eq!(pair.client(&file, &["-e", &one]).await.rows(), "one", "{table}");
    }
    let some = "SELECT id, username, email FROM auth_user";
    assert_eq!(
        pair.client(&file, &["-e", some]).await.rows(),
        "1\tmozilla-ldap/alice\talice@example.org"
    );
    for (statement, code) in [
        ("SELECT password FROM auth_user", 1143),
        ("SELECT * FROM auth_user", 1142),
        ("SELECT * FROM django_session", 1142),
        ("SELECT * FROM webhook", 1142),
        ("SELECT * FROM job_view", 1142),
        ("DELETE FROM job", 1142),
        ("SELECT * FROM mysql.user", 1142),
    ] {
        let output = pair.client(&file, &["-e", statement]).await;
        // Where the server is read-only it says that first.
        if statement.starts_with("DELETE") && output.error.contains("ERROR 1290") {
            continue;
        }
        output.failed_with(code);
    }
    let without = [pair.flavour().without_tls(), &["-e", "SELECT 1"]].concat();
    pair.client(&file, &without).await.failed_with(1045);
    // MariaDB's client reads the same file for either server.
    let other = pair.client_of(Flavour::MariaDb, &file, &["-e", "SELECT name FROM job"]);
    assert_eq!(other.await.rows(), "one");
}

/// The address where the app works is told to nobody.
fn primary_is_nowhere(place: &Place, login: &Login, people: &[&Person]) {
    let (_, port) = place.pair.primary();
    let port = port.to_string();
    for (what, text) in [("the page", &login.words), ("the option file", &login.text())] {
        assert!(!text.contains(&port), "the primary's port is in {what}: {text}");
    }
    for person in people {
        for line in person.since(0) {
            assert!(!line.raw.contains(&format!(":{port}")), "{line}");
        }
    }
}

async fn check_is_green(person: &Person) {
    person.says(ROOM, "!db access check cs_alice");
    let told = hears_the_end(person, "db access check cs_alice: done · ").await;
    for said in [
        "is as it shall be",
        "logs in over TLS on the replica",
        &format!("may read {} tables", TABLES.len()),
        "may read id, username, email of auth_user",
        "may not read auth_user.password",
        "may not write on the replica",
        "may not write on the primary",
        "may not log in without TLS",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
}

async fn from_the_wish_to_the_end(flavour: Flavour) {
    let place = Place::new(flavour).await;
    let [alice, bob, erin] = place.people(["alice", "bob", "erin"]).await;
    let letter = gets_a_link(&alice, &bob, "!db access grant alice --days 7").await;
    hears(
        &bob,
        &format!(
            " UTC, from when alice opens link {} · !db access show cs_alice · proven on the replica after ",
            letter.id
        ),
    )
    .await;
    for side in Side::BOTH {
        let locked = place.account(side, "cs_alice").await;
        assert_eq!(locked, Some(true), "nobody uses it before the link is opened");
    }
    place.has_only("cs_alice").await;

    let browser = Browser::launch(&format!("access-{}", flavour.name())).await;
    let login = Login::from(&browser, &alice, &letter).await;
    let (host, port) = place.pair.replica();
    let password = login.field("password").to_owned();
    assert!(password.len() == 60 && password.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let url = format!("mysql://cs_alice:{password}@{host}:{port}/{SCHEMA}");
    for (label, value) in [
        ("user", "cs_alice"),
        ("host", host),
        ("port", &port.to_string()),
        ("database", SCHEMA),
        ("DATABASE_URL", &url),
    ] {
        assert_eq!(login.field(label), value);
    }
    hears_directly(&alice, "cs_alice on prod-db can be used now").await;
    reads_what_it_should(&place, &login).await;
    check_is_green(&alice).await;
    place.has_only("cs_alice").await;
    primary_is_nowhere(&place, &login, &[&alice, &bob, &erin]);
    browser.has_no_complaints().await;

    // On both servers: what was given for the replica works on the primary too.
    let primary = login.at_port(place.pair.primary().1);
    let mut sessions = Vec::new();
    for file in [login.file(), primary.clone()] {
        for busy in [true, false] {
            let mut session = place.pair.session(&file, &[]);
            session.asks("SELECT 'here'").await;
            assert_eq!(session.hears().await, "here");
            if busy {
                session.asks("SELECT SLEEP(600)").await;
            }
            sessions.push((session, busy));
        }
    }
    let request = asks(&bob, "!db access revoke cs_alice").await;
    erin.says(ROOM, &format!("!approve {request}"));
    let mut idle = Vec::new();
    for (session, busy) in sessions {
        if busy {
            let error = session.ends_within(AT_ONCE).await;
            assert!(error.contains("ERROR"), "{error}");
        } else {
            idle.push(session);
        }
    }
    hears(
        &erin,
        "is gone from both servers, and nobody is logged in with it",
    )
    .await;
    for mut session in idle {
        session.asks("SELECT name FROM job").await;
        let error = session.ends_within(AT_ONCE).await;
        assert!(error.contains("ERROR"), "{error}");
    }
    for (side, file) in [(Side::Replica, login.file()), (Side::Primary, primary)] {
        place
            .pair
            .client(&file, &["-e", "SELECT 1"])
            .await
            .failed_with(1045);
        assert_eq!(place.account(side, "cs_alice").await, None);
    }
    let line = hears_directly(&alice, "cs_alice on prod-db has ended: bob revoked it").await;
    assert!(line.text().contains("db access grant alice"), "{line}");
    primary_is_nowhere(&place, &login, &[&alice, &bob, &erin]);
}

/// The page gives all of `auth_user` with the words that should give three columns of it.
async fn the_pages_grant_is_found_and_mended(flavour: Flavour) {
    let place = Place::new(flavour).await;
    let [alice, bob, carol] = place.people(["alice", "bob", "carol"]).await;
    // As the page has it, but for the names of tables that it does not quote.
    let page = TABLES.map(|table| format!("GRANT SELECT ON {SCHEMA}.`{table}` TO 'activedata';\n"));
    let page = format!(
        "CREATE USER 'activedata' IDENTIFIED BY 'activedata-knows-this' REQUIRE SSL;
         GRANT SELECT, SELECT (id, username, email) ON {SCHEMA}.auth_user TO 'activedata';\n{}",
        page.concat()
    );
    place.pair.sql(Side::Primary, &page).await;
    place.pair.caught_up().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("activedata.cnf");
    let (host, port) = place.pair.replica();
    let text = format!(
        "[client]\nuser = activedata\npassword = activedata-knows-this\nhost = {host}\nport = {port}\nprotocol = tcp\n\
         ssl-ca = {}\n",
        place.pair.ca().display()
    );
    std::fs::write(&file, text).unwrap();
    let hidden = ["-e", "SELECT password FROM treeherder.auth_user"];
    let leaks = place.pair.client(&file, &hidden).await.rows();
    assert_eq!(
        leaks, "a hash that nobody may read",
        "the page's words do give it"
    );

    alice.says(ROOM, "!db access check activedata");
    let told = hears_the_end(&alice, "db access check activedata: NOT as it shall be: ").await;
    for said in [
        "may read auth_user.password",
        "!db access refresh prod-db",
        "may not log in without TLS",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
    alice.says(ROOM, "!db access refresh prod-db");
    hears(&alice, "refresh prod-db: done · ").await;
    let line = hears_directly(&carol, "prod-db: from activedata was taken: ").await;
    assert!(
        line.text()
            .contains("reading all of auth_user but email, id, username"),
        "{line}"
    );
    hears_directly(&carol, "was mended for alice").await;
    place.pair.caught_up().await;
    place.pair.client(&file, &hidden).await.failed_with(1143);
    let some = ["-e", "SELECT id, username, email FROM treeherder.auth_user"];
    let output = place.pair.client(&file, &some).await;
    assert_eq!(output.rows(), "1\tmozilla-ldap/alice\talice@example.org");
    alice.says(ROOM, "!db access check activedata");
    hears(&alice, "activedata is as it shall be: ").await;
    bob.says(ROOM, "!db access refresh prod-db");
    hears(&bob, "nothing to mend").await;
}

#[tokio::test]
async fn access_is_given_used_and_taken_away_on_mariadb() {
    from_the_wish_to_the_end(Flavour::MariaDb).await;
}

#[tokio::test]
async fn access_is_given_used_and_taken_away_on_mysql() {
    from_the_wish_to_the_end(Flavour::MySql).await;
}

/// Traps 1 and 3.
#[tokio::test]
async fn trap_01_the_pages_grant_is_found_and_mended_on_mariadb() {
    the_pages_grant_is_found_and_mended(Flavour::MariaDb).await;
}

#[tokio::test]
async fn trap_01_the_pages_grant_is_found_and_mended_on_mysql() {
    the_pages_grant_is_found_and_mended(Flavour::MySql).await;
}
