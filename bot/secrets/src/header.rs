//! Headers: what everybody who has the link may read before anything is spent.
//!
//! A header is made once, as canonical JSON (RFC 8785). From then on that text is what is stored, what is shown and
//! what the ciphertext is bound to (its additional authenticated data): it is never made anew from its parts.

use serde::{Deserialize, Serialize};

use crate::VERSION;
use crate::path_id::PathId;

/// The header of a secret link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The version: [`VERSION`].
    pub v: u8,
    /// Which link.
    pub id: PathId,
    /// When it ends, in milliseconds since 1970.
    pub expires_at: i64,
    /// What is inside: `application/vnd.countersign+json` for a [`crate::content::Content`].
    pub mime: String,
    /// What it is, in words that say nothing secret.
    pub title: String,
    /// Who had it made.
    pub from: String,
    /// Which access it belongs to.
    pub access_id: Option<String>,
    /// The digest of the plan that it comes of.
    pub request_digest: Option<String>,
    /// For whom it is.
    pub recipient: String,
}

/// The header of a drop box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxHeader {
    /// The version: [`VERSION`].
    pub v: u8,
    /// Which drop box.
    pub id: PathId,
    /// When it ends, in milliseconds since 1970.
    pub expires_at: i64,
    /// What is asked for, in words.
    pub purpose: String,
    /// The id of the plan or request that it is for, or the command.
    pub subject: String,
}

/// Why there is no header.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// Numbers of canonical JSON are exact up to 2^53.
    #[error("the time at which it ends is beyond what canonical JSON can say")]
    Time,
    /// It is none, or has not exactly the members of one.
    #[error("it is no header of csl1")]
    Shape(#[source] serde_json::Error),
    /// It is one of another version.
    #[error("it is of version {0}, and this program knows version 1 only")]
    Version(u8),
}

/// The largest whole number that canonical JSON says exactly.
const EXACT: u64 = 1 << 53;

fn canonical<T: Serialize>(v: u8, expires_at: i64, header: &T) -> Result<String, HeaderError> {
    if v != VERSION {
        return Err(HeaderError::Version(v));
    }
    if expires_at.unsigned_abs() > EXACT {
        return Err(HeaderError::Time);
    }
    serde_json_canonicalizer::to_string(header).map_err(HeaderError::Shape)
}

impl Header {
    /// Its text: to be stored and shown as it is.
    pub fn canonical(&self) -> Result<String, HeaderError> {
        canonical(self.v, self.expires_at, self)
    }

    /// What such a text says.
    pub fn read(text: &str) -> Result<Self, HeaderError> {
        let header: Self = serde_json::from_str(text).map_err(HeaderError::Shape)?;
        canonical(header.v, header.expires_at, &()).map(|_| header)
    }
}

impl BoxHeader {
    /// Its text: to be stored and shown as it is.
    pub fn canonical(&self) -> Result<String, HeaderError> {
        canonical(self.v, self.expires_at, self)
    }

    /// What such a text says.
    pub fn read(text: &str) -> Result<Self, HeaderError> {
        let header: Self = serde_json::from_str(text).map_err(HeaderError::Shape)?;
        canonical(header.v, header.expires_at, &()).map(|_| header)
    }
}
