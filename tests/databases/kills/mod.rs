//! The bot dies wherever it can in a story, and another goes on with what it kept: at every write of its store (`writes`),
//! and within its calls to the database servers and to Heroku, or at any moment (`calls`, which says how to ask for more).
//! Then the servers are looked at: no account without a record, none that can be used without an opened link, and everything
//! that was asked for comes to its end.

#![expect(
    clippy::print_stderr,
    reason = "how many deaths there were is what one wants to know of such a run"
)]

mod calls;
mod life;
mod stories;
mod truth;
mod writes;

use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use self::life::{End, House, Life, World};

/// Something that people do, and what must be so when it is over.
#[async_trait]
trait Story: Sync {
    /// How it is called in what is told.
    fn name(&self) -> &'static str;

    /// The fewest writes that it takes: with fewer it is not what it was.
    fn least(&self) -> u64;

    /// Whether what is said to the pretend Heroku is a part of it.
    fn reaches_apps(&self) -> bool {
        false
    }

    /// What is so before it begins.
    async fn before(&self, house: &House<'_>);

    /// What people do.
    async fn play(&self, house: &House<'_>, life: &Life);

    /// What must be so even while one is dead and the next has not begun.
    async fn meanwhile(&self, _: &House<'_>, _: &Life) {}

    /// Whatever was done before a death: people see to it that it comes to its end, and it is as it should be.
    async fn after(&self, house: &House<'_>, life: &Life);
}

/// What became of the first bot of a story.
struct Lived {
    died: bool,
    /// How often it said something to a server.
    exchanges: u64,
    took: Duration,
}

/// Tells a story with a bot that dies so, if it comes to that, and another after it.
async fn dies(world: &World, story: &dyn Story, end: Option<End>) -> Lived {
    let house = world.begin().await;
    story.before(&house).await;
    let life = house.wakes(end).await;
    let began = Instant::now();
    let died = life
        .lives(async {
            life.recovers().await;
            story.play(&house, &life).await;
        })
        .await;
    let lived = Lived {
        died,
        exchanges: world.roads.exchanges(),
        took: began.elapsed(),
    };
    life.ends().await;

    let told = || format!("{} with {end:?}\n{}", story.name(), house.said.text());
    let life = house.wakes(None).await;
    world.has_it_in_writing(&life, &told()).await;
    story.meanwhile(&house, &life).await;
    life.recovers().await;
    world.keeps_its_word(&life, &told()).await;
    story.after(&house, &life).await;
    world.keeps_its_word(&life, &told()).await;
    life.ends().await;
    lived
}
