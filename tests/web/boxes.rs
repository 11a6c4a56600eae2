//! A person's secret reaches the bot: typed into a form that works once, signed by its digest, set, and kept nowhere.

use std::time::Duration;

use super::asking::{gets_a_box, house_with, nobody_heard, says_it_was_they, signs};
use crate::support::browser::Browser;
use crate::support::hunt::{Hunt, Watch};
use crate::support::irc::Line;
use crate::support::serve::ROOM;

const VALUE: &str = "sk_live_canary-4Wz9-Rk2vXnQ7pLs8";
const RUN: Duration = Duration::from_mins(1);

async fn is_set(json: bool) {
    let story = if json { "set-json" } else { "set" };
    let watch = Watch::begin();
    let house = house_with(|setup| setup.logging_all(json)).await;
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| house.person(name));
    let (alice, bob, carol) = tokio::join!(alice, bob, carol);
    let letter = gets_a_box(&alice, "stage", "NEW_KEY").await;
    let browser = Browser::launch(story).await;
    let tab = browser.open(&letter.url, &[]).await;
    let words = tab.shows("ready", "1-ready").await;
    assert!(words.contains("The value of NEW_KEY on stage"), "{words}");
    assert!(
        !tab.address().await.contains('#'),
        "the secret part leaves the address bar"
    );
    tab.fill(VALUE).await;
    let digits = tab.digits().await;
    tab.shows("sent", "2-sent").await;

    // The plan names what she has before her eyes.
    let request = says_it_was_they(&alice, &letter).await;
    let line = bob.hears_in(ROOM, &format!("fingerprint {digits}")).await;
    let from = format!("from drop box {}, filled from 127.0.0.1", letter.id);
    assert!(line.text().contains(&from), "{line}");
    bob.hears_in(ROOM, &format!("signature on {request}")).await;
    assert_eq!(
        house.config_var("stage", "NEW_KEY").await,
        None,
        "nothing is set before it is signed"
    );
    tab.reload().await;
    tab.shows("reloaded-done", "3-reloaded").await;
    let again = browser.open(&letter.url, &[]).await;
    again.shows("filled", "4-again").await;
    signs(&bob, &request).await;

    let is_done =
        |line: &Line| line.is_speech() && line.target() == ROOM && line.text().contains("NEW_KEY set, ");
    let done = alice.sees_within(RUN, "the end", is_done).await;
    assert!(
        done.text().contains("v702") || done.text().contains(" live"),
        "{done}"
    );
    let news = "stage: config changed by alice, signed by bob: NEW_KEY set (v";
    carol.hears_in(ROOM, news).await;
    assert_eq!(house.config_var("stage", "NEW_KEY").await.as_deref(), Some(VALUE));
    assert_eq!(
        house
            .sandbox
            .changes("PATCH /apps/treeherder-stage/config-vars")
            .await,
        1
    );
    alice.says(ROOM, "!config list stage");
    alice.hears_in(ROOM, "NEW_KEY").await;
    alice.says("bot", "links");
    alice
        .hears_in(
            "alice",
            &format!(
                "{}: drop box for the value of NEW_KEY on stage, emptied",
                letter.id
            ),
        )
        .await;
    // Whoever looks for releases that others made has looked since, and does not tell it once more.
    house.looks_at_releases_again("stage").await;
    carol.says(ROOM, "!ping");
    carol.hears_in(ROOM, "carol: pong").await;
    let told = carol
        .heard(ROOM)
        .into_iter()
        .filter(|line| line.text().contains("NEW_KEY set"));
    let told: Vec<Line> = told.filter(|line| line.text().contains("stage: ")).collect();
    assert_eq!(
        told.iter().filter(|line| line.text().contains(news)).count(),
        1,
        "{told:?}"
    );

    browser.has_no_complaints().await;
    let requests = browser.requests().await.to_string();
    drop(browser);
    let value = Hunt::default().text("the value", VALUE);
    nobody_heard(&value, &[&alice, &bob, &carol]);
    let all = value.base64("the key", letter.fragment());
    nobody_heard(&all, &[&bob, &carol]);
    house.keeps_nothing_of(&all).await;
    all.is_not_in("what the browser asked for", requests);
    watch.saw_nothing_of(&all, &["countersign", "chromium"]);
}

#[tokio::test]
async fn a_value_is_dropped_signed_set_and_followed() {
    is_set(false).await;
}

#[tokio::test]
async fn a_value_is_dropped_signed_set_and_followed_with_logs_in_json() {
    is_set(true).await;
}
