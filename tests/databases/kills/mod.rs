//! The bot dies at every write of a story, before it or after it, and another goes on with what it kept. Then the servers
//! are looked at: no account without a record, none that can be used without an opened link, and everything that was asked
//! for comes to its end.

#![expect(
    clippy::print_stderr,
    reason = "how many deaths there were is what one wants to know of such a run"
)]

mod life;
mod stories;
mod truth;

use async_trait::async_trait;

use self::life::{House, Life, World};
use crate::support::mortal::Death;
use crate::support::mysql::Flavour;

/// Something that people do, and what must be so when it is over.
#[async_trait]
trait Story: Sync {
    /// How it is called in what is told.
    fn name(&self) -> &'static str;

    /// The fewest writes that it takes: with fewer it is not what it was.
    fn least(&self) -> u64;

    /// What is so before it begins.
    async fn before(&self, house: &House<'_>);

    /// What people do.
    async fn play(&self, house: &House<'_>, life: &Life);

    /// Whatever was done before a death: people see to it that it comes to its end, and it is as it should be.
    async fn after(&self, house: &House<'_>, life: &Life);
}

/// Tells a story again and again, with a death at each of its writes in turn.
async fn killed_at_every_write(story: &dyn Story, flavour: Flavour, death: fn(u64) -> Death) {
    let world = World::new(flavour).await;
    let mut writes = 0;
    loop {
        let house = world.begin().await;
        story.before(&house).await;
        let life = house.wakes(Some(death(writes))).await;
        let died = tokio::select! {
            () = async { life.recovers().await; story.play(&house, &life).await; } => false,
            () = life.dead.notified() => true,
        };
        life.ends().await;
        let life = house.wakes(None).await;
        life.recovers().await;
        let told = format!("{} with {:?}\n{}", story.name(), death(writes), house.said.text());
        world.keeps_its_word(&life, &told).await;
        story.after(&house, &life).await;
        let told = format!("{} with {:?}\n{}", story.name(), death(writes), house.said.text());
        world.keeps_its_word(&life, &told).await;
        life.ends().await;
        if !died {
            break;
        }
        writes += 1;
    }
    eprintln!("{}: {writes} writes, killed at each", story.name());
    assert!(writes >= story.least(), "only {writes} writes");
}
