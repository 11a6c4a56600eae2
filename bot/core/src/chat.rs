//! What a chat adapter is to core: something that sends posts and says what it can do.
//!
//! The other direction is [`crate::bot::Bot::hear`]. What a platform can do is data; nobody asks for its name.

use async_trait::async_trait;

use crate::id::{NetworkId, PostId};
use crate::reply::Post;
use crate::time::Duration;

/// What a network can do with a post.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an ability of its own; a network has any of them"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Posts can be edited after they were sent.
    pub edits: bool,
    /// Answers can hang under the message they answer.
    pub threads: bool,
    /// Posts can have buttons.
    pub buttons: bool,
    /// Posts can carry files.
    pub files: bool,
    /// The longest line in bytes, if there is a limit.
    pub line_bytes: Option<usize>,
}

/// One network, connected.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// The network's name in the configuration.
    fn network(&self) -> &NetworkId;

    /// What the network can do.
    fn capabilities(&self) -> Capabilities;

    /// Sends a post and says which id it got, if the network gives ids. Returns once the network has it.
    async fn send(&self, post: &Post) -> Result<Option<PostId>, SendError>;
}

/// A post that did not arrive, or of which that is not known.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The network cannot be reached now. Try again later.
    #[error("{network} cannot be reached: {reason}")]
    Away {
        /// The network.
        network: NetworkId,
        /// Why, in words.
        reason: String,
    },
    /// The network asks to slow down. Try again then.
    #[error("{network} asks to wait")]
    Slow {
        /// The network.
        network: NetworkId,
        /// How long.
        wait: Duration,
    },
    /// The network refused the post. Trying again will not help.
    #[error("{network} refused the post: {reason}")]
    Refused {
        /// The network.
        network: NetworkId,
        /// Why, in words.
        reason: String,
    },
}
