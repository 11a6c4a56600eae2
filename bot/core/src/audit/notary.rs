//! The notary: posts a checkpoint in a room, when asked and now and then by itself.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::checkpoint::{Checkpoint, Head, Signer};
use crate::id::TargetName;
use crate::message::Room;
use crate::operation::{Announcement, Trouble};
use crate::reply::Line;
use crate::store::{Store, StoreError};
use crate::time::{Duration, Timestamp, after};
use crate::watch::{Sighting, Watcher};

/// How often it looks whether a checkpoint is due, at most.
const LOOKS: Duration = Duration::from_mins(10);

/// Makes checkpoints.
#[derive(Clone)]
pub struct Notary {
    store: Arc<dyn Store>,
    signer: Arc<dyn Signer>,
    room: Room,
    every: Duration,
}

impl Notary {
    /// A notary that posts in this room, this often if anything was recorded since.
    pub fn new(store: Arc<dyn Store>, signer: Arc<dyn Signer>, room: Room, every: Duration) -> Self {
        Self {
            store,
            signer,
            room,
            every,
        }
    }

    /// Where checkpoints are posted.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// A checkpoint of what is recorded now, and the news of it; nothing if nothing was ever recorded.
    pub async fn checkpoint(&self, now: Timestamp) -> Result<Option<(Checkpoint, Announcement)>, StoreError> {
        let head = self.store.audit_head().await?;
        Ok(head.map(|(seq, hash, _)| {
            let checkpoint = Head { seq, hash, at: now }.signed(&*self.signer);
            let announcement = Announcement {
                key: format!("checkpoint/{seq}"),
                rooms: vec![self.room.clone()],
                line: Line::default().code(checkpoint.to_string()),
            };
            (checkpoint, announcement)
        }))
    }
}

/// What it remembers: the last checkpoint's record and time.
fn remembered(seen: &str) -> Option<(u64, Timestamp)> {
    let (seq, at) = seen.split_once(' ')?;
    Some((seq.parse().ok()?, at.parse().ok()?))
}

#[async_trait]
impl Watcher for Notary {
    fn name(&self) -> &'static str {
        "audit"
    }

    fn target(&self) -> Option<&TargetName> {
        None
    }

    fn rooms(&self) -> &[Room] {
        std::slice::from_ref(&self.room)
    }

    fn every(&self) -> Duration {
        self.every.min(LOOKS)
    }

    async fn look(&self, seen: Option<&str>, now: Timestamp) -> Result<Sighting, Trouble> {
        let last = seen.and_then(remembered);
        let nothing = |seen: Option<&str>| Sighting {
            seen: seen.unwrap_or_default().to_owned(),
            news: Vec::new(),
        };
        if last.is_some_and(|(_, at)| now < after(at, self.every)) {
            return Ok(nothing(seen));
        }
        let made = self.checkpoint(now).await.map_err(|error| {
            tracing::warn!(%error, "no checkpoint can be made now");
            Trouble::again("the audit cannot be read now")
        })?;
        Ok(match made {
            // The record that the last checkpoint was announced is no reason for another.
            Some((checkpoint, _)) if last.is_some_and(|(seq, _)| checkpoint.head.seq <= seq + 1) => {
                nothing(seen)
            }
            Some((checkpoint, announcement)) => Sighting {
                seen: format!("{} {now}", checkpoint.head.seq),
                news: vec![announcement],
            },
            None => nothing(seen),
        })
    }
}

impl fmt::Debug for Notary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notary")
            .field("room", &self.room)
            .field("every", &self.every)
            .finish_non_exhaustive()
    }
}
