//! The secret half of a link: the key behind the `#`, which browsers send to nobody.

use secrecy::SecretString;
use zeroize::Zeroizing;

use crate::{base64url, unprintable};

/// `K`: 32 random bytes. As text: 43 characters of base64url.
#[derive(Clone)]
pub struct LinkKey(Zeroizing<[u8; 32]>);

unprintable!(LinkKey);

/// Text that is no key. It does not quote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a link's key: behind the # stand 43 letters, digits, - and _")]
pub struct NotAKey;

impl LinkKey {
    /// The key of these random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// What stands behind the `#`.
    pub fn fragment(&self) -> SecretString {
        SecretString::from(base64url::encode(self.bytes()))
    }

    /// The key of such a text.
    pub fn parse(fragment: &str) -> Result<Self, NotAKey> {
        base64url::decode_array(fragment)
            .map(Self::new)
            .map_err(|_| NotAKey)
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_key_stands_behind_the_hash_and_is_not_printed() {
        let key = LinkKey::new([7; 32]);
        let text = key.fragment();
        assert_eq!(text.expose_secret().len(), 43);
        assert_eq!(LinkKey::parse(text.expose_secret()).unwrap().bytes(), &[7; 32]);
        assert_eq!(format!("{key:?}"), "LinkKey");
        assert_eq!(LinkKey::parse("short").unwrap_err(), NotAKey);
    }
}
