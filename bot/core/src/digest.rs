//! SHA-256 digests, and the one canonical encoding that they are made over: RFC 8785 (JSON Canonicalization
//! Scheme), pinned by the vectors in `tests/vectors/`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

/// What a value cannot be hashed for.
#[derive(Debug, thiserror::Error)]
#[error("the value has no canonical encoding")]
pub struct EncodingError(#[source] serde_json::Error);

/// The canonical text of a value: keys sorted, no white space, one form for every number and string.
pub fn canonical<T: Serialize>(value: &T) -> Result<String, EncodingError> {
    serde_json_canonicalizer::to_string(value).map_err(EncodingError)
}

impl Digest {
    /// The digest of nothing yet: what the first audit record follows.
    pub const ZERO: Self = Self([0; 32]);

    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The digest of `bytes` as the successor of `self`.
    #[must_use]
    pub fn chained(&self, bytes: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0);
        hash.update(bytes);
        Self(hash.finalize().into())
    }

    /// The form that people compare by eye: `9c41 f0e2`.
    pub fn short(&self) -> String {
        format!("{} {}", hex::encode(&self.0[..2]), hex::encode(&self.0[2..4]))
    }

    /// Whether this is what a person or a button meant by a prefix: at least 8 hexadecimal digits, spaces aside.
    pub fn begins_with(&self, prefix: &str) -> bool {
        let prefix: String = prefix
            .chars()
            .filter(|c| !c.is_whitespace())
            .collect::<String>()
            .to_ascii_lowercase();
        prefix.len() >= 8 && self.to_string().starts_with(&prefix)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
