//! Drop boxes: a form encrypts to a key whose private half only the bot has, sealed.

use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use crate::envelope::{LockError, UnlockError};
use crate::header::BoxHeader;
use crate::{base64url, envelope, kdf, unprintable};

/// The most that fits into a drop box, in bytes.
pub const MOST: usize = 16 * 1024;

/// The private half of a drop box: a scalar of the curve P-256.
#[derive(Clone)]
pub struct BoxKey {
    scalar: Zeroizing<[u8; 32]>,
    public: [u8; 65],
}

unprintable!(BoxKey);

/// Bytes that are no private key: 0, or not below the order of the curve. One in 2^32 random ones are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no private key of the curve P-256: take other ones")]
pub struct NotABoxKey;

/// What a form sends: in JSON three texts of base64url, `key`, `nonce` and `ct`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filling {
    /// The form's one-time public key, an uncompressed point.
    #[serde(with = "base64url::array")]
    pub key: [u8; 65],
    /// The nonce of the encryption.
    #[serde(with = "base64url::array")]
    pub nonce: [u8; 12],
    /// The padded secret, encrypted, and the tag.
    #[serde(rename = "ct", with = "base64url::bytes")]
    pub ciphertext: Vec<u8>,
}

impl BoxKey {
    /// The key of these random bytes: a number from 1 to below the order of the curve, the highest byte first.
    pub fn new(scalar: [u8; 32]) -> Result<Self, NotABoxKey> {
        let scalar = Zeroizing::new(scalar);
        let private = private(&scalar).ok_or(NotABoxKey)?;
        let point = private.compute_public_key().map_err(|_| NotABoxKey)?;
        let public = point.as_ref().try_into().map_err(|_| NotABoxKey)?;
        Ok(Self { scalar, public })
    }

    /// The public half: an uncompressed point.
    pub fn public(&self) -> [u8; 65] {
        self.public
    }

    /// The private half, to be sealed.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        self.scalar.clone()
    }
}

impl Filling {
    /// What this filling is known by in plans: SHA-256 of key, nonce and ciphertext in a row.
    pub fn digest(&self) -> [u8; 32] {
        let mut context = Context::new(&SHA256);
        context.update(&self.key);
        context.update(&self.nonce);
        context.update(&self.ciphertext);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        bytes
    }

    /// [`Filling::digest`] as 64 hexadecimal digits.
    pub fn sha256(&self) -> String {
        hex::encode(self.digest())
    }
}

/// What the form does: encrypts at most 16 KiB to a drop box. `ephemeral` is random, and so is `nonce`.
pub fn fill(
    public: &[u8; 65],
    header: &str,
    ephemeral: [u8; 32],
    nonce: [u8; 12],
    plaintext: &[u8],
) -> Result<Filling, LockError> {
    let header_read = BoxHeader::read(header).map_err(|_| LockError::Header)?;
    let ephemeral = BoxKey::new(ephemeral).map_err(|NotABoxKey| LockError::Ephemeral)?;
    let (enc, _) = agree(&ephemeral, public, &header_read).ok_or(LockError::PublicKey)?;
    Ok(Filling {
        key: ephemeral.public,
        nonce,
        ciphertext: envelope::seal(&enc, nonce, header, plaintext, MOST)?,
    })
}

/// Opens what [`fill`] or the form encrypted, if header, key, nonce and ciphertext are the very same.
pub fn open(key: &BoxKey, header: &str, filling: &Filling) -> Result<Zeroizing<Vec<u8>>, UnlockError> {
    let header_read = BoxHeader::read(header).map_err(|_| UnlockError::Header)?;
    let (enc, _) = agree(key, &filling.key, &header_read).ok_or(UnlockError::PublicKey)?;
    envelope::open(&enc, filling.nonce, header, &filling.ciphertext, MOST)
}

/// Two secrets: the key of the encryption, and the x-coordinate that it comes of (for the test vectors).
type Agreed = (Zeroizing<[u8; 32]>, Zeroizing<Vec<u8>>);

/// What both ends know. `None`: the other end's key is no point of the curve.
pub(crate) fn agree(mine: &BoxKey, theirs: &[u8; 65], header: &BoxHeader) -> Option<Agreed> {
    // An uncompressed point begins with 4. No other spelling of the same point is let in.
    if theirs[0] != 4 {
        return None;
    }
    let theirs = UnparsedPublicKey::new(&ECDH_P256, theirs);
    agreement::agree(&private(&mine.scalar)?, theirs, (), |x| {
        let enc = kdf::hkdf(header.id.as_bytes(), x, "csl1/drop");
        Ok((enc, Zeroizing::new(x.to_vec())))
    })
    .ok()
}

/// The library refuses 0 and what is not below the order of the curve; a test holds it to that.
fn private(scalar: &[u8; 32]) -> Option<PrivateKey> {
    PrivateKey::from_private_key(&ECDH_P256, scalar).ok()
}
