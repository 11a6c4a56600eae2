//! Messages that were heard already: networks deliver twice after a reconnect. Reads are told apart here, in memory;
//! what decides or plans is told apart by the inbox, on disk.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};

use crate::message::Message;

/// Shards, so that rooms do not wait for one another.
const SHARDS: usize = 16;
/// Messages remembered by each shard.
const REMEMBERED: usize = 1024;

/// Remembers the latest messages.
#[derive(Debug)]
pub(crate) struct Seen {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    known: HashSet<u64>,
    order: VecDeque<u64>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
        }
    }
}

impl Seen {
    /// Whether the message is heard for the first time.
    pub(crate) fn first(&self, message: &Message) -> bool {
        let mut hasher = DefaultHasher::new();
        message.place.network().hash(&mut hasher);
        message.id.hash(&mut hasher);
        let key = hasher.finish();
        let shard = &self.shards[usize::from(key.to_le_bytes()[0]) % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner).insert(key)
    }
}

impl Shard {
    fn insert(&mut self, key: u64) -> bool {
        if !self.known.insert(key) {
            return false;
        }
        if self.order.len() == REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        self.order.push_back(key);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered_and_the_oldest_forgotten() {
        let mut shard = Shard::default();
        assert!(shard.insert(1));
        assert!(!shard.insert(1));
        for key in 2..=REMEMBERED as u64 + 1 {
            assert!(shard.insert(key));
        }
        assert!(!shard.insert(REMEMBERED as u64 + 1));
        assert!(shard.insert(1), "the oldest is forgotten");
        assert_eq!(shard.known.len(), REMEMBERED);
    }
}
