//! The password of an account: it can be set and handed over, but not printed.

use std::fmt;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use secrecy::{ExposeSecret, SecretString};

use crate::names::Invalid;

/// A password. Its `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Password(SecretString);

/// The longest that servers take over TLS, in bytes.
const MAX_BYTES: usize = 255;

impl Password {
    /// 60 hexadecimal characters: safe in a URL, in an option file and in a statement.
    pub fn hex(random: &[u8; 30]) -> Self {
        Self(SecretString::from(hex::encode(random)))
    }

    /// One that somebody brought along.
    ///
    /// Control characters are refused, since a line break or a NUL ends the password in some places and not in others.
    pub fn given(password: SecretString) -> Result<Self, Invalid> {
        let invalid = |rule| Invalid {
            what: "a password",
            rule,
        };
        let text = password.expose_secret();
        if text.is_empty() || text.len() > MAX_BYTES {
            Err(invalid("has 1 to 255 bytes"))
        } else if text.chars().any(char::is_control) {
            Err(invalid("has no control characters"))
        } else {
            Ok(Self(password))
        }
    }

    /// What `mysql_native_password` keeps of it: a star and the digits of SHA-1 applied twice.
    pub(crate) fn native_hash(&self) -> String {
        let sha1 = |bytes: &[u8]| digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes);
        let once = sha1(self.0.expose_secret().as_bytes());
        format!("*{}", hex::encode_upper(sha1(once.as_ref())))
    }

    /// The password itself, for the one it is meant for.
    pub fn secret(&self) -> &SecretString {
        &self.0
    }
}

impl From<Password> for SecretString {
    fn from(password: Password) -> Self {
        password.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_password_is_60_hexadecimal_characters() {
        let password = Password::hex(&[0xa5; 30]);
        assert_eq!(password.secret().expose_secret(), "a5".repeat(30));
        assert_eq!(format!("{password:?}"), "Password(…)");
    }

    #[test]
    fn a_given_password_has_no_control_characters() {
        let given = |text: &str| Password::given(SecretString::from(text));
        assert!(given("it's a \\ \"secret\" 😀").is_ok());
        for bad in ["", "a\nb", "a\0b", "a\u{7f}", &"x".repeat(256)] {
            assert!(given(bad).is_err(), "{bad:?}");
        }
    }
}
