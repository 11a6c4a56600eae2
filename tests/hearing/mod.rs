//! What networks do to messages: they deliver them twice, late, and edited. What a person said takes effect once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use countersign_core::message::Kind;
use countersign_core::store::{Batch, Received, Store as _, Write};
use countersign_core::time::before;

use crate::support::bot::Lonely;

#[tokio::test]
async fn a_read_that_is_delivered_twice_is_answered_once() {
    let data = tempfile::tempdir().unwrap();
    let lonely = Lonely::start(data.path()).await;
    let ping = lonely.says("!ping");
    assert_eq!(lonely.heard(&ping).await, "bot #treeherder> alice: pong\n");
    assert_eq!(lonely.heard(&ping).await, "");
}

#[tokio::test]
async fn a_decision_that_is_delivered_again_after_a_restart_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let lonely = Lonely::start(data.path()).await;
    let lock = lonely.says("!lock prod testing");
    assert!(lonely.heard(&lock).await.contains("prod is yours"));
    let unlock = lonely.says("!unlock prod");
    lonely.heard(&unlock).await;
    lonely.stop().await;

    let lonely = Lonely::start(data.path()).await;
    assert_eq!(
        lonely.heard(&lock).await,
        "",
        "it was dealt with before the restart"
    );
    assert_eq!(lonely.store.locks().await.unwrap(), []);
}

#[tokio::test]
async fn what_was_taken_and_not_dealt_with_is_said_not_to_have_run() {
    let data = tempfile::tempdir().unwrap();
    let lonely = Lonely::start(data.path()).await;
    let lock = lonely.says("!lock prod testing");
    let at = lock.sent_at;
    let received = Received { message: lock, at };
    lonely
        .store
        .commit(Batch::of(Write::Receive(received)))
        .await
        .unwrap();
    lonely.stop().await;

    let lonely = Lonely::start(data.path()).await;
    lonely.bot.worker().drain().await.unwrap();
    let said = lonely.heard(&lonely.says("!locks")).await;
    assert!(
        said.contains(
            "I was restarted before I got to \"!lock prod testing\"; nothing was done. Say it again."
        ),
        "{said}"
    );
    assert!(said.contains("nothing is locked"), "{said}");
}

#[tokio::test]
async fn an_edited_message_is_not_carried_out() {
    let data = tempfile::tempdir().unwrap();
    let lonely = Lonely::start(data.path()).await;
    let mut edited = lonely.says("!lock prod testing");
    edited.kind = Kind::Edit { of: "c0".into() };
    let said = lonely.heard(&edited).await;
    assert_eq!(
        said,
        "bot #treeherder> alice: an edited message is not carried out; say it again as a new one.\n"
    );
    assert_eq!(lonely.store.locks().await.unwrap(), []);
    edited.id = "another".into();
    edited.text = "just chatting".into();
    assert_eq!(lonely.heard(&edited).await, "");
}

#[tokio::test]
async fn what_was_said_while_the_bot_was_away_is_answered_and_not_done() {
    let data = tempfile::tempdir().unwrap();
    let lonely = Lonely::start(data.path()).await;
    let mut late = lonely.says("!lock prod testing");
    late.sent_at = before(late.sent_at, Duration::from_mins(6));
    let said = lonely.heard(&late).await;
    assert_eq!(
        said,
        "bot #treeherder> alice: I was away when you said that (6 min ago), and nothing was done. Say it again.\n"
    );
    assert_eq!(lonely.store.locks().await.unwrap(), []);
    // A read does no harm late.
    let mut ping = lonely.says("!ping");
    ping.sent_at = late.sent_at;
    assert_eq!(lonely.heard(&ping).await, "bot #treeherder> alice: pong\n");
}

#[tokio::test]
async fn what_a_bouncer_plays_back_is_never_run_and_answered_once() {
    let data = tempfile::tempdir().unwrap();
    let lonely = Lonely::start(data.path()).await;
    let mut lock = lonely.says("!lock prod testing");
    lock.kind = Kind::Replayed;
    let said = lonely.heard(&lock).await;
    assert!(said.contains("I was away when you said that"), "{said}");
    assert_eq!(lonely.store.locks().await.unwrap(), []);
    for chatter in ["!ping", "!nonsense", "!lock", "hello"] {
        let mut replayed = lonely.says(chatter);
        replayed.kind = Kind::Replayed;
        assert_eq!(lonely.heard(&replayed).await, "", "{chatter}");
    }
    lonely.stop().await;

    let lonely = Lonely::start(data.path()).await;
    assert_eq!(
        lonely.heard(&lock).await,
        "",
        "it was answered before the restart"
    );
}

#[tokio::test]
async fn providers_that_are_away_are_told_of() {
    let data = tempfile::tempdir().unwrap();
    let lonely = Lonely::start(data.path()).await;
    let said = lonely.heard(&lonely.says("!deploy prod")).await;
    assert!(
        said.starts_with("bot #treeherder> alice: not deployed: "),
        "{said}"
    );
    assert!(!said.contains("a-token"), "{said}");
}

/// The worker used to begin its housekeeping again as soon as it had ended, without end.
#[tokio::test]
async fn a_worker_with_nothing_to_do_rests() {
    let data = tempfile::tempdir().unwrap();
    let lonely = Lonely::start(data.path()).await;
    let looks = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&looks);
    let wait = move |_| {
        counted.fetch_add(1, Ordering::Relaxed);
        // Time stands still here: nothing becomes due, and only what ends or changes wakes the worker.
        std::future::pending()
    };
    let worker = lonely
        .bot
        .worker()
        .run(wait, tokio::time::sleep(Duration::from_secs(1)));
    worker.await;
    let looks = looks.load(Ordering::Relaxed);
    assert!(looks < 30, "it looked {looks} times");
}
