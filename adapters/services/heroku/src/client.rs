//! The client, and what sets Heroku apart from other services.
//!
//! Knows Heroku's manners, and no resource.

use std::fmt;

use countersign_http::{Client, Refused, Service, SetupError};
use http::{HeaderMap, StatusCode};

use crate::error::{self, ErrorKind, Result};

/// Heroku's own API.
pub const DEFAULT_BASE_URL: &str = "https://api.heroku.com";

/// What a client is made of. The token needs the scopes `read-protected` and `write-protected` for config vars
/// and roll-back.
pub type Settings = countersign_http::Settings<Heroku>;

/// The client. Clones share their connections.
#[derive(Clone)]
pub struct Heroku {
    pub(crate) client: Client<Self>,
}

impl Heroku {
    /// Makes a client; sends nothing yet.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let client = Client::new(settings)?;
        Ok(Self { client })
    }
}

impl fmt::Debug for Heroku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.client.fmt(f)
    }
}

impl Service for Heroku {
    const NAME: &'static str = "Heroku";
    const BASE_URL: &'static str = DEFAULT_BASE_URL;
    /// Without this media type another version of the API answers.
    const HEADERS: &'static [(&'static str, &'static str)] =
        &[("accept", "application/vnd.heroku+json; version=3")];
    const REQUEST_ID: &'static str = "request-id";
    const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;
    const CONFLICTS_PASS: bool = true;
    const STATUS_PAGE: &'static str = "status.heroku.com";
    const LOOK: &'static str = "look at the app's releases";

    type Refusal = error::Refusal;

    fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refused<Self> {
        error::refused(status, headers, body)
    }

    fn hint(kind: ErrorKind) -> Option<&'static str> {
        error::hint(kind)
    }
}
