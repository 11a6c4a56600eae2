//! How long each thing is waited for.

use tokio::time::Duration;

/// Spans of time. The defaults are what the README promises; tests have shorter ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For one address of a server to accept a connection, and again for the TLS handshake.
    pub(crate) connect: Duration,
    /// Without a word from the server before it is asked whether it is there.
    pub(crate) silence: Duration,
    /// For the answer to that.
    pub(crate) answer: Duration,
    /// Between a post that was said and the question whether it arrived, while there is more to say. When there is
    /// not, it is asked at once.
    pub(crate) confirm: Duration,
    /// For a network that is away, or a room that the bot is not in, before a post is given back.
    pub(crate) post: Duration,
    /// For a network that is away before people are told.
    pub(crate) trouble: Duration,
    /// How long a connection has to last until the next pause is a short one again.
    pub(crate) lasting: Duration,
    /// For what waits to be said when the bot leaves.
    pub(crate) last_words: Duration,
    /// For the server to say good-bye.
    pub(crate) farewell: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            silence: Duration::from_mins(1),
            answer: Duration::from_secs(30),
            confirm: Duration::from_secs(1),
            post: Duration::from_secs(30),
            trouble: Duration::from_mins(2),
            lasting: Duration::from_mins(1),
            last_words: Duration::from_secs(5),
            farewell: Duration::from_secs(2),
        }
    }
}
