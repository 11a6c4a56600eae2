//! The day the process dies: `serve` on a real network is killed at every step, and at any instant, and started again on
//! what it kept. Then the world is looked at: what the providers were asked to do, what is on disk, what the room was told.
//!
//! A new operation is put through it by a [`Story`] of its own.

#![expect(
    clippy::print_stderr,
    reason = "how many deaths there were is what one wants to know of such a run"
)]

mod child;
mod lane;
mod story;
mod world;

use std::time::Duration;

use countersign_core::random::{Random as _, SeededRandom};
use tokio::time::{Instant, sleep, timeout};

use crate::support::mortal::Death;
use lane::{Came, Lane};
use story::{DEPLOY, ROLL_BACK, Story};

/// Kills at every write, before it or after it, until a story comes to its end before there are so many.
async fn at_every_write(story: &Story, death: fn(u64) -> Death) {
    let lane = Lane::new().await;
    let mut writes = 0;
    loop {
        let mut life = lane.life(Some(death(writes))).await;
        let came = story.play(&mut life).await;
        if came == Came::Death {
            story.goes_on(&mut life).await;
        }
        story.kept_its_word(&life).await;
        if came != Came::Death {
            break;
        }
        writes += 1;
    }
    eprintln!("{}: {writes} writes, killed at each", story.command);
    assert!(writes > 15, "only {writes} writes: the story is not what it was");
}

#[tokio::test]
async fn deploy_before_each_write() {
    at_every_write(&DEPLOY, Death::Before).await;
}

#[tokio::test]
async fn deploy_after_each_write() {
    at_every_write(&DEPLOY, Death::After).await;
}

#[tokio::test]
async fn rollback_before_each_write() {
    at_every_write(&ROLL_BACK, Death::Before).await;
}

#[tokio::test]
async fn rollback_after_each_write() {
    at_every_write(&ROLL_BACK, Death::After).await;
}

/// How long a new process takes to take up what it found, on a network that lets nobody in within a second.
const RECOVERY: Duration = Duration::from_secs(3);

/// Kills at random instants of a story: `COUNTERSIGN_CRASHES` says how many, `COUNTERSIGN_CRASH_SEED` which.
async fn at_any_instant(story: &Story, seed: u64) {
    let number = |name: &str, default: u64| {
        let set = std::env::var(name).ok();
        set.map_or(default, |text| text.parse().unwrap())
    };
    let crashes = number("COUNTERSIGN_CRASHES", 12);
    let random = SeededRandom::new(number("COUNTERSIGN_CRASH_SEED", 1) + seed);
    let lane = Lane::new().await;
    let began = Instant::now();
    let mut life = lane.life(None).await;
    assert_ne!(story.play(&mut life).await, Came::Death);
    story.kept_its_word(&life).await;
    let whole = began.elapsed();
    drop(life);
    let mut died = 0;
    for _ in 0..crashes {
        let mut bytes = [0; 4];
        random.fill(&mut bytes);
        let part = f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX);
        let mut life = lane.life(None).await;
        if timeout(whole.mul_f64(part), story.play(&mut life)).await.is_err() {
            died += 1;
            life.bot.kill();
            // Every other time the next one dies early too, while it takes up what it found.
            if died % 2 == 0 {
                life.again();
                sleep(RECOVERY.mul_f64(1.0 - part)).await;
                life.bot.kill();
            }
            story.goes_on(&mut life).await;
        }
        story.kept_its_word(&life).await;
    }
    eprintln!("{}: killed at {died} instants of {whole:?}", story.command);
    assert!(died > 0, "it was never killed in time");
}

#[tokio::test]
async fn deploy_at_any_instant() {
    at_any_instant(&DEPLOY, 0).await;
}

#[tokio::test]
async fn rollback_at_any_instant() {
    at_any_instant(&ROLL_BACK, 1_000_000).await;
}

/// Waits for what the store and the room say, not for time: it only looks again after this.
async fn a_moment() {
    sleep(Duration::from_millis(50)).await;
}
