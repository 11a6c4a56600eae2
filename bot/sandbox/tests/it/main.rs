//! The sandbox over real HTTP, with a clock that moves only when told to.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests stop at the first thing that is not as it should be"
)]

mod config;
mod control;
mod deploy;
mod dynos;
mod faults;
mod github;
mod heroku;
mod rollback;
mod support;
