//! What a chat adapter is to core: something that sends posts and says what it can do.
//!
//! The other direction is a channel of [`Heard`]. What a platform can do is data; nobody asks for its name.

use async_trait::async_trait;

use crate::id::{NetworkId, PostId};
use crate::message::Message;
use crate::reply::Post;
use crate::time::Duration;

/// Whom a direct message to an account reaches. The order is the strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reach {
    /// Its owner, only while they wait for an answer.
    Asking,
    /// Whoever has its name at that moment, which the network proves to be its owner: a nick may be taken by another in
    /// the next. Both halves of a secret are never sent there unasked.
    Name,
    /// Its owner, whenever they look.
    Account,
}

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
    /// Whom direct messages reach.
    pub reach: Reach,
}

/// One network, connected.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// The network's name in the configuration.
    fn network(&self) -> &NetworkId;

    /// What the network can do.
    fn capabilities(&self) -> Capabilities;

    /// Sends a post and says which id it got, if the network gives ids. Returns once the network has it. While the
    /// network is away for a moment it waits; after that it gives up with [`SendError::Away`].
    async fn send(&self, post: &Post) -> Result<Option<PostId>, SendError>;

    /// Whether messages flow both ways now. An open connection alone is not enough.
    fn is_ready(&self) -> bool;
}

/// What a network has to say to the bot. Adapters put these into a bounded channel, in order, and wait when it is full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Somebody said something.
    Message(Message),
    /// Something that the people who look after the bot should know: it was banned from a room, it lost its nick.
    /// What concerns nobody (a reconnect that worked) is only logged.
    Trouble {
        /// The network that it is about; it is told on others too.
        network: NetworkId,
        /// In words: a sentence that says what to do.
        words: String,
    },
    /// Messages flow again after they did not, or for the first time: what waits to be said can be said.
    Ready(NetworkId),
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
