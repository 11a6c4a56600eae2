//! Tests.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod architecture;
mod faults;
mod heroku_cli;
mod kill;
mod live;
mod readme;
mod store;
mod support;
mod transcripts;
