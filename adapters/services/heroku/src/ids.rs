//! Names and ids as types, checked once, so that each is safe as a segment of a path.

use std::{fmt, hash, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Serialize};

/// Heroku's id of a `T`: a UUID, as text.
///
/// `Id<Release>` and `Id<Slug>` are different types, so one can't be given for the other.
#[derive(Serialize, Deserialize)]
#[serde(try_from = "String", into = "String", bound = "")]
pub struct Id<T> {
    text: String,
    of: PhantomData<fn() -> T>,
}

/// A name or an id that can't be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} {rule}")]
pub struct Invalid {
    /// What it should have been, with its article.
    pub(crate) what: &'static str,
    /// The rule that it breaks.
    pub(crate) rule: &'static str,
}

impl<T> Id<T> {
    /// The id as Heroku writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<T> TryFrom<String> for Id<T> {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self {
                text,
                of: PhantomData,
            })
        } else {
            Err(Invalid {
                what: "an id",
                rule: "has 1 to 64 letters, digits and -",
            })
        }
    }
}

impl<T> FromStr for Id<T> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.to_owned().try_into()
    }
}

impl<T> From<Id<T>> for String {
    fn from(id: Id<T>) -> Self {
        id.text
    }
}

// By hand, because derived ones would ask `T` for the same, which plays no part.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        Self {
            text: self.text.clone(),
            of: PhantomData,
        }
    }
}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<T> Eq for Id<T> {}

impl<T> hash::Hash for Id<T> {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
