//! A deploy and a rollback among people whom the network knows, with either services.

use super::house::{House, asks_for_rollback, is_done, signs};
use crate::support::irc::{Line, Services};
use crate::support::serve::ROOM;

async fn a_deploy_and_a_rollback(services: Services) {
    let house = House::new(services).await;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| house.person(name));
    let (alice, bob, carol) = tokio::join!(alice, bob, carol);

    // The network proves who the bot is, too.
    alice.says(ROOM, "!ping");
    let pong = alice.hears_in(ROOM, "alice: pong").await;
    assert_eq!((pong.from.as_str(), pong.tag("account")), ("bot", Some("bot")));

    carol.says(ROOM, "!deploy prod");
    carol.hears_in(ROOM, "carol: you may not deploy prod").await;
    alice.says(ROOM, "!deploy prod");
    alice
        .hears_in(ROOM, "alice: deploy prod: 12 commits by 4 people")
        .await;
    is_done(&alice, "deploy prod: done · v813").await;
    bob.hears_in(ROOM, "prod: v813 live").await;
    assert_eq!(
        house
            .sandbox
            .changes("PATCH /github/repos/mozilla/treeherder/git/refs")
            .await,
        1
    );

    let id = asks_for_rollback(&alice).await;
    alice.says(ROOM, &format!("!approve {id}"));
    alice
        .hears_in(
            ROOM,
            &format!("alice: you asked for {id} yourself; bob or erin can sign it"),
        )
        .await;
    carol.says(ROOM, &format!("!approve {id}"));
    carol
        .hears_in(
            ROOM,
            "carol: you may not use !approve: it needs the role deployer",
        )
        .await;
    assert_eq!(house.rollbacks().await, 0);

    let done = signs(&bob, &id).await;
    assert!(done.text().contains("asked by alice, signed by bob"), "{done}");
    alice.hears_in(ROOM, "prod: v814 live · rolled back").await;
    // Twice is once.
    bob.says(ROOM, &format!("!approve {id}"));
    bob.hears_in(ROOM, &format!("bob: {id} ")).await;
    assert_eq!(house.rollbacks().await, 1);

    let said = house.bot.does("ops").await;
    for words in ["roll back prod", "deploy prod", "succeeded", "asked by alice"] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    let said = house.bot.does("releases prod").await;
    assert!(said.contains("v814") && said.contains("Rollback to"), "{said}");
    let audit = house.bot.audit().await;
    assert!(!audit.is_empty());
    no_secret_was_said(&alice.since(0), &house.bot.log());
}

fn no_secret_was_said(heard: &[Line], log: &str) {
    for canary in crate::support::play::CANARIES
        .into_iter()
        .chain(["bot-knows-this"])
    {
        assert!(
            heard.iter().all(|line| !line.raw.contains(canary)),
            "{canary} was said"
        );
        assert!(!log.contains(canary), "{canary} is in the log");
    }
}

#[tokio::test]
async fn with_atheme() {
    a_deploy_and_a_rollback(Services::Atheme).await;
}

#[tokio::test]
async fn with_anope() {
    a_deploy_and_a_rollback(Services::Anope).await;
}
