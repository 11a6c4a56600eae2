//! Secret links: locked by whoever makes them, opened by whoever has both link and phrase.

use std::num::NonZeroU32;

use zeroize::Zeroizing;

pub use crate::envelope::{LockError, UnlockError};
use crate::key::LinkKey;
use crate::path_id::PathId;
use crate::phrase::Phrase;
use crate::proof::{AuthProof, LinkProof, ProofDigest};
use crate::{envelope, kdf, unprintable};

/// The most that fits into a link, in bytes.
pub const MOST: usize = 64 * 1024;

/// Everything that follows from link and phrase.
pub struct Keys {
    /// Shows that somebody has the link.
    pub link: LinkProof,
    /// Shows that somebody has link and phrase.
    pub auth: AuthProof,
    /// What the content is encrypted with.
    enc: Zeroizing<[u8; 32]>,
}

/// A locked link: all that the server keeps of its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// The header's canonical text.
    pub header: String,
    /// The nonce of the encryption.
    pub nonce: [u8; 12],
    /// The padded content, encrypted, and the tag.
    pub ciphertext: Vec<u8>,
    /// What the link's proof is known by.
    pub link: ProofDigest,
    /// What the proof of link and phrase is known by.
    pub auth: ProofDigest,
}

unprintable!(Keys);

/// The proof that somebody has the link (or the drop box): cheap.
pub fn link_proof(id: &PathId, key: &LinkKey) -> LinkProof {
    LinkProof::new(kdf::hkdf(id.as_bytes(), key.bytes(), "csl1/link"))
}

/// The salt of the phrase: without `K` nobody can try phrases.
pub(crate) fn salt(id: &PathId, key: &LinkKey) -> Zeroizing<[u8; 16]> {
    kdf::hkdf(id.as_bytes(), key.bytes(), "csl1/pwsalt")
}

/// The phrase, stretched.
pub(crate) fn pw(id: &PathId, key: &LinkKey, phrase: &Phrase, rounds: NonZeroU32) -> Zeroizing<[u8; 32]> {
    kdf::stretch(phrase.bytes(), salt(id, key).as_slice(), rounds)
}

impl Keys {
    /// Derives all of them. PBKDF2 goes round 600,000 times: call it where blocking is allowed.
    pub fn derive(id: &PathId, key: &LinkKey, phrase: &Phrase) -> Self {
        Self::derive_in(kdf::ROUNDS, id, key, phrase)
    }

    pub(crate) fn derive_in(rounds: NonZeroU32, id: &PathId, key: &LinkKey, phrase: &Phrase) -> Self {
        Self::of(id, key, &pw(id, key, phrase, rounds))
    }

    pub(crate) fn of(id: &PathId, key: &LinkKey, pw: &[u8; 32]) -> Self {
        let mut both = Zeroizing::new([0; 64]);
        both[..32].copy_from_slice(key.bytes());
        both[32..].copy_from_slice(pw);
        let prk = kdf::extract(id.as_bytes(), both.as_slice());
        Self {
            link: link_proof(id, key),
            auth: AuthProof::new(kdf::expand(&prk, "csl1/auth")),
            enc: kdf::expand(&prk, "csl1/enc"),
        }
    }

    /// What the content is encrypted with, for the test vectors.
    #[cfg(test)]
    pub(crate) fn enc(&self) -> &[u8; 32] {
        &self.enc
    }
}

/// Locks at most 64 KiB under these keys. `header` is canonical and names the id that the keys were derived for; a
/// nonce serves one call.
pub fn lock(header: String, keys: &Keys, nonce: [u8; 12], plaintext: &[u8]) -> Result<Locked, LockError> {
    let ciphertext = envelope::seal(&keys.enc, nonce, &header, plaintext, MOST)?;
    Ok(Locked {
        header,
        nonce,
        ciphertext,
        link: keys.link.digest(),
        auth: keys.auth.digest(),
    })
}

/// Opens what [`lock`] locked, if header, nonce and ciphertext are the very same.
pub fn unlock(
    header: &str,
    keys: &Keys,
    nonce: [u8; 12],
    ciphertext: &[u8],
) -> Result<Zeroizing<Vec<u8>>, UnlockError> {
    envelope::open(&keys.enc, nonce, header, ciphertext, MOST)
}
