//! For the tests of clients: servers that answer as told, over real HTTP, and a log that keeps everything.
#![expect(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    reason = "helpers of tests fail as tests do"
)]

pub mod log;
pub mod server;
pub mod wire;
