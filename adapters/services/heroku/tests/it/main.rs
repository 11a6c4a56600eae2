//! The client against servers that answer as told, over real HTTP.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod config;
mod failures;
mod lists;
mod resources;
mod secrets;

use std::time::Duration;

use countersign_heroku::{AppName, Heroku, Settings};
use countersign_http::testing::{log, server, wire};
use url::Url;

/// A token that must never be seen.
const TOKEN: &str = "CANARY-token";

/// A client of this server that does not wait between tries.
fn client(base_url: &Url) -> Heroku {
    Heroku::new(settings(base_url)).unwrap()
}

fn settings(base_url: &Url) -> Settings {
    Settings {
        base_url: base_url.clone(),
        backoff: Duration::ZERO,
        ..Settings::new(TOKEN.into())
    }
}

fn stage() -> AppName {
    "treeherder-stage".parse().unwrap()
}
