//! Proofs: what a holder of the key, or of key and phrase, can send, and what the server keeps to know them by.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::{base64url, unprintable};

/// Shows that somebody has the link. Derived from the id and `K`.
#[derive(Clone)]
pub struct LinkProof(Zeroizing<[u8; 32]>);

/// Shows that somebody has the link and the phrase. Derived from the id, `K` and `P`.
#[derive(Clone)]
pub struct AuthProof(Zeroizing<[u8; 32]>);

unprintable!(LinkProof, AuthProof);

/// Text that is no proof. It does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a proof: those have 43 letters, digits, - and _")]
pub struct NotAProof;

/// The two kinds of proof.
pub trait Proof {
    /// The raw bytes. They are secret.
    fn expose(&self) -> &[u8; 32];

    /// What the server keeps: SHA-256 of the proof.
    fn digest(&self) -> ProofDigest {
        ProofDigest::of(self.expose())
    }

    /// The text that requests carry: 43 characters of base64url.
    fn text(&self) -> SecretString {
        SecretString::from(base64url::encode(self.expose()))
    }
}

macro_rules! proof {
    ($($name:ident),+) => {$(
        impl $name {
            pub(crate) fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
                Self(bytes)
            }

            /// The proof of such a text.
            pub fn parse(text: &str) -> Result<Self, NotAProof> {
                base64url::decode_array(text)
                    .map(|bytes| Self(Zeroizing::new(bytes)))
                    .map_err(|_| NotAProof)
            }

            /// What the server keeps: SHA-256 of the proof.
            pub fn digest(&self) -> ProofDigest {
                Proof::digest(self)
            }

            /// The text that requests carry: 43 characters of base64url.
            pub fn text(&self) -> SecretString {
                Proof::text(self)
            }
        }

        impl Proof for $name {
            fn expose(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Zeroizing::new(String::deserialize(deserializer)?);
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    )+};
}
proof!(LinkProof, AuthProof);

/// SHA-256 of a proof. As text: 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProofDigest([u8; 32]);

/// Text that is no digest of a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the digest of a proof: those have 64 hexadecimal digits")]
pub struct NotADigest;

impl ProofDigest {
    fn of(proof: &[u8; 32]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, proof).as_ref());
        Self(bytes)
    }

    /// Whether it is the digest of this proof. It takes as long for a wrong one as for the right one.
    pub fn is_of(&self, proof: &impl Proof) -> bool {
        verify_slices_are_equal(&self.0, &Self::of(proof.expose()).0).is_ok()
    }
}

impl fmt::Display for ProofDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for ProofDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProofDigest({self})")
    }
}

impl FromStr for ProofDigest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| NotADigest)?;
        Ok(Self(bytes))
    }
}

impl Serialize for ProofDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ProofDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
