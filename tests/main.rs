//! Stories, faults, kills, conformance and architecture: one binary, a module for each.
#![expect(
    clippy::disallowed_methods,
    reason = "the environment says where programs are and whether to write down what was said"
)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod architecture;
mod chat;
mod crash;
mod databases;
mod faults;
mod hearing;
mod heroku_cli;
mod irc;
mod kill;
mod links;
mod live;
mod mysql;
mod readme;
mod store;
mod support;
mod transcripts;
mod web;
