//! The web side over real sockets: raw bytes where bytes matter, a browser-like client where they do not.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do"
)]

mod health;
mod limits;
mod odd_clients;
mod pages;
mod posts;
mod replies;
mod secrets;
mod settings;
mod stop;
mod support;
mod tls;
mod vault;
mod wire;
