//! The client, and what sets GitHub apart from other services.
//!
//! Knows GitHub's manners, and no resource.

use std::fmt;

use countersign_http::{Client, Refused, Service, SetupError};
use http::{HeaderMap, StatusCode};

use crate::{
    error::{self, ErrorKind, Result},
    refs::Refusal,
};

/// GitHub's own API; an Enterprise Server has it at `https://HOST/api/v3`.
pub const DEFAULT_BASE_URL: &str = "https://api.github.com";

/// What a client is made of. The token needs the permissions Contents (write), Checks and Commit statuses (read).
pub type Settings = countersign_http::Settings<GitHub>;

/// The client. Clones share their connections.
#[derive(Clone)]
pub struct GitHub {
    pub(crate) client: Client<Self>,
}

impl GitHub {
    /// Makes a client; sends nothing yet.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let client = Client::new(settings)?;
        Ok(Self { client })
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

impl Service for GitHub {
    const NAME: &'static str = "GitHub";
    const BASE_URL: &'static str = DEFAULT_BASE_URL;
    /// With the version of the API that this client was written against.
    const HEADERS: &'static [(&'static str, &'static str)] = &[
        ("accept", "application/vnd.github+json"),
        ("x-github-api-version", "2022-11-28"),
    ];
    const REQUEST_ID: &'static str = "x-github-request-id";
    /// The largest answer is a tree, of 7 MB at most (documentation of "Get a tree").
    const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
    const CONFLICTS_PASS: bool = false;
    const STATUS_PAGE: &'static str = "githubstatus.com";
    const LOOK: &'static str = "look where the branch is";

    type Refusal = Refusal;

    fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refused<Self> {
        error::refused(status, headers, body)
    }

    fn hint(kind: ErrorKind) -> Option<&'static str> {
        error::hint(kind)
    }
}
