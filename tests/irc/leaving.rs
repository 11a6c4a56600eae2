//! Each way in which a network throws the bot out, one at a time: it comes back, nothing is done twice, and what it had
//! to say is said.

use std::time::Duration;

use super::house::{House, asks_for_rollback, is_done};
use crate::support::irc::{InspIrcd, Line, Options, Person, Services};
use crate::support::serve::{ROOM, Setup};

/// With what the bot waits between two attempts, and a server that takes a second for each person.
const BACK: Duration = Duration::from_mins(3);

/// The bot comes into the room.
fn bot_joins(line: &Line) -> bool {
    line.is("JOIN") && line.from == "bot" && line.target() == ROOM
}

async fn is_back(person: &Person) {
    person.sees_within(BACK, "the bot's return", bot_joins).await;
}

/// A rollback is carried out while the bot is thrown out and comes back: once, and people hear of its end.
async fn a_rollback_survives(house: &House, alice: &Person, bob: &Person, throw_out: impl AsyncFnOnce()) {
    let id = asks_for_rollback(alice).await;
    bob.says(ROOM, &format!("!approve {id}"));
    bob.hears_in(ROOM, "bob: signed").await;
    throw_out().await;
    is_back(alice).await;
    is_done(alice, "rollback prod: done").await;
    it_was_carried_out(house, alice, bob).await;
}

/// Once; and the bot hears and is heard, and still knows who is who.
async fn it_was_carried_out(house: &House, alice: &Person, bob: &Person) {
    assert_eq!(house.rollbacks().await, 1);
    alice.says(ROOM, "!holds");
    alice.hears_in(ROOM, "alice: prod: held").await;
    bob.says(ROOM, "!lock stage \"to see whether I may\"");
    bob.hears_in(ROOM, "bob: stage is yours").await;
    house.bot.audit().await;
}

/// Alice and bob, and an operator who made alice one of the room's own.
async fn people(house: &House) -> (Person, Person, Person) {
    let (alice, bob, oper) = tokio::join!(house.person("alice"), house.person("bob"), house.irc.oper("oper"));
    oper.raw(&format!("SAMODE {ROOM} +o alice"));
    alice
        .sees("her rights in the room", |line| {
            line.is("MODE") && line.raw.contains("+o")
        })
        .await;
    (alice, bob, oper)
}

#[tokio::test]
async fn a_kick() {
    let house = House::new(Services::Atheme).await;
    let (alice, bob, _oper) = people(&house).await;
    a_rollback_survives(&house, &alice, &bob, async || {
        alice.raw(&format!("KICK {ROOM} bot :out"));
        alice.sees("the kick", |line| line.is("KICK")).await;
    })
    .await;
}

/// Who looks after the bot is told, in another room.
#[tokio::test]
async fn a_ban() {
    let told = |setup: Setup| {
        setup.but(|config| {
            let bot = config["bot"].as_table_mut().unwrap();
            bot.insert("tell".into(), vec!["#keepers"].into());
        })
    };
    let house = House::with(Options::with(Services::Atheme), InspIrcd::tls, told).await;
    let (alice, bob, _oper) = people(&house).await;
    let erin = house.person("erin").await;
    erin.joins("#keepers").await;
    a_rollback_survives(&house, &alice, &bob, async || {
        alice.raw(&format!("MODE {ROOM} +b bot!*@*"));
        alice
            .sees("the ban", |line| line.is("MODE") && line.raw.contains("+b"))
            .await;
        alice.raw(&format!("KICK {ROOM} bot :out"));
        alice.sees("the kick", |line| line.is("KICK")).await;
        erin.sees_within(BACK, "word of the ban", |line| {
            line.from == "bot" && line.target() == "#keepers" && line.text().contains("ban")
        })
        .await;
        alice.raw(&format!("MODE {ROOM} -b bot!*@*"));
    })
    .await;
}

/// An operator of the network ends the connection.
#[tokio::test]
async fn a_kill() {
    let house = House::new(Services::Anope).await;
    let (alice, bob, oper) = people(&house).await;
    a_rollback_survives(&house, &alice, &bob, async || {
        oper.raw("KILL bot :out");
        alice
            .sees("the bot's end", |line| line.is("QUIT") && line.from == "bot")
            .await;
    })
    .await;
}

/// The bot is on the other side of a split, where somebody takes the approver's nick meanwhile.
#[tokio::test]
async fn a_netsplit() {
    let mut irc = House::network(Options::with(Services::Atheme)).await;
    irc.link().await;
    let house = House::on(irc, InspIrcd::leaf, |setup| setup).await;
    let (alice, bob, _oper) = people(&house).await;
    let mallory = Person::nobody(house.irc.leaf(), "mallory").await;
    mallory.joins(ROOM).await;
    let id = asks_for_rollback(&alice).await;
    bob.says(ROOM, &format!("!approve {id}"));
    bob.hears_in(ROOM, "bob: signed").await;
    house.irc.split().await;
    alice
        .sees("the bot's end", |line| line.is("QUIT") && line.from == "bot")
        .await;
    mallory
        .sees("bob's end", |line| line.is("QUIT") && line.from == "bob")
        .await;
    mallory.renames("bob").await;
    mallory.says(ROOM, "!lock stage mine");
    mallory.hears_in(ROOM, "bob: you may not lock stage").await;
    mallory.renames("mallory").await;
    house.irc.heal().await;
    is_back(&alice).await;
    // What was said meanwhile was said to the other side; it can be asked for.
    is_over(&alice).await;
    it_was_carried_out(&house, &alice, &bob).await;
}

/// Everybody is gone at once, and has to come back.
#[tokio::test]
async fn a_restart_of_the_server() {
    let mut house = House::new(Services::Anope).await;
    let (alice, bob, _oper) = people(&house).await;
    let id = asks_for_rollback(&alice).await;
    bob.says(ROOM, &format!("!approve {id}"));
    bob.hears_in(ROOM, "bob: signed").await;
    let mark = house.bot.mark();
    house.irc.restart().await;
    alice.is_gone().await;
    house.bot.logs_after(mark, "ready: ").await;
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob"));
    // Its end was said by now, to whoever was there; and everybody can ask.
    is_over(&alice).await;
    it_was_carried_out(&house, &alice, &bob).await;
}

/// Asks until the rollback is over.
async fn is_over(person: &Person) {
    for _ in 0..60 {
        person.says(ROOM, "!ops");
        let line = person.hears_in(ROOM, &format!("{}: op ", person.nick())).await;
        if line.text().contains("succeeded") {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    panic!("the rollback does not end\n{}", person.conversation());
}

/// Services die and come back. Meanwhile the bot loses its connection and cannot log in; people who are logged in stay
/// it, because the server remembers.
async fn services_die(services: Services) {
    let mut house = House::new(services).await;
    let (alice, bob, oper) = people(&house).await;
    house.irc.kill_services().await;
    alice.says(ROOM, "!lock prod \"without services\"");
    alice.hears_in(ROOM, "alice: prod is yours").await;
    oper.raw("KILL bot :out");
    alice
        .sees("the bot's end", |line| line.is("QUIT") && line.from == "bot")
        .await;
    let back = alice.sees_within(BACK, "the bot's return", bot_joins).await;
    assert_eq!(back.params[1], "*", "it has no account now: {back}");
    bob.says(ROOM, "!unlock prod");
    bob.hears_in(ROOM, "bob: prod is free again").await;
    // The bot logs in as soon as it can, without a new connection.
    house.irc.start_services().await;
    alice
        .sees_within(BACK, "the bot's login", |line| {
            line.is("ACCOUNT") && line.from == "bot" && line.text() == "bot"
        })
        .await;
    alice.says(ROOM, "!ping");
    let pong = alice.hears_in(ROOM, "alice: pong").await;
    assert_eq!(pong.tag("account"), Some("bot"));
}

#[tokio::test]
async fn services_that_die_with_atheme() {
    services_die(Services::Atheme).await;
}

#[tokio::test]
async fn services_that_die_with_anope() {
    services_die(Services::Anope).await;
}

/// Somebody has the bot's nick when it comes: it takes another, logs in, and gets its own back.
async fn the_nick_is_taken(services: Services) {
    let house = House::new(services).await;
    let (alice, _bob, oper) = people(&house).await;
    let sitter = Person::nobody(house.irc.plain(), "sitter").await;
    oper.raw("KILL bot :out");
    alice
        .sees("the bot's end", |line| line.is("QUIT") && line.from == "bot")
        .await;
    sitter.renames("bot").await;
    alice
        .sees_within(BACK, "the bot under another nick", |line| {
            line.is("JOIN") && line.params[1] == "bot"
        })
        .await;
    sitter
        .sees("the end, or another nick", |line| {
            line.command == "(closed)" || line.is("NICK") && line.from == "bot"
        })
        .await;
    alice
        .sees_within(BACK, "the bot's own nick", |line| {
            line.is("NICK") && line.text() == "bot"
        })
        .await;
    alice.says(ROOM, "!ping");
    let pong = alice.hears_in(ROOM, "alice: pong").await;
    assert_eq!((pong.from.as_str(), pong.tag("account")), ("bot", Some("bot")));
}

#[tokio::test]
async fn a_taken_nick_with_atheme() {
    the_nick_is_taken(Services::Atheme).await;
}

#[tokio::test]
async fn a_taken_nick_with_anope() {
    the_nick_is_taken(Services::Anope).await;
}
