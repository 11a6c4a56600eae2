//! Watching for what others do: a watcher looks at a target now and then and finds news. What it has seen is kept in
//! the store, so that a restart neither repeats news nor misses it.

use async_trait::async_trait;

use crate::announce;
use crate::context::Context;
use crate::id::TargetName;
use crate::message::{Place, Room};
use crate::operation::{Announcement, State, Trouble};
use crate::reply::{Post, Reply, Tone};
use crate::store::{Batch, Conflict, OperationsWhere, StoreError, Write};
use crate::time::{Duration, Timestamp};

/// Looks in vain in a row before the rooms hear of it.
const TELL_AFTER: u32 = 5;

/// What a look found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// How far it has seen now; handed to the next look.
    pub seen: String,
    /// News, oldest first.
    pub news: Vec<Announcement>,
}

/// Looks at a target now and then.
#[async_trait]
pub trait Watcher: Send + Sync {
    /// What the store keeps its place under.
    fn name(&self) -> &str;

    /// What it looks at, if that is a target. While an operation runs there it does not look: the operation tells its
    /// own news.
    fn target(&self) -> Option<&TargetName>;

    /// The rooms that hear when it cannot look.
    fn rooms(&self) -> &[Room];

    /// How often.
    fn every(&self) -> Duration;

    /// Looks. `seen` is what the last look left; without one, what is there now is not news.
    async fn look(&self, seen: Option<&str>, now: Timestamp) -> Result<Sighting, Trouble>;
}

/// A watcher's own small state: only how often it has failed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Sight {
    failures: u32,
}

/// One look, and what it leads to.
pub(crate) async fn look(
    context: &Context,
    watcher: &dyn Watcher,
    sight: &mut Sight,
) -> Result<(), StoreError> {
    let open = context.store.operations(OperationsWhere::Open).await?;
    if open.iter().any(|operation| {
        operation.state == State::Running
            && watcher.target().is_some()
            && operation.plan.target.as_ref() == watcher.target()
    }) {
        return Ok(());
    }
    let place = format!("watch/{}", watcher.name());
    let seen = context.store.note(&place).await?;
    match watcher.look(seen.as_deref(), context.now()).await {
        Ok(sighting) => {
            sight.failures = 0;
            for announcement in &sighting.news {
                announce_once(context, watcher, announcement).await?;
            }
            if seen.as_ref() != Some(&sighting.seen) {
                context
                    .store
                    .commit(Batch::of(Write::Note {
                        name: place,
                        value: sighting.seen,
                    }))
                    .await?;
            }
        }
        Err(trouble) => {
            sight.failures += 1;
            tracing::warn!(watcher = watcher.name(), failures = sight.failures, %trouble, "a watcher cannot see");
            if sight.failures == TELL_AFTER {
                context.store.commit(blind(watcher, &trouble)).await?;
            }
        }
    }
    Ok(())
}

async fn announce_once(
    context: &Context,
    watcher: &dyn Watcher,
    news: &Announcement,
) -> Result<(), StoreError> {
    match context
        .store
        .commit(announce::batch(news, context.now(), watcher.target().cloned()))
        .await
    {
        Ok(_) | Err(StoreError::Conflict(Conflict::Announced(_))) => Ok(()),
        Err(other) => Err(other),
    }
}

fn blind(watcher: &dyn Watcher, trouble: &Trouble) -> Batch {
    let words = format!(
        "{}: I can't see what others do there: {} I keep looking.",
        watcher.target().map_or(watcher.name(), TargetName::as_str),
        trouble.sentence()
    );
    let post = |room: &Room| {
        Write::Enqueue(Post::to(
            Place::Room(room.clone()),
            Reply::line(words.clone()).toned(Tone::Bad),
        ))
    };
    Batch {
        writes: watcher.rooms().iter().map(post).collect(),
        ..Batch::default()
    }
}
