//! Links and drop boxes while the bot is killed, ended, started again, told to read its configuration, and given other keys.

use std::collections::BTreeMap;
use std::path::Path;

use super::asking::{
    Letter, asks, gets_a_box, gets_a_link, hears_the_phrase, house, says_it_was_they, signs,
};
use crate::irc::house::{House, is_done};
use crate::support::http::{self, Connection, Reply};
use crate::support::irc::Person;
use crate::support::serve::ROOM;

use countersign_secrets::drop_box::{Filling, fill};
use serde_json::{Value, json};

const JSON: &str = "Content-Type: application/json";
const VALUE: &str = "sk_live_canary-Rk2vXn";

async fn opens(letter: &Letter, phrase: &str) -> Reply {
    let line = format!("POST {}/redeem", letter.path());
    http::request(&letter.origin(), &line, &[JSON], &letter.redemption(phrase)).await
}

/// Fills a box as its page would, and says by which digits.
async fn fills(letter: &Letter, value: &str) -> String {
    let status = letter.status().await.json();
    let public: String = status["public_key"].as_str().unwrap().to_owned();
    let public = base64(&public).try_into().unwrap();
    let header = status["header"].as_str().unwrap();
    let filling: Filling = fill(&public, header, [7; 32], [9; 12], value.as_bytes()).unwrap();
    let mut body = serde_json::to_value(&filling).unwrap();
    body["v"] = 1.into();
    body["link"] = letter.proof().into();
    let reply = http::post(&letter.origin(), &format!("{}/fill", letter.path()), &body).await;
    assert_eq!(reply.status(), 200, "{:?}", String::from_utf8_lossy(&reply.body));
    let sha256 = reply.json()["sha256"].as_str().unwrap().to_owned();
    format!("{} {}", &sha256[..4], &sha256[4..8])
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

async fn people(house: &House) -> (Person, Person) {
    tokio::join!(house.person("alice"), house.person("bob"))
}

async fn has_left(alice: &Person) {
    alice
        .sees("the bot's end", |line| line.is("QUIT") && line.from == "bot")
        .await;
}

#[tokio::test]
async fn a_link_lives_through_a_reload_a_kill_and_an_end() {
    let mut house = house().await;
    let (alice, bob) = people(&house).await;
    let letter = gets_a_link(&alice, &bob, "stage", "SECRET_KEY").await;
    let mark = house.bot.mark();
    house.bot.hang_up();
    house
        .bot
        .logs_after(mark, "configuration reloaded by SIGHUP")
        .await;
    assert_eq!(letter.state().await, "live");
    let second = gets_a_link(&alice, &bob, "stage", "REDIS_URL").await;
    house.bot.kill();
    has_left(&alice).await;
    house.bot.start_again().await;
    assert_eq!(letter.state().await, "live");
    let phrase = hears_the_phrase(&alice, &letter).await;
    house.bot.end().await;
    has_left(&alice).await;
    house.bot.start_again().await;
    assert_eq!(opens(&letter, &phrase).await.status(), 200);
    alice
        .hears_in(
            "alice",
            &format!("link {} (stage's SECRET_KEY) was opened just now", letter.id),
        )
        .await;
    let phrase = hears_the_phrase(&alice, &second).await;
    // The one that was opened stays so, and the other is opened under a configuration that was read again.
    let mark = house.bot.mark();
    house.bot.hang_up();
    house
        .bot
        .logs_after(mark, "configuration reloaded by SIGHUP")
        .await;
    assert_eq!(opens(&second, &phrase).await.status(), 200);
    house.bot.kill();
    has_left(&alice).await;
    house.bot.start_again().await;
    for letter in [&letter, &second] {
        assert_eq!(letter.state().await, "redeemed");
        let reply = http::post(
            &letter.origin(),
            &format!("{}/status", letter.path()),
            &json!({ "v": 1, "link": "x" }),
        )
        .await;
        assert_ne!(reply.status(), 200);
    }
    house.bot.audit().await;
}

/// What was begun is answered, and not done once more.
#[tokio::test]
async fn a_redemption_under_way_is_finished_when_the_bot_is_ended() {
    let mut house = house().await;
    let (alice, bob) = people(&house).await;
    let letter = gets_a_link(&alice, &bob, "stage", "SECRET_KEY").await;
    let phrase = hears_the_phrase(&alice, &letter).await;
    let origin = letter.origin();
    let line = format!("POST {}/redeem", letter.path());
    let bytes = http::bytes(&origin, &line, &[JSON], &letter.redemption(&phrase));
    let (first, rest) = bytes.split_at(bytes.len() - 10);
    let mut connection = Connection::to(&origin).await;
    connection.sends(first.as_bytes()).await;
    let mark = house.bot.mark();
    house.bot.terminate();
    house.bot.logs_after(mark, "going down").await;
    connection.sends(rest.as_bytes()).await;
    let reply = connection.reply().await.expect("an answer");
    assert_eq!(reply.status(), 200, "{}", reply.head);
    assert!(reply.json()["ct"].as_str().unwrap().len() > 1_024);
    house.bot.has_ended().await;
    house.bot.start_again().await;
    alice
        .hears_in(
            "alice",
            &format!("link {} (stage's SECRET_KEY) was opened just now", letter.id),
        )
        .await;
    assert_eq!(opens(&letter, &phrase).await.status(), 410);
}

/// The bot is stopped when a form was just sent, and once more in the middle of planning what that is for.
async fn between_the_form_and_the_plan(kill: bool) {
    let mut house = house().await;
    let (alice, bob) = people(&house).await;
    let letter = gets_a_box(&alice, "stage", "NEW_KEY").await;
    let digits = fills(&letter, VALUE).await;
    stops(&mut house, kill).await;
    house.bot.start_again().await;
    alice
        .hears_in("alice", &format!("drop box {} (", letter.id))
        .await;
    assert_eq!(letter.state().await, "filled");

    let fault =
        json!({ "route": "GET /apps/treeherder-stage/config-vars", "skip": 0, "fault": "hang_before" });
    let ordered = house.sandbox.post("faults", fault).await;
    let command = format!("config set stage NEW_KEY --box {}", letter.id);
    alice.says(ROOM, &format!("!{command}"));
    let hit = house
        .sandbox
        .get(&format!("faults/{}/hit?wait=20", ordered["id"]))
        .await;
    assert_eq!(hit["hits"], 1, "the bot is planning: {hit}");
    stops(&mut house, kill).await;
    house.sandbox.clear_faults().await;
    house.bot.start_again().await;
    let words = format!("alice: I was restarted before I got to \"!{command}\"; nothing was done.");
    alice.hears_in(ROOM, &words).await;

    let request = asks(&alice, &format!("!{command}")).await;
    let line = bob.hears_in(ROOM, &format!("fingerprint {digits}")).await;
    let from = format!("from drop box {}, filled from 127.0.0.1", letter.id);
    assert!(line.text().contains(&from), "{line}");
    bob.hears_in(ROOM, &format!("signature on {request}")).await;
    signs(&bob, &request).await;
    is_done(&alice, "NEW_KEY set, ").await;
    assert_eq!(house.config_var("stage", "NEW_KEY").await.as_deref(), Some(VALUE));
    let plans = alice
        .heard(ROOM)
        .into_iter()
        .filter(|line| line.text().starts_with("alice: request R-"));
    assert_eq!(plans.count(), 1, "{}", alice.conversation());
}

async fn stops(house: &mut House, kill: bool) {
    if kill {
        house.bot.kill();
    } else {
        house.bot.end().await;
    }
}

#[tokio::test]
async fn a_kill_between_the_form_and_the_plan() {
    between_the_form_and_the_plan(true).await;
}

#[tokio::test]
async fn an_end_between_the_form_and_the_plan() {
    between_the_form_and_the_plan(false).await;
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().flatten();
    let files = files.filter(|entry| entry.file_type().unwrap().is_file());
    // Who holds a lock is written into it.
    let files = files.filter(|entry| !entry.file_name().to_string_lossy().ends_with(".lock"));
    files
        .map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, std::fs::read(entry.path()).unwrap())
        })
        .collect()
}

#[tokio::test]
async fn with_a_wrong_key_the_bot_does_not_start_and_loses_nothing() {
    let mut house = house().await;
    let (alice, bob) = people(&house).await;
    let letter = gets_a_link(&alice, &bob, "stage", "SECRET_KEY").await;
    let right = house.bot.sealing_key.clone();
    house.bot.end().await;
    has_left(&alice).await;
    let before = files(&house.bot.data());
    assert!(
        before.keys().any(|name| name == countersign::STORE_FILE),
        "{:?}",
        before.keys()
    );
    house.bot.sealing_key = "5a".repeat(32);
    let said = house.bot.refuses_to_start().await;
    assert!(
        said.contains("secrets in the store are sealed with the key "),
        "{said}"
    );
    assert!(
        said.contains("put that key back as [secrets] key, or add it to old_keys. Nothing was changed"),
        "{said}"
    );
    assert!(
        !said.contains(&right) && !said.contains(&"5a".repeat(32)),
        "{said}"
    );
    house.bot.sealing_key = "no key".to_owned();
    let said = house.bot.refuses_to_start().await;
    assert!(
        said.contains("this is no sealing key: a key is 64 hexadecimal digits"),
        "{said}"
    );
    let after = files(&house.bot.data());
    assert_eq!(
        after.keys().collect::<Vec<_>>(),
        before.keys().collect::<Vec<_>>()
    );
    for (name, bytes) in &before {
        assert!(after[name] == *bytes, "{name} is another");
    }
    house.bot.sealing_key = right;
    house.bot.start_again().await;
    let phrase = hears_the_phrase(&alice, &letter).await;
    assert_eq!(opens(&letter, &phrase).await.status(), 200);
}

fn edit_secrets(house: &House, edit: impl FnOnce(&mut toml::Table)) {
    let text = std::fs::read_to_string(house.bot.config()).unwrap();
    let mut config: toml::Table = text.parse().unwrap();
    edit(config["secrets"].as_table_mut().unwrap());
    std::fs::write(house.bot.config(), toml::to_string(&config).unwrap()).unwrap();
}

fn from_environment(variable: &str) -> toml::Value {
    let source = [("env".to_owned(), toml::Value::from(variable))];
    source.into_iter().collect::<toml::Table>().into()
}

#[tokio::test]
async fn a_key_is_changed_while_a_link_and_a_box_wait() {
    let mut house = house().await;
    let (alice, bob) = people(&house).await;
    let letter = gets_a_link(&alice, &bob, "stage", "SECRET_KEY").await;
    let drop_box = gets_a_box(&alice, "stage", "NEW_KEY").await;
    house.bot.end().await;
    has_left(&alice).await;
    // In the process that runs from now on the first key is the old one.
    house.bot.old_sealing_key = std::mem::replace(&mut house.bot.sealing_key, "5a".repeat(32));
    edit_secrets(&house, |secrets| {
        secrets.insert(
            "old_keys".into(),
            vec![from_environment("OLD_SEALING_KEY")].into(),
        );
    });
    house.bot.start_again().await;

    // A reload that would leave it out is refused, and the old configuration goes on.
    edit_secrets(&house, |secrets| {
        secrets.remove("old_keys");
    });
    let mark = house.bot.mark();
    house.bot.hang_up();
    house
        .bot
        .logs_after(
            mark,
            "the new configuration was not taken: secrets in the store are sealed with the key ",
        )
        .await;

    let phrase = hears_the_phrase(&alice, &letter).await;
    assert_eq!(opens(&letter, &phrase).await.status(), 200);
    let digits = fills(&drop_box, VALUE).await;
    let request = says_it_was_they(&alice, &drop_box).await;
    bob.hears_in(ROOM, &format!("fingerprint {digits}")).await;
    bob.hears_in(ROOM, &format!("signature on {request}")).await;
    signs(&bob, &request).await;
    is_done(&alice, "NEW_KEY set, ").await;
    assert_eq!(house.config_var("stage", "NEW_KEY").await.as_deref(), Some(VALUE));

    // Nothing is sealed with it any more: now it can go.
    let mark = house.bot.mark();
    house.bot.hang_up();
    house
        .bot
        .logs_after(mark, "configuration reloaded by SIGHUP")
        .await;
    house.bot.old_sealing_key.clear();
    house.bot.end().await;
    has_left(&alice).await;
    house.bot.start_again().await;
    let third = gets_a_link(&alice, &bob, "stage", "SECRET_KEY").await;
    let status: Value = third.status().await.json();
    assert_eq!(status["state"], "live");
}
