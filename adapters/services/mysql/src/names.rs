//! Names as types, checked once. What is in them is any text; quoting is done where statements are written.
//!
//! Servers keep names in three-byte UTF-8. A name with a character beyond that (`😀`) would reach them as another name
//! (`?`), so it is none here.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A name that can't be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} {rule}")]
pub struct Invalid {
    /// What it should have been, with its article.
    pub(crate) what: &'static str,
    /// The rule that it breaks.
    pub(crate) rule: &'static str,
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal, $least:literal ..= $most:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as text, not quoted.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// A name that a server has told: whatever it is, it is one.
            pub(crate) fn told(text: String) -> Self {
                Self(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                let invalid = |rule| Invalid { what: $what, rule };
                if !($least..=$most).contains(&text.chars().count()) {
                    return Err(invalid(concat!("has ", $least, " to ", $most, " characters")));
                }
                match broken_rule(&text) {
                    Some(rule) => Err(invalid(rule)),
                    None => Ok(Self(text)),
                }
            }
        }

        impl FromStr for $name {
            type Err = Invalid;

            fn from_str(text: &str) -> Result<Self, Invalid> {
                text.to_owned().try_into()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

/// What no server takes in a name, or takes and changes without a word.
fn broken_rule(text: &str) -> Option<&'static str> {
    if text.contains('\0') {
        Some("has no NUL")
    } else if text.chars().any(|c| c > '\u{ffff}') {
        Some("has no character beyond U+FFFF, which servers would change")
    } else if text.starts_with(' ') || text.ends_with(' ') {
        Some("neither begins nor ends with a space, which servers may drop")
    } else {
        None
    }
}

name! {
    /// The user of an account, without its host: `redash`.
    ///
    /// MySQL takes 32 characters at most. MariaDB has longer ones; they can be read, but not asked for.
    UserName, "a user name", 1..=32
}

name! {
    /// Where an account may come from, as the server writes it: `%` is anywhere.
    Host, "a host", 0..=255
}

name! {
    /// A database in the sense of `CREATE DATABASE`.
    Schema, "a schema name", 1..=64
}

name! {
    /// A table or a view, without its schema.
    Table, "a table name", 1..=64
}

name! {
    /// A column of a table.
    Column, "a column name", 1..=64
}

impl UserName {
    /// Whether it is `[a-z][a-z0-9_]{0,31}`: safe to type in a chat, in a URL and in an option file.
    pub fn is_plain(&self) -> bool {
        let mut bytes = self.0.bytes();
        self.0.len() <= 32
            && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    }
}

impl Host {
    /// `%`: from anywhere.
    pub fn anywhere() -> Self {
        Self("%".to_owned())
    }
}

impl Default for Host {
    fn default() -> Self {
        Self::anywhere()
    }
}

/// An account: a user and where it comes from. `redash@%` and `redash@localhost` are two.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// Its user.
    pub user: UserName,
    /// Where it comes from.
    pub host: Host,
}

impl Account {
    /// `user@%`.
    pub fn anywhere(user: UserName) -> Self {
        Self {
            user,
            host: Host::anywhere(),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.user, self.host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_any_text_that_servers_keep_as_it_is() {
        for good in [
            "redash", "o'brien", "a`b", r"a\b", "a\"b", "größe", "a b", "%", "_",
        ] {
            assert!(good.parse::<UserName>().is_ok(), "{good}");
            assert!(good.parse::<Table>().is_ok(), "{good}");
        }
        for bad in ["", "a\0b", "a ", " a", "😀", &"x".repeat(33)] {
            assert!(bad.parse::<UserName>().is_err(), "{bad}");
        }
        assert_eq!(
            "x".repeat(65).parse::<Table>().unwrap_err().to_string(),
            "a table name has 1 to 64 characters"
        );
        assert!("".parse::<Host>().is_ok(), "roles of MariaDB have none");
    }

    #[test]
    fn plain_names_are_the_ones_to_type() {
        let plain = |text: &str| text.parse::<UserName>().unwrap().is_plain();
        assert!(plain("cs_alice") && plain("a") && plain(&"a".repeat(32)));
        for odd in ["1a", "_a", "A", "a-b", "a%", "é", "a b"] {
            assert!(!plain(odd), "{odd}");
        }
    }

    #[test]
    fn accounts_are_written_as_people_write_them_and_stored_as_text() {
        let account = Account::anywhere("cs_alice".parse().unwrap());
        assert_eq!(account.to_string(), "cs_alice@%");
        let json = serde_json::to_string(&account).unwrap();
        assert_eq!(json, r#"{"user":"cs_alice","host":"%"}"#);
        assert_eq!(serde_json::from_str::<Account>(&json).unwrap(), account);
        assert!(serde_json::from_str::<Account>(r#"{"user":"","host":"%"}"#).is_err());
    }
}
