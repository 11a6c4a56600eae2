//! Bytes as text: base64url (RFC 4648 §5) without padding, in one spelling only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroize as _;

/// What is not such text, or not of the length that was wanted. It does not quote the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotBase64Url {
    /// A character that is not of the alphabet, or a last one that carries bits of nothing.
    #[error("not base64url without padding")]
    Alphabet,
    /// So many bytes were wanted.
    #[error("{found} bytes instead of {wanted}")]
    Length {
        /// How many were wanted.
        wanted: usize,
        /// How many there were.
        found: usize,
    },
}

/// The text of these bytes.
pub fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The bytes of this text.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url::Alphabet)
}

/// The bytes of this text, which must be exactly `N`. No copy of them stays behind.
pub fn decode_array<const N: usize>(text: &str) -> Result<[u8; N], NotBase64Url> {
    let mut bytes = decode(text)?;
    let array = <[u8; N]>::try_from(bytes.as_slice()).map_err(|_| NotBase64Url::Length {
        wanted: N,
        found: bytes.len(),
    });
    bytes.zeroize();
    array
}

/// For `#[serde(with = "countersign_secrets::base64url::bytes")]` on a `Vec<u8>`.
pub mod bytes {
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Writes the text.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::encode(bytes))
    }

    /// Reads the text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        super::decode(&text).map_err(serde::de::Error::custom)
    }
}

/// For `#[serde(with = "countersign_secrets::base64url::array")]` on a `[u8; N]`.
pub mod array {
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// Writes the text.
    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::encode(bytes))
    }

    /// Reads the text, whose bytes must be exactly `N`.
    pub fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        super::decode_array(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_one_spelling() {
        assert_eq!(encode(&[0xfb, 0xff]), "-_8");
        assert_eq!(decode("-_8"), Ok(vec![0xfb, 0xff]));
        for other in ["-_9", "-_8=", "+/8", "-_8 ", " -_8"] {
            assert_eq!(decode(other), Err(NotBase64Url::Alphabet), "{other}");
        }
        assert_eq!(
            decode_array::<3>("-_8"),
            Err(NotBase64Url::Length { wanted: 3, found: 2 })
        );
    }
}
