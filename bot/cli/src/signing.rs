//! Ed25519 (RFC 8032), with the library that speaks TLS for us too: what signs checkpoints of the audit, and what checks
//! their signatures.

use anyhow::Context as _;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use countersign_core::audit::Signer;
use countersign_core::random::Random;
use countersign_core::secret::Secret;
use secrecy::ExposeSecret as _;

/// The key of a bot.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// The key of this seed: 64 hexadecimal digits.
    pub fn of(seed: &Secret) -> anyhow::Result<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(seed.expose_secret(), &mut bytes)
            .ok()
            .context("the audit key is not 64 hexadecimal digits; countersign audit key makes one")?;
        let pair = Ed25519KeyPair::from_seed_unchecked(&bytes)
            .ok()
            .context("the audit key is refused by the cryptographic library")?;
        Ok(Self(pair))
    }
}

impl Signer for SigningKey {
    fn public_key(&self) -> [u8; 32] {
        let mut key = [0; 32];
        // An Ed25519 public key has 32 bytes.
        key.copy_from_slice(self.0.public_key().as_ref());
        key
    }

    fn sign(&self, bytes: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        // An Ed25519 signature has 64.
        signature.copy_from_slice(self.0.sign(bytes).as_ref());
        signature
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey(public {})", hex::encode(self.public_key()))
    }
}

/// A new seed, as text.
pub fn seed(random: &dyn Random) -> Secret {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    Secret::from(hex::encode(bytes))
}

/// Whether the signature of these bytes was made with this key.
pub fn verify(key: &[u8; 32], bytes: &[u8], signature: &[u8; 64]) -> bool {
    UnparsedPublicKey::new(&ED25519, key)
        .verify(bytes, signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8032, section 7.1, test 2.
    #[test]
    fn it_signs_as_the_rfc_says() {
        let seed = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
        let key = SigningKey::of(&Secret::from(seed.to_owned())).unwrap();
        let public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
        assert_eq!(hex::encode(key.public_key()), public);
        let signature = key.sign(&[0x72]);
        assert_eq!(
            hex::encode(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
             085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        );
        assert!(verify(&key.public_key(), &[0x72], &signature));
        assert!(!verify(&key.public_key(), &[0x73], &signature));
        assert!(!format!("{key:?}").contains(seed));
    }
}
