//! What must outlive a crash and stay secret is stored sealed, with a key that stands in no store.

use std::fmt;
use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::{base64url, envelope, kdf, unprintable};

/// Which key sealed something. As text: 8 hexadecimal digits. It says nothing about the key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 4]);

/// Text that is not the id of a sealing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of a sealing key: those have 8 hexadecimal digits")]
pub struct NotAKeyId;

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = NotAKeyId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 4];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotAKeyId)?;
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(NotAKeyId);
        }
        Ok(Self(bytes))
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Seals and opens. From the environment or a file, never from the store.
#[derive(Clone)]
pub struct SealingKey {
    id: KeyId,
    enc: Zeroizing<[u8; 32]>,
}

unprintable!(SealingKey);

/// What is no sealing key. It does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealing key has 64 hexadecimal digits (openssl rand -hex 32 makes one)")]
pub struct NotASealingKey;

impl SealingKey {
    /// The key of 64 hexadecimal digits; white space around them is dropped.
    pub fn of(text: &SecretString) -> Result<Self, NotASealingKey> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.expose_secret().trim(), bytes.as_mut_slice())
            .map_err(|_| NotASealingKey)?;
        let prk = kdf::extract(b"countersign/at-rest", bytes.as_slice());
        Ok(Self {
            id: KeyId(*kdf::expand(&prk, "s1/id")),
            enc: kdf::expand(&prk, "s1/enc"),
        })
    }

    /// What it is known by.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

/// Something sealed: `s1.<key's id>.<nonce>.<ciphertext>`. That text is what serialisation and [`SealedText::text`]
/// give; printing it shows only which key sealed it.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedText {
    key: KeyId,
    nonce: [u8; 12],
    ciphertext: Vec<u8>,
}

/// Text that is nothing sealed. It does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not something sealed: that begins with s1. and has four parts")]
pub struct NotSealed;

impl SealedText {
    /// Which key sealed it.
    pub fn key_id(&self) -> KeyId {
        self.key
    }

    /// The text to be stored.
    pub fn text(&self) -> String {
        let (nonce, ciphertext) = (
            base64url::encode(&self.nonce),
            base64url::encode(&self.ciphertext),
        );
        format!("s1.{}.{nonce}.{ciphertext}", self.key)
    }
}

impl FromStr for SealedText {
    type Err = NotSealed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or(NotSealed);
        let (version, key, nonce, ciphertext) = (part()?, part()?, part()?, part()?);
        if version != "s1" || parts.next().is_some() {
            return Err(NotSealed);
        }
        Ok(Self {
            key: key.parse().map_err(|NotAKeyId| NotSealed)?,
            nonce: base64url::decode_array(nonce).map_err(|_| NotSealed)?,
            ciphertext: base64url::decode(ciphertext).map_err(|_| NotSealed)?,
        })
    }
}

impl fmt::Display for SealedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sealed with {}", self.key)
    }
}

impl fmt::Debug for SealedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for SealedText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for SealedText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why something sealed stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It was sealed with a key that is not here.
    #[error("it was sealed with the key {0}, which is not among the sealing keys: add it as an old one")]
    NoKey(KeyId),
    /// It was changed, or stands where something else was sealed.
    #[error("it is damaged, or stands in another's place")]
    Damaged,
}

/// The key in use, and those before it.
#[derive(Clone)]
pub struct SealingKeys {
    /// The current one first.
    keys: Vec<SealingKey>,
    current: SealingKey,
}

unprintable!(SealingKeys);

impl SealingKeys {
    /// `current` seals; it and the `old` ones open.
    pub fn new(current: SealingKey, old: Vec<SealingKey>) -> Self {
        let mut keys = vec![current.clone()];
        for key in old {
            if keys.iter().all(|known| known.id != key.id) {
                keys.push(key);
            }
        }
        Self { keys, current }
    }

    /// Seals with the current key. `what` says what it is and whose (`drop-box/K7QM2X/key`), and must be said again to
    /// open it; a nonce serves one call.
    pub fn seal(&self, what: &str, nonce: [u8; 12], plaintext: &[u8]) -> SealedText {
        let mut ciphertext = Vec::with_capacity(plaintext.len() + envelope::TAG);
        ciphertext.extend_from_slice(plaintext);
        envelope::encrypt(&self.current.enc, nonce, what, &mut ciphertext);
        SealedText {
            key: self.current.id,
            nonce,
            ciphertext,
        }
    }

    /// Opens what was sealed as `what`, with whichever of the keys sealed it.
    pub fn open(&self, what: &str, sealed: &SealedText) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let key = self.keys.iter().find(|key| key.id == sealed.key);
        let key = key.ok_or(OpenError::NoKey(sealed.key))?;
        envelope::decrypt(&key.enc, sealed.nonce, what, &sealed.ciphertext).ok_or(OpenError::Damaged)
    }

    /// The ids of all keys, the current one first.
    pub fn ids(&self) -> Vec<KeyId> {
        self.keys.iter().map(SealingKey::id).collect()
    }

    /// The id of the key that seals.
    pub fn current_id(&self) -> KeyId {
        self.current.id
    }
}
