//! What is posted, read strictly: size, time, content type, no unknown or repeated field, version 1.

use std::time::Duration;

use axum::body::Body;
use axum::http::HeaderMap;
use countersign_secrets::base64url;
use countersign_secrets::drop_box::Filling;
use countersign_secrets::proof::{AuthProof, LinkProof};
use http::header;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, Unexpected};

use crate::answers::Refused;

/// At most this for a link's requests and both statuses.
pub(crate) const SMALL: usize = 1024;
/// At most this for filling a box: 16 KiB, padded and encoded, and what is around it.
pub(crate) const LARGE: usize = 32 * 1024;
/// What of a body that is too long is still read, so that its sender gets to read the answer.
const POLITE: usize = 256 * 1024;

const NOT_OURS: Refused = Refused::BadRequest(
    "the body must be one JSON object with exactly the fields of this address, and v must be 1",
);

/// `{"v":1,"link":…}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Status {
    #[serde(rename = "v")]
    _version: One,
    pub(crate) link: LinkProof,
}

/// `{"v":1,"link":…,"auth":…}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Redeem {
    #[serde(rename = "v")]
    _version: One,
    pub(crate) link: LinkProof,
    pub(crate) auth: AuthProof,
}

/// `{"v":1,"link":…,"key":…,"nonce":…,"ct":…}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fill {
    #[serde(rename = "v")]
    _version: One,
    pub(crate) link: LinkProof,
    #[serde(deserialize_with = "base64url::array::deserialize")]
    key: [u8; 65],
    #[serde(deserialize_with = "base64url::array::deserialize")]
    nonce: [u8; 12],
    #[serde(rename = "ct", deserialize_with = "base64url::bytes::deserialize")]
    ciphertext: Vec<u8>,
}

impl Fill {
    /// The proof, and what goes into the box.
    pub(crate) fn into_parts(self) -> (LinkProof, Filling) {
        let filling = Filling {
            key: self.key,
            nonce: self.nonce,
            ciphertext: self.ciphertext,
        };
        (self.link, filling)
    }
}

/// Reads a JSON body of at most `limit` bytes.
pub(crate) async fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    patience: Duration,
) -> Result<T, Refused> {
    if !is_json(headers) {
        return Err(Refused::NotJson);
    }
    let bytes = tokio::time::timeout(patience, collect(headers, body, limit)).await;
    parse(&bytes.map_err(|_| Refused::TooSlow)??)
}

/// What is posted, out of bytes. Errors never quote them.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refused> {
    serde_json::from_slice(bytes).map_err(|_| NOT_OURS)
}

async fn collect(headers: &HeaderMap, body: Body, limit: usize) -> Result<Vec<u8>, Refused> {
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > POLITE) {
        return Err(Refused::TooLarge);
    }
    match axum::body::to_bytes(body, POLITE).await {
        Ok(bytes) if bytes.len() <= limit => Ok(bytes.into()),
        Ok(_) => Err(Refused::TooLarge),
        Err(error) if is_too_long(&error) => Err(Refused::TooLarge),
        Err(_) => Err(Refused::BadRequest("the body ended early")),
    }
}

/// Whether it was the limit that ended the reading.
fn is_too_long(error: &axum::Error) -> bool {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.to_string().contains("length limit exceeded") {
            return true;
        }
        cause = error.source();
    }
    false
}

/// `application/json`, with or without the one character set that JSON has.
fn is_json(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(line), None) = (lines.next(), lines.next()) else {
        return false;
    };
    let Ok(line) = line.to_str() else { return false };
    let (kind, parameters) = line.split_once(';').unwrap_or((line, ""));
    let parameters = parameters.trim().to_ascii_lowercase();
    kind.trim().eq_ignore_ascii_case("application/json")
        && matches!(parameters.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\"")
}

/// The number 1 and nothing else.
struct One;

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(Self),
            other => Err(D::Error::invalid_value(Unexpected::Unsigned(other), &"1")),
        }
    }
}
