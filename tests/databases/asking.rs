//! What people hear who ask for something that can't be as they typed it, and who must not be kept from taking access away
//! by a server that is down or a database that is reserved.

use std::time::Duration;

use tokio::time::sleep;

use super::place::{Place, asks_and_signs, gets_a_link, hears, hears_directly, hears_the_end, opens};
use crate::support::irc::{Line, Person};
use crate::support::mysql::{Flavour, Side};
use crate::support::serve::ROOM;
use crate::web::asking::{asks, signs};

const GONE: &str = "is gone from both servers, and nobody is logged in with it";

async fn alice_has_access(place: &Place, alice: &Person, bob: &Person) {
    let letter = gets_a_link(alice, bob, "!db access grant alice").await;
    opens(alice, &letter).await;
    hears_directly(alice, "cs_alice on prod-db can be used now").await;
    place.pair.caught_up().await;
}

async fn is_gone(place: &Place) {
    for side in Side::BOTH {
        assert_eq!(place.account(side, "cs_alice").await, None);
    }
}

/// That it is over is decided and written down without the server.
async fn a_primary_that_is_down_keeps_nobody_in(flavour: Flavour) {
    let mut place = Place::new(flavour).await;
    let [alice, bob, erin] = place.people(["alice", "bob", "erin"]).await;
    alice_has_access(&place, &alice, &bob).await;

    // Neither is it held up by whoever has reserved the database.
    alice.says(ROOM, "!lock prod-db looking at the disk");
    hears(&alice, "prod-db").await;
    place.pair.kill(Side::Primary);
    let request = asks(&bob, "!db access revoke cs_alice").await;
    let card = bob.since(0);
    let says = |words: &str| card.iter().any(|line| line.text().contains(words));
    assert!(says(
        "cs_alice@%, and cs_alice at whatever other host it is: locked"
    ));
    assert!(says(
        "prod-db's primary can't be reached. That it is over is written down all the same"
    ));
    signs(&erin, &request).await;
    hears(
        &erin,
        "db access revoke cs_alice: prod-db's primary can't be reached",
    )
    .await;
    alice.says(ROOM, "!db access show cs_alice");
    hears(&alice, "bob took it away").await;
    place.pair.start_again(Side::Primary).await;
    hears(&erin, GONE).await;
    is_gone(&place).await;
    alice.says(ROOM, "!unlock prod-db");
    hears(&alice, "prod-db").await;

    // Planned while it was there, begun while it is not.
    alice_has_access(&place, &alice, &bob).await;
    let request = asks(&bob, "!db access revoke cs_alice").await;
    place.pair.kill(Side::Primary);
    signs(&erin, &request).await;
    hears(
        &erin,
        "db access revoke cs_alice: prod-db's primary can't be reached",
    )
    .await;
    place.pair.start_again(Side::Primary).await;
    hears(&erin, GONE).await;
    is_gone(&place).await;

    // Planned while it was not there, signed when it is back, with one more of that name.
    alice_has_access(&place, &alice, &bob).await;
    place.pair.kill(Side::Primary);
    let request = asks(&bob, "!db access revoke cs_alice").await;
    place.pair.start_again(Side::Primary).await;
    place
        .pair
        .sql(Side::Primary, "CREATE USER cs_alice@'10.%' REQUIRE SSL")
        .await;
    signs(&erin, &request).await;
    hears(&erin, GONE).await;
    is_gone(&place).await;
    assert_eq!(place.accounts().await, "");
}

#[tokio::test]
async fn a_primary_that_is_down_keeps_nobody_in_on_mariadb() {
    a_primary_that_is_down_keeps_nobody_in(Flavour::MariaDb).await;
}

#[tokio::test]
async fn a_primary_that_is_down_keeps_nobody_in_on_mysql() {
    a_primary_that_is_down_keeps_nobody_in(Flavour::MySql).await;
}

/// What is typed, and a part of what is answered.
async fn answers(person: &Person, line: &str, words: &str) {
    person.says(ROOM, line);
    let told = hears(person, &format!("{}: ", person.nick())).await;
    let mut told = told.text().to_owned();
    // A long answer is several lines.
    for _ in 0..20 {
        if told.contains(words) {
            return;
        }
        sleep(Duration::from_millis(50)).await;
        told = person
            .since(0)
            .iter()
            .map(Line::text)
            .collect::<Vec<_>>()
            .join(" ");
    }
    panic!("{line}: {words:?} is not in {told}");
}

#[tokio::test]
async fn whoever_types_it_wrong_hears_what_to_type() {
    let place = Place::new(Flavour::MariaDb).await;
    let [alice, bob] = place.people(["alice", "bob"]).await;
    for (line, words) in [
        (
            "!db access grant alice --days x",
            "\"x\" is not a value for --days: it is a whole number of days, as in --days 14",
        ),
        (
            "!db access grant carol",
            "cs_carol has carol's name, and without --for you would get it yourself. Type !db access grant carol --for carol",
        ),
        (
            "!db passwd prod-db th_admin --now",
            "--now means nothing for th_admin: prod works with it, and its password always changes at once",
        ),
        ("!db access show ActiveDate", "Did you mean activedata?"),
    ] {
        answers(&alice, line, words).await;
    }

    // Twice the same is one request; less, or for less long, is another.
    let first = asks(&alice, "!db access grant alice --days 7").await;
    let again =
        format!("you have asked for that already, just now: {first} needs 1 signature of bob or erin");
    answers(&alice, "!db access grant alice --days 7", &again).await;
    let other = asks(&alice, "!db access grant alice --days 7 --tables job").await;
    assert_ne!(first, other);
    signs(&bob, &first).await;
    let done = hears_the_end(&bob, "db access grant cs_alice: done · cs_alice may read ").await;
    assert!(
        done.contains("from when alice opens link") && done.contains("proven on the replica after"),
        "{done}"
    );
    answers(&alice, "!db access show ALICE", "Did you mean cs_alice?").await;
    answers(
        &alice,
        "!db access show \"cs_alice \"",
        "cs_alice on prod-db: alice's, locked until link",
    )
    .await;

    // A link that is burned is not one that nobody opened in time.
    let (_, id) = done.split_once("opens link ").unwrap();
    let id: String = id.chars().take_while(char::is_ascii_alphanumeric).collect();
    alice.says("bot", &format!("burn {id}"));
    hears_directly(&alice, "is burned; nobody can open it").await;
    answers(
        &alice,
        "!db access show cs_alice",
        "its link was burned before anybody opened it",
    )
    .await;
}

#[tokio::test]
async fn who_is_late_with_renewing_hears_how_much_there_is() {
    let place = Place::new(Flavour::MariaDb).await;
    let [alice, bob] = place.people(["alice", "bob"]).await;
    asks_and_signs(&alice, &bob, "!db access grant alice --days 7").await;
    let letter = super::place::is_sent_a_link(&alice).await;
    opens(&alice, &letter).await;
    hears_directly(&alice, "cs_alice on prod-db can be used now").await;
    answers(
        &alice,
        "!db access renew cs_alice --days 91",
        "91 days is longer than cs_alice on prod-db may last: it ends",
    )
    .await;
    alice.says(ROOM, "!db access renew cs_alice --days 20");
    hears(&alice, "of what was granted, to alice").await;
    hears(&alice, "db access renew cs_alice: done · cs_alice ends ").await;
}
