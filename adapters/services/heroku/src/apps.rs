//! Apps, and the accounts that own and change them.

use std::{fmt, str::FromStr};

use countersign_http::{Call, answered_at};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

use crate::{
    client::Heroku,
    error::Result,
    ids::{Id, Invalid},
};

/// The name of an app: what people type, and part of its address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AppName(String);

/// The id of an app; unlike its name it stays the same when the app is renamed.
pub type AppId = Id<App>;

/// An app.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// Its name.
    pub name: AppName,
    /// Who owns it.
    pub owner: Account,
    /// The stack that it was made for, `heroku-24`.
    #[serde(deserialize_with = "name_of")]
    pub stack: String,
    /// Whether visitors get the maintenance page.
    pub maintenance: bool,
    /// Where visitors find it: a URL.
    pub web_url: Option<String>,
    /// When its last release was made.
    pub released_at: Option<Timestamp>,
}

/// Somebody's account at Heroku.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Its id.
    pub id: Id<Account>,
    /// Its mail address.
    pub email: String,
}

/// The account that a token belongs to, and what time it was at Heroku.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whose {
    /// The account.
    pub account: Account,
    /// When Heroku answered, by its own clock, in whole seconds.
    pub at: Option<Timestamp>,
}

impl Heroku {
    /// Whose token this is.
    pub async fn account(&self) -> Result<Whose> {
        let answer = self.client.ask(&Call::get(["account"])).await?;
        Ok(Whose {
            at: answered_at(&answer.headers),
            account: answer.value,
        })
    }

    /// An app.
    pub async fn app(&self, app: &AppName) -> Result<App> {
        self.client.fetch(&Call::get(["apps", app.as_str()])).await
    }
}

impl AppName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AppName {
    type Error = Invalid;

    /// The schema's pattern is `^[a-z][a-z0-9-]{1,28}[a-z0-9]$`.
    fn try_from(name: String) -> Result<Self, Invalid> {
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let whole = (3..=30).contains(&name.len()) && name.bytes().all(fits);
        if whole && name.starts_with(|first: char| first.is_ascii_lowercase()) && !name.ends_with('-') {
            Ok(Self(name))
        } else {
            Err(Invalid {
                what: "the name of a Heroku app",
                rule: "has 3 to 30 characters a-z, 0-9 and -, a letter first and no - at the end",
            })
        }
    }
}

impl FromStr for AppName {
    type Err = Invalid;

    fn from_str(name: &str) -> Result<Self, Invalid> {
        name.to_owned().try_into()
    }
}

impl From<AppName> for String {
    fn from(name: AppName) -> Self {
        name.0
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Reads `{"name": "heroku-24", …}` as its name.
fn name_of<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    Named::deserialize(deserializer).map(|named| named.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_heroku_allows() {
        for name in ["abc", "treeherder-stage", "a23456789012345678901234567890"] {
            assert_eq!(name.parse::<AppName>().unwrap().as_str(), name);
        }
        for name in [
            "",
            "ab",
            "1ab",
            "ab-",
            "Abc",
            "a/b",
            "../x",
            "a b c",
            "a234567890123456789012345678901",
        ] {
            assert!(name.parse::<AppName>().is_err(), "{name}");
        }
    }
}
