//! The adapter: what core sees of a network.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::chat::{Adapter, Capabilities, Heard, SendError};
use countersign_core::id::{NetworkId, PostId};
use countersign_core::random::Random;
use countersign_core::reply::Post;
use countersign_core::time::Clock;
use tokio::sync::mpsc;

use crate::settings::{RoomSettings, Settings};

/// One IRC network, kept connected until it is stopped.
pub struct Irc {
    network: NetworkId,
}

impl Irc {
    /// Begins to connect, and goes on trying for ever. What the network says comes through `heard`.
    pub fn start(
        settings: Settings,
        _clock: Arc<dyn Clock>,
        _random: Arc<dyn Random>,
        _heard: mpsc::Sender<Heard>,
    ) -> Arc<Self> {
        Arc::new(Self {
            network: settings.network,
        })
    }

    /// Joins rooms that are new and leaves those that are not in the list any more.
    pub fn be_in(&self, _rooms: Vec<RoomSettings>) {}

    /// Says what still waits to be said, as far as that is quick, and leaves the network with these words.
    pub async fn stop(&self, _words: &str) {}
}

#[async_trait]
impl Adapter for Irc {
    fn network(&self) -> &NetworkId {
        &self.network
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            edits: false,
            threads: false,
            buttons: false,
            files: false,
            line_bytes: Some(512),
        }
    }

    async fn send(&self, _post: &Post) -> Result<Option<PostId>, SendError> {
        Err(SendError::Away {
            network: self.network.clone(),
            reason: "it is not connected".to_owned(),
        })
    }

    fn is_ready(&self) -> bool {
        false
    }
}

impl fmt::Debug for Irc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Irc")
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}
