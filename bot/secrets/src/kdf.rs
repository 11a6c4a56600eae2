//! Keys out of keys: HKDF (RFC 5869) and PBKDF2, both with SHA-256.

use std::num::NonZeroU32;

use aws_lc_rs::{hkdf, pbkdf2};
use zeroize::Zeroizing;

/// How often PBKDF2 goes round.
pub(crate) const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();

/// So many bytes of output.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-Extract.
pub(crate) fn extract(salt: &[u8], ikm: &[u8]) -> hkdf::Prk {
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(ikm)
}

/// HKDF-Expand.
#[expect(
    clippy::expect_used,
    reason = "it fails for more than 255 × 32 bytes, and nobody asks for more than 32"
)]
pub(crate) fn expand<const N: usize>(prk: &hkdf::Prk, info: &str) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * 32) };
    let mut key = Zeroizing::new([0; N]);
    prk.expand(&[info.as_bytes()], Length(N))
        .and_then(|okm| okm.fill(key.as_mut_slice()))
        .expect("the length is one that HKDF has");
    key
}

/// HKDF: Extract, then Expand.
pub(crate) fn hkdf<const N: usize>(salt: &[u8], ikm: &[u8], info: &str) -> Zeroizing<[u8; N]> {
    expand(&extract(salt, ikm), info)
}

/// PBKDF2-HMAC-SHA256.
pub(crate) fn stretch(phrase: &[u8], salt: &[u8], rounds: NonZeroU32) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        rounds,
        salt,
        phrase,
        key.as_mut_slice(),
    );
    key
}
