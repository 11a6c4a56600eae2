//! The client against servers that answer as told, over real HTTP.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod branches;
mod checks;
mod comparisons;
mod failures;
mod repositories;
mod secrets;

use std::time::Duration;

use countersign_github::{Branch, GitHub, Repo, Settings, Sha};
use countersign_http::testing::{log, server, wire};
use url::Url;

/// A token that must never be seen.
const TOKEN: &str = "CANARY-token";

/// A client of this server that does not wait between tries.
fn client(base_url: &Url) -> GitHub {
    GitHub::new(settings(base_url)).unwrap()
}

fn settings(base_url: &Url) -> Settings {
    Settings {
        base_url: base_url.clone(),
        backoff: Duration::ZERO,
        ..Settings::new(TOKEN.into())
    }
}

fn repo() -> Repo {
    "mozilla/treeherder".parse().unwrap()
}

fn production() -> Branch {
    "production".parse().unwrap()
}

/// A commit whose id is this digit, forty times.
fn sha(digit: char) -> Sha {
    digit.to_string().repeat(40).parse().unwrap()
}
