//! A secret reaches a person: asked for in a room, signed by another, opened once in a browser.

use std::os::unix::process::ExitStatusExt as _;

use super::asking::{Letter, asks, gets_a_link, hears_the_phrase, house_with, mistyped, nobody_heard, signs};
use crate::irc::house::House;
use crate::support::browser::Browser;
use crate::support::hunt::{Hunt, Watch};
use crate::support::irc::Person;
use crate::support::serve::ROOM;

/// What the sandbox has in it.
const VALUE: &str =
    "mysql://th_admin:canary-prod-database-2@treeherder-prod.sandbox.us-east-1.rds.amazonaws.com/treeherder";
/// The part of it that is secret, and short enough that nobody clips it.
const PASSWORD: &str = "canary-prod-database-2";

async fn is_opened_once(json: bool) {
    let story = if json { "get-json" } else { "get" };
    let watch = Watch::begin();
    let mut house = house_with(|setup| setup.logging_all(json)).await;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| house.person(name));
    let (alice, bob, carol) = tokio::join!(alice, bob, carol);
    let letter = gets_a_link(&alice, &bob, "prod", "DATABASE_URL").await;
    carol.says("bot", &format!("phrase {}", letter.id));
    carol
        .hears_in("carol", &format!("there is no link {} of yours", letter.id))
        .await;
    alice.says(ROOM, &format!("!phrase {}", letter.id));
    alice
        .hears_in(ROOM, "alice: a phrase is only told in a direct message")
        .await;
    let phrase = hears_the_phrase(&alice, &letter).await;

    let browser = Browser::launch(story).await;
    let tab = browser.open(&letter.url, &[]).await;
    let words = tab.shows("ready", "1-ready").await;
    for said in [
        "prod's DATABASE_URL",
        "alice, signed by bob",
        "alice",
        "Guesses left",
    ] {
        assert!(words.contains(said), "{said}\n{words}");
    }
    assert!(
        !tab.address().await.contains('#'),
        "the secret part leaves the address bar"
    );
    tab.phrase(&mistyped(&phrase)).await;
    assert!(tab.problem().await.contains("4 guesses left"));
    tab.shows("ready", "2-mistyped").await;
    assert_eq!(letter.status().await.json()["attempts_left"], 4);
    tab.phrase(&phrase.to_lowercase().replace('-', " ")).await;
    tab.shows("opened", "3-opened").await;
    assert_eq!(tab.fields().await, serde_json::json!({ "DATABASE_URL": VALUE }));
    tab.reload().await;
    let words = tab.shows("reloaded-done", "4-reloaded").await;
    assert!(words.contains("was kept nowhere"), "{words}");
    assert!(
        !tab.content().await.contains("canary"),
        "a reload shows nothing of it"
    );
    let again = browser.open(&letter.url, &[]).await;
    let words = again.shows("redeemed", "5-again").await;
    assert!(words.contains("It opens only once"), "{words}");

    let opened = format!(
        "link {} (prod's DATABASE_URL) was opened just now from 127.0.0.1 (",
        letter.id
    );
    let line = alice.hears_in("alice", &opened).await;
    assert!(
        line.text().contains("Chrome") && line.text().contains(&format!("burn {}", letter.id)),
        "{line}"
    );
    alice.says("bot", "links");
    let line = alice
        .hears_in(
            "alice",
            &format!("{}: prod's DATABASE_URL for alice, opened ", letter.id),
        )
        .await;
    assert!(line.text().contains("from 127.0.0.1"), "{line}");
    alice.says("bot", &format!("phrase {}", letter.id));
    alice
        .hears_in(
            "alice",
            &format!("was opened just now. A new one: reissue {}", letter.id),
        )
        .await;

    browser.has_no_complaints().await;
    let requests = browser.requests().await.to_string();
    drop(browser);
    let hunt = is_nowhere_else(&house, &letter, &phrase, [&alice, &bob, &carol]).await;
    hunt.is_not_in("what the browser asked for", requests);
    watch.saw_nothing_of(&hunt, &["countersign", "chromium"]);
    let death = house.bot.aborts().await;
    assert!(!death.core_dumped(), "its memory lies about");
    hunt.is_not_in("what it said when it died", house.bot.log());
    hunt.is_not_in_files(&house.bot.data());
}

/// The value was said to nobody; the halves of the link were said to alice, directly, and in no line together. The bot kept
/// none of it.
async fn is_nowhere_else(house: &House, letter: &Letter, phrase: &str, people: [&Person; 3]) -> Hunt {
    let value = Hunt::default()
        .text("the value", VALUE)
        .text("the password", PASSWORD);
    let address = Hunt::default().base64("the key", letter.fragment());
    let words = Hunt::default().text("the phrase", phrase);
    let all = value
        .clone()
        .base64("the key", letter.fragment())
        .text("the phrase", phrase);
    nobody_heard(&value, &people);
    let [alice, bob, carol] = people;
    nobody_heard(&all, &[bob, carol]);
    let mut halves = [0, 0];
    for line in alice.since(0) {
        let has = [&address, &words].map(|half| half.found_in(line.raw.as_bytes()).is_some());
        assert_ne!(has, [true, true], "both halves are in {line}");
        for (half, has) in halves.iter_mut().zip(has) {
            assert!(!has || (line.target() == "alice" && line.from == "bot"), "{line}");
            *half += usize::from(has);
        }
    }
    assert_eq!(halves, [1, 1], "each half is said once");
    house.keeps_nothing_of(&all).await;
    all
}

#[tokio::test]
async fn a_value_is_asked_for_signed_opened_and_gone() {
    is_opened_once(false).await;
}

#[tokio::test]
async fn a_value_is_asked_for_signed_opened_and_gone_with_logs_in_json() {
    is_opened_once(true).await;
}

/// Five wrong phrases destroy a link, a person can, and a new one takes the place of the old.
#[tokio::test]
async fn a_link_is_guessed_out_burned_and_made_anew() {
    let house = house_with(|setup| setup).await;
    let (alice, bob) = tokio::join!(house.person("alice"), house.person("bob"));
    let letter = gets_a_link(&alice, &bob, "stage", "SECRET_KEY").await;
    let phrase = hears_the_phrase(&alice, &letter).await;
    let browser = Browser::launch("guessed-out").await;
    let tab = browser.open(&letter.url, &[]).await;
    for left in [
        "4 guesses left",
        "3 guesses left",
        "2 guesses left",
        "1 guess left",
    ] {
        tab.shows("ready", "1-guessing").await;
        tab.phrase(&mistyped(&phrase)).await;
        tab.says_problem(left).await;
    }
    tab.phrase(&mistyped(&phrase)).await;
    tab.shows("guessed-out", "2-guessed-out").await;
    let burned = format!(
        "link {} (stage's SECRET_KEY) burned itself: five wrong phrases",
        letter.id
    );
    alice.hears_in("alice", &burned).await;
    assert_eq!(letter.state().await, "burned");

    let request = asks(&alice, &format!("!reissue {}", letter.id)).await;
    signs(&bob, &request).await;
    let delivered = alice.hears_in("alice", " opens once, within ").await;
    let done = bob.hears_in(ROOM, " went to alice").await;
    let id = done
        .text()
        .split_once("link ")
        .unwrap()
        .1
        .split(' ')
        .next()
        .unwrap();
    let second = Letter::of(&delivered, id);
    assert_ne!((&second.id, second.path()), (&letter.id, letter.path()));
    alice.says(ROOM, &format!("!burn {}", second.id));
    alice.hears_in(ROOM, "is burned; nobody can open it").await;
    let tab = browser.open(&second.url, &[]).await;
    tab.shows("burned", "3-burned").await;
    browser.has_no_complaints().await;
}
