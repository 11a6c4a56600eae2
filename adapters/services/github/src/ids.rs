//! Names and ids as types, checked once.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A repository: `owner/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Repo {
    owner: String,
    name: String,
}

/// The id of a commit, a tree or a file: all 40 (or, with SHA-256, 64) hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sha(String);

/// The name of a branch, without `refs/heads/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Branch(String);

/// Whatever may name a commit: a full or short id, a branch, a tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Revision(String);

/// A name or an id that can't be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{what} {rule}")]
pub struct Invalid {
    what: &'static str,
    rule: &'static str,
}

impl Repo {
    /// Whom it belongs to: a person or an organisation.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// Its name, without the owner.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Sha {
    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first seven digits, for people to read.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl Branch {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Revision {
    /// The revision as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Repo {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let fits = |part: &str| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
            (1..=100).contains(&part.len()) && part.bytes().all(known) && !matches!(part, "." | "..")
        };
        match text.split_once('/') {
            Some((owner, name)) if fits(owner) && fits(name) => Ok(Self {
                owner: owner.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(Invalid {
                what: "a repository",
                rule: "is written owner/name",
            }),
        }
    }
}

impl TryFrom<String> for Sha {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        let text = text.to_ascii_lowercase();
        if matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            Ok(Self(text))
        } else {
            Err(Invalid {
                what: "a commit",
                rule: "has 40 or 64 hexadecimal digits",
            })
        }
    }
}

impl TryFrom<String> for Branch {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if is_ref_name(&text) {
            Ok(Self(text))
        } else {
            Err(Invalid {
                what: "a branch",
                rule: "has a name that git allows (git help check-ref-format)",
            })
        }
    }
}

impl TryFrom<String> for Revision {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        if is_ref_name(&text) {
            Ok(Self(text))
        } else {
            Err(Invalid {
                what: "a revision",
                rule: "is a commit, a branch or a tag",
            })
        }
    }
}

/// The rules of `git check-ref-format`; they also keep `..` out of paths, and comparisons from being read otherwise.
fn is_ref_name(text: &str) -> bool {
    let forbidden = |c: char| {
        c.is_control() || c.is_whitespace() || matches!(c, '~' | '^' | ':' | '?' | '*' | '[' | '\\')
    };
    let part_fits = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.to_ascii_lowercase().ends_with(".lock")
    };
    text.len() <= 250
        && text != "@"
        && !text.starts_with('-')
        && !text.ends_with('.')
        && !text.contains("..")
        && !text.contains("@{")
        && !text.contains(forbidden)
        && text.split('/').all(part_fits)
}

impl FromStr for Repo {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.to_owned().try_into()
    }
}

impl FromStr for Sha {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.to_owned().try_into()
    }
}

impl FromStr for Branch {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.to_owned().try_into()
    }
}

impl FromStr for Revision {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        text.to_owned().try_into()
    }
}

impl From<Repo> for String {
    fn from(repo: Repo) -> Self {
        repo.to_string()
    }
}

impl From<Sha> for String {
    fn from(sha: Sha) -> Self {
        sha.0
    }
}

impl From<Branch> for String {
    fn from(branch: Branch) -> Self {
        branch.0
    }
}

impl From<Revision> for String {
    fn from(revision: Revision) -> Self {
        revision.0
    }
}

impl From<Sha> for Revision {
    fn from(sha: Sha) -> Self {
        Self(sha.0)
    }
}

/// A tag of the same name would be taken for it; `heads/` says which is meant.
impl From<Branch> for Revision {
    fn from(branch: Branch) -> Self {
        Self(format!("heads/{branch}"))
    }
}

impl fmt::Display for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl fmt::Display for Sha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories() {
        let repo: Repo = "mozilla/tree.herder_2".parse().unwrap();
        assert_eq!(
            (repo.owner(), repo.name(), &*repo.to_string()),
            ("mozilla", "tree.herder_2", "mozilla/tree.herder_2")
        );
        for text in [
            "", "mozilla", "mozilla/", "/x", "a/b/c", "a/..", "a/b c", "a/b?c", "ä/b",
        ] {
            assert!(text.parse::<Repo>().is_err(), "{text}");
        }
    }

    #[test]
    fn commits_are_whole() {
        let sha: Sha = "3F2A91C3F2A91C3F2A91C3F2A91C3F2A91C3F2A9".parse().unwrap();
        assert_eq!(
            (sha.as_str(), sha.short()),
            ("3f2a91c3f2a91c3f2a91c3f2a91c3f2a91c3f2a9", "3f2a91c")
        );
        assert!("3f2a91c".parse::<Sha>().is_err());
        assert!("g".repeat(40).parse::<Sha>().is_err());
    }

    #[test]
    fn branches_and_revisions_follow_git() {
        for text in ["master", "feature/x#1", "v1.2", "größe", "a@b", "3f2a91c"] {
            assert_eq!(text.parse::<Branch>().unwrap().as_str(), text);
            assert_eq!(text.parse::<Revision>().unwrap().as_str(), text);
        }
        for text in [
            "", "-f", "a..b", "a...b", "/a", "a/", "a//b", "../x", ".a", "a b", "a\nb", "a~1", "x.lock",
            "@{1}",
        ] {
            assert!(text.parse::<Branch>().is_err(), "{text}");
            assert!(text.parse::<Revision>().is_err(), "{text}");
        }
        let branch: Branch = "master".parse().unwrap();
        assert_eq!(Revision::from(branch).as_str(), "heads/master");
    }
}
