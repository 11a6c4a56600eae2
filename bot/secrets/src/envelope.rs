//! AES-256-GCM over padded text: what links and drop boxes have in common.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::{Zeroize as _, Zeroizing};

/// What is locked is padded to a multiple of so many bytes, so that its length says little.
pub(crate) const BLOCK: usize = 1024;
/// The length of GCM's tag, at the end of a ciphertext.
pub(crate) const TAG: usize = 16;

/// Why something was not locked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// It is too long.
    #[error("it has {found} bytes, and at most {most} fit")]
    TooLarge {
        /// The most that fits, in bytes.
        most: usize,
        /// What there was.
        found: usize,
    },
    /// The header of a drop box is not one.
    #[error("its header cannot be read")]
    Header,
    /// The public key of a drop box is not one.
    #[error("the drop box's public key is no point of the curve P-256")]
    PublicKey,
    /// The bytes for the one-time key are not a key. New ones almost certainly are.
    #[error("the one-time key is no scalar of the curve P-256: take other random bytes")]
    Ephemeral,
}

/// Why something was not opened. None of them says anything about what is inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UnlockError {
    /// Another key, another phrase, another header, or a changed byte: there is no telling which.
    #[error("it does not open: the key or the phrase is another one, or it was changed on its way")]
    Refused,
    /// Its length is none that csl1 makes.
    #[error("it is not as long as anything that was locked this way")]
    Length,
    /// It opened, but what is inside is not padded.
    #[error("it opens, but what is inside was not put there this way")]
    Padding,
    /// The header of a drop box is not one.
    #[error("its header cannot be read")]
    Header,
    /// The one-time public key that came with a filling is not one.
    #[error("the key that came with it is no point of the curve P-256")]
    PublicKey,
}

/// How long a plaintext of `length` bytes is when it is padded.
pub(crate) const fn padded(length: usize) -> usize {
    (length / BLOCK + 1) * BLOCK
}

/// Pads and encrypts.
pub(crate) fn seal(
    key: &[u8; 32],
    nonce: [u8; 12],
    aad: &str,
    plaintext: &[u8],
    most: usize,
) -> Result<Vec<u8>, LockError> {
    if plaintext.len() > most {
        return Err(LockError::TooLarge {
            most,
            found: plaintext.len(),
        });
    }
    let length = padded(plaintext.len());
    // Never reallocated: no plaintext is left behind where it grew.
    let mut text = Vec::with_capacity(length + TAG);
    text.extend_from_slice(plaintext);
    text.push(0x80);
    text.resize(length, 0);
    encrypt(key, nonce, aad, &mut text);
    Ok(text)
}

/// Decrypts and takes the padding off.
pub(crate) fn open(
    key: &[u8; 32],
    nonce: [u8; 12],
    aad: &str,
    ciphertext: &[u8],
    most: usize,
) -> Result<Zeroizing<Vec<u8>>, UnlockError> {
    let length = ciphertext.len().checked_sub(TAG).ok_or(UnlockError::Length)?;
    if length == 0 || length % BLOCK != 0 || length > padded(most) {
        return Err(UnlockError::Length);
    }
    let mut text = decrypt(key, nonce, aad, ciphertext).ok_or(UnlockError::Refused)?;
    let end = text
        .iter()
        .rposition(|byte| *byte != 0)
        .ok_or(UnlockError::Padding)?;
    if text[end] != 0x80 || padded(end) != length || end > most {
        return Err(UnlockError::Padding);
    }
    text[end..].zeroize();
    text.truncate(end);
    Ok(text)
}

/// AES-256-GCM; the tag is put behind.
#[expect(
    clippy::expect_used,
    reason = "it fails for more than 64 GiB, and no caller has that"
)]
pub(crate) fn encrypt(key: &[u8; 32], nonce: [u8; 12], aad: &str, text: &mut Vec<u8>) {
    cipher(key)
        .seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad.as_bytes()),
            text,
        )
        .expect("the text is short enough for GCM");
}

/// AES-256-GCM. `None`: the tag is not that of this text under this key.
pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: [u8; 12],
    aad: &str,
    ciphertext: &[u8],
) -> Option<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(ciphertext.to_vec());
    let length = cipher(key)
        .open_in_place(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(aad.as_bytes()),
            &mut text,
        )
        .ok()?
        .len();
    text.truncate(length);
    Some(text)
}

#[expect(
    clippy::expect_used,
    reason = "it fails for keys of another length, and the type has this one"
)]
fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("the key has 32 bytes"))
}
