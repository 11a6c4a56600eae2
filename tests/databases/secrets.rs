//! Passwords are where they have to be, and nowhere else: looked for in chat, logs, the store, the audit, what the system
//! shows of processes, and in whatever the servers write down.

use super::place::{Login, Place, asks_and_signs, gets_a_link, hears, hears_directly};
use crate::support::browser::Browser;
use crate::support::hunt::{Hunt, Watch};
use crate::support::mysql::{ADMIN_PASSWORD, Flavour, Side};
use crate::support::serve::ROOM;
use crate::web::asking::nobody_heard;

/// What a server wrote down that it need not have.
fn written_down(place: &Place, hunt: &Hunt) -> Vec<String> {
    let mut found = Vec::new();
    for side in Side::BOTH {
        let files = place.pair.files(side);
        assert!(!files.binary.is_empty(), "there is no binary log to be looked at");
        for path in files.all() {
            let bytes = std::fs::read(&path).unwrap();
            if let Some(what) = hunt.found_in(&bytes) {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                found.push(format!("{what} in {name} of the {}", side.name()));
            }
        }
    }
    found
}

async fn passwords_are_nowhere_else(flavour: Flavour, json: bool) {
    let watch = Watch::begin();
    let place = Place::with(flavour, |setup| setup.logging_all(json)).await;
    let [alice, bob, carol] = place.people(["alice", "bob", "carol"]).await;
    let browser = Browser::launch(&format!("access-secrets-{}", flavour.name())).await;
    let letter = gets_a_link(&alice, &bob, "!db access grant alice").await;
    let first = Login::from(&browser, &alice, &letter).await;
    hears_directly(&alice, "can be used now").await;
    place.pair.client(&first.file(), &["-e", "SELECT 1"]).await.rows();

    // Whatever fails, with the password in the statement or beside it.
    place.pair.read_only(Side::Primary, true).await;
    alice.says(ROOM, "!db access grant other");
    hears(&alice, "prod-db's primary is read-only").await;
    place.pair.read_only(Side::Primary, false).await;

    let letter = gets_a_link(&alice, &bob, "!db passwd prod-db cs_alice").await;
    place.pair.client(&first.file(), &["-e", "SELECT 1"]).await.rows();
    let second = Login::from(&browser, &alice, &letter).await;
    hears_directly(&alice, "the password from the link is in force").await;
    place
        .pair
        .client(&second.file(), &["-e", "SELECT 1"])
        .await
        .rows();
    place
        .pair
        .client(&first.file(), &["-e", "SELECT 1"])
        .await
        .failed_with(1045);
    let (old, new) = (first.field("password"), second.field("password"));
    assert_ne!(old, new);

    asks_and_signs(&bob, &alice, "!db access revoke cs_alice").await;
    hears(&bob, "is gone from both servers").await;
    browser.has_no_complaints().await;
    let requests = browser.requests().await.to_string();
    drop(browser);

    let people = Hunt::default()
        .text("the first password", old)
        .text("the second password", new);
    let admin = Hunt::default().text("the bot's own password", ADMIN_PASSWORD);
    let all = people.clone().text("the bot's own password", ADMIN_PASSWORD);
    nobody_heard(&all, &[&alice, &bob, &carol]);
    place.house.keeps_nothing_of(&all).await;
    watch.saw_nothing_of(&all, &["countersign", "chromium"]);
    all.is_not_in("what the browser asked for", requests);

    // Neither server has them in a log: MySQL puts the hash there, and MariaDB, which puts everything there, is told the hash
    // alone (trap 4).
    for hunt in [&admin, &people] {
        assert_eq!(written_down(&place, hunt), Vec::<String>::new());
    }
}

#[tokio::test]
async fn passwords_are_nowhere_else_on_mariadb() {
    passwords_are_nowhere_else(Flavour::MariaDb, false).await;
}

#[tokio::test]
async fn passwords_are_nowhere_else_on_mysql() {
    passwords_are_nowhere_else(Flavour::MySql, true).await;
}
