//! The process that is killed, ended and told to read its configuration again, on a real network.

use super::house::{House, asks_for_rollback, signs};
use crate::support::irc::Services;
use crate::support::serve::ROOM;

#[tokio::test]
async fn what_was_asked_before_a_kill_is_signed_after_it() {
    let mut house = House::new(Services::Atheme).await;
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob"));
    let id = asks_for_rollback(&alice).await;
    house.bot.kill();
    alice
        .sees("the bot's end", |line| line.is("QUIT") && line.from == "bot")
        .await;
    house.bot.start_again().await;
    signs(&bob, &id).await;
    assert_eq!(house.rollbacks().await, 1);

    // Ended in good order, it says so, and keeps what it has.
    house.bot.end().await;
    alice
        .sees("the bot's end", |line| line.is("QUIT") && line.from == "bot")
        .await;
    house.bot.start_again().await;
    alice.says(ROOM, "!holds");
    alice.hears_in(ROOM, "alice: prod: held").await;
    assert!(house.bot.data().is_dir());
    house.bot.audit().await;
}

#[tokio::test]
async fn a_new_role_counts_without_a_new_connection() {
    let house = House::new(Services::Anope).await;
    let carol = house.person("carol").await;
    carol.says(ROOM, "!lock stage mine");
    carol.hears_in(ROOM, "carol: you may not lock stage").await;
    let text = std::fs::read_to_string(house.bot.config()).unwrap();
    let mut config: toml::Table = text.parse().unwrap();
    let people = config["person"].as_array_mut().unwrap();
    let written = people
        .iter_mut()
        .find(|it| it["name"].as_str() == Some("carol"))
        .unwrap();
    written["roles"] = vec!["deployer"].into();
    std::fs::write(house.bot.config(), toml::to_string(&config).unwrap()).unwrap();
    let (mark, heard) = (house.bot.mark(), carol.mark());
    house.bot.hang_up();
    house
        .bot
        .logs_after(mark, "configuration reloaded by SIGHUP")
        .await;
    carol.says(ROOM, "!lock stage mine");
    carol.hears_in(ROOM, "carol: stage is yours").await;
    let left = carol
        .since(heard)
        .into_iter()
        .any(|line| line.is("QUIT") && line.from == "bot");
    assert!(!left, "{}", carol.conversation());
}
