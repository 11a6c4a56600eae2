//! Web addresses.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};
use url::Url;

pub(super) fn serialize<S: Serializer>(address: &Url, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(address.as_str())
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let written = String::deserialize(deserializer)?;
    Url::parse(&written)
        .ok()
        .filter(|address| matches!(address.scheme(), "http" | "https") && address.password().is_none())
        .ok_or_else(|| {
            D::Error::custom(format!(
                "{written:?} is not a web address; write it like \"https://example.org/\", without a password"
            ))
        })
}

/// An address that is written in this program.
pub(super) fn constant(address: &'static str) -> Url {
    #[expect(clippy::expect_used, reason = "the two callers' addresses are tested")]
    Url::parse(address).expect("an address of this program")
}
