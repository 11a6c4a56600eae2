//! Servers that are down, full of people, read-only, late, broken, or not who they should be: each is told in words, nothing
//! is half done, and what was begun comes to its end when the trouble is over.

use super::place::{Place, asks_and_signs, gets_a_link, hears, hears_directly, is_sent_a_link, opens};
use crate::support::irc::Person;
use crate::support::mysql::{ADMIN, Cert, Flavour, Side};
use crate::support::serve::ROOM;
use crate::web::asking::{asks, signs};

const GRANT: &str = "!db access grant alice";

/// Asked for now, it is refused with these words; nothing was begun.
async fn is_refused(place: &Place, alice: &Person, words: &str) {
    let mark = alice.mark();
    alice.says(ROOM, GRANT);
    let line = hears(alice, "alice: ").await;
    assert!(line.text().contains(words), "{words}: {line}");
    assert!(!line.text().contains("R-"), "nothing is to be signed: {line}");
    assert_eq!(place.accounts().await, "");
    let (_, port) = place.pair.primary();
    for line in alice.since(mark) {
        assert!(
            !line.raw.contains(&port.to_string()),
            "the primary's address is told: {line}"
        );
    }
}

/// The bot has to connect anew, on both sides.
async fn connects_anew(place: &Place) {
    for side in Side::BOTH {
        place.pair.throw_out(side, ADMIN).await;
    }
}

async fn nothing_begins_in_trouble(flavour: Flavour) {
    let mut place = Place::new(flavour).await;
    let [alice, bob] = place.people(["alice", "bob"]).await;

    place.pair.read_only(Side::Primary, true).await;
    is_refused(&place, &alice, "prod-db's primary is read-only").await;
    place.pair.read_only(Side::Primary, false).await;

    place.pair.read_only(Side::Replica, false).await;
    is_refused(&place, &alice, "prod-db's replica is not read-only").await;
    place.pair.read_only(Side::Replica, true).await;

    place.pair.lag(90).await;
    is_refused(&place, &alice, "prod-db's replica is 1 min 3").await;
    place.pair.lag(0).await;

    place.pair.break_replication().await;
    is_refused(
        &place,
        &alice,
        "prod-db's replica does not replicate (its applier has stopped",
    )
    .await;
    place.pair.mend_replication().await;

    place.pair.stop_replication().await;
    is_refused(
        &place,
        &alice,
        "prod-db's replica does not replicate (its reader has stopped",
    )
    .await;
    place.pair.start_replication().await;

    for (cert, words) in [
        (Cert::Expired, "shows a certificate that has expired"),
        (Cert::OtherName, "shows a certificate for another name"),
        (
            Cert::OtherAuthority,
            "shows a certificate of an authority that the bot does not know",
        ),
    ] {
        place.pair.certificate(cert).await;
        connects_anew(&place).await;
        is_refused(&place, &alice, words).await;
    }
    place.pair.certificate(Cert::Good).await;

    for side in Side::BOTH {
        place.pair.throw_out(side, ADMIN).await;
        let crowd = place.pair.crowd(side).await;
        is_refused(
            &place,
            &alice,
            &format!("prod-db's {} has no connection left", side.name()),
        )
        .await;
        place.pair.disperses(side, crowd).await;
    }

    for side in Side::BOTH {
        place.pair.kill(side);
        alice.says(ROOM, GRANT);
        hears(&alice, &format!("prod-db's {} can't be reached", side.name())).await;
        place.pair.start_again(side).await;
        assert_eq!(place.accounts().await, "");
    }
    // All of that over, it goes as ever.
    gets_a_link(&alice, &bob, GRANT).await;
}

/// It goes on where it was when the trouble is over.
async fn what_was_begun_ends_well(flavour: Flavour) {
    let mut place = Place::new(flavour).await;
    let [alice, bob, erin] = place.people(["alice", "bob", "erin"]).await;

    let request = asks(&alice, GRANT).await;
    place.pair.kill(Side::Primary);
    signs(&bob, &request).await;
    hears(&alice, "prod-db's primary can't be reached").await;
    place.pair.start_again(Side::Primary).await;
    let letter = is_sent_a_link(&alice).await;

    // The link is opened while nobody can unlock the account.
    place.pair.kill(Side::Primary);
    opens(&alice, &letter).await;
    hears_directly(&alice, "was opened just now").await;
    assert_eq!(place.account(Side::Replica, "cs_alice").await, Some(true));
    place.pair.start_again(Side::Primary).await;
    hears_directly(&alice, "cs_alice on prod-db can be used now").await;
    assert_eq!(place.account(Side::Replica, "cs_alice").await, Some(false));

    // It is not dropped before the replica has locked it: whoever is logged in there would stay.
    place.pair.stop_replication().await;
    asks_and_signs(&bob, &erin, "!db access revoke cs_alice").await;
    hears(&erin, "prod-db's replica does not show the lock yet").await;
    assert_eq!(place.account(Side::Primary, "cs_alice").await, Some(true));
    assert_eq!(place.account(Side::Replica, "cs_alice").await, Some(false));
    place.pair.start_replication().await;
    hears(
        &erin,
        "is gone from both servers, and nobody is logged in with it",
    )
    .await;
    for side in Side::BOTH {
        assert_eq!(place.account(side, "cs_alice").await, None);
    }
}

#[tokio::test]
async fn nothing_begins_while_mariadb_is_in_trouble() {
    nothing_begins_in_trouble(Flavour::MariaDb).await;
}

#[tokio::test]
async fn nothing_begins_while_mysql_is_in_trouble() {
    nothing_begins_in_trouble(Flavour::MySql).await;
}

#[tokio::test]
async fn what_was_begun_on_mariadb_ends_well() {
    what_was_begun_ends_well(Flavour::MariaDb).await;
}

#[tokio::test]
async fn what_was_begun_on_mysql_ends_well() {
    what_was_begun_ends_well(Flavour::MySql).await;
}
