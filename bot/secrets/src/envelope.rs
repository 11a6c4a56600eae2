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

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 32] = [1; 32];
    const NONCE: [u8; 12] = [2; 12];

    /// Opens a text that was encrypted as it stands here, padded by nobody.
    fn opened(text: &[u8], most: usize) -> Result<Vec<u8>, UnlockError> {
        let mut text = text.to_vec();
        encrypt(&KEY, NONCE, "header", &mut text);
        open(&KEY, NONCE, "header", &text, most).map(|text| text.to_vec())
    }

    fn block(start: &[u8], length: usize) -> Vec<u8> {
        let mut text = start.to_vec();
        text.resize(length, 0);
        text
    }

    #[test]
    fn the_padding_is_the_shortest_there_is() {
        for (length, expected) in [(0, 1024), (1, 1024), (1023, 1024), (1024, 2048), (65_536, 66_560)] {
            assert_eq!(padded(length), expected, "{length}");
            let sealed = seal(&KEY, NONCE, "header", &vec![0x80; length], length).unwrap();
            assert_eq!(sealed.len(), expected + TAG);
            let text = open(&KEY, NONCE, "header", &sealed, length).unwrap();
            assert_eq!(*text, vec![0x80; length]);
        }
    }

    #[test]
    fn other_padding_is_none() {
        assert_eq!(opened(&block(b"a\x80", 1024), 9), Ok(b"a".to_vec()));
        assert_eq!(opened(&block(b"a\0\x80", 1024), 9), Ok(b"a\0".to_vec()));
        for (text, most) in [
            (block(b"", 1024), 9),
            (block(b"a", 1024), 9),
            (block(b"a\x81", 1024), 9),
            (block(b"a\x80", 2048), 2000),
            (block(b"more than 9\x80", 1024), 9),
            (vec![b'a'; 1024], 2000),
        ] {
            assert_eq!(opened(&text, most), Err(UnlockError::Padding), "{most}");
        }
    }

    #[test]
    fn what_is_longer_than_the_most_can_be_is_not_decrypted() {
        assert_eq!(opened(&block(b"a\x80", 2048), 1023), Err(UnlockError::Length));
        assert_eq!(opened(&block(b"a\x80", 2048), 1024), Err(UnlockError::Padding));
        assert_eq!(opened(&block(b"a\x80", 1025), 1024), Err(UnlockError::Length));
        assert_eq!(opened(b"", 1024), Err(UnlockError::Length));
    }
}
