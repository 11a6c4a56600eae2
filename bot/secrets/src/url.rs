//! Links as people see them: `https://ops.example.org/s/{id}#{K}`.

use secrecy::{ExposeSecret as _, SecretString};

use crate::key::{LinkKey, NotAKey};
use crate::path_id::PathId;

/// What a link leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A secret link: `s/`.
    Link,
    /// A drop box: `d/`.
    Box,
}

/// A link in its parts.
#[derive(Debug, Clone)]
pub struct LinkUrl {
    /// Where the bot's pages are: `https://ops.example.org/`, with the slash.
    pub base: String,
    /// What it leads to.
    pub kind: Kind,
    /// Which one.
    pub id: PathId,
    /// What only holders of the link have.
    pub key: LinkKey,
}

/// What is wrong with a link. It quotes no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkUrlError {
    /// Nothing but white space.
    #[error("no link was given")]
    Empty,
    /// No `http://` or `https://` in front, or a host or path with characters that links of ours do not have.
    #[error("a link begins with https:// (or http://) and the bot's address")]
    Address,
    /// The path is not that of a link.
    #[error(
        "its path is not that of a link (…/s/ and 22 characters) nor of a drop box (…/d/ and 22 characters)"
    )]
    Path,
    /// Nothing behind the `#`, or no `#`.
    #[error("the part from the # on is missing: copy the whole link")]
    NoKey,
    /// Something else behind the `#`.
    #[error("the part behind the # is not whole: it has 43 characters; copy the whole link")]
    Key(#[source] NotAKey),
}

impl Kind {
    /// The segment of the path.
    pub fn segment(self) -> &'static str {
        match self {
            Self::Link => "s",
            Self::Box => "d",
        }
    }
}

impl LinkUrl {
    /// The whole link. It is a secret.
    pub fn shown(&self) -> SecretString {
        let (base, slash) = (&self.base, if self.base.ends_with('/') { "" } else { "/" });
        let (kind, id, key) = (self.kind.segment(), self.id, self.key.fragment());
        let length = base.len() + 1 + 2 + 22 + 1 + 43;
        let mut text = String::with_capacity(length);
        for part in [base, slash, kind, "/", &id.to_string(), "#", key.expose_secret()] {
            text.push_str(part);
        }
        SecretString::from(text)
    }

    /// The parts of a link that somebody pasted; `<>`, quotes and white space around it are dropped.
    pub fn parse(text: &str) -> Result<Self, LinkUrlError> {
        let text = text.trim_matches(is_around);
        if text.is_empty() {
            return Err(LinkUrlError::Empty);
        }
        let (address, key) = match text.split_once('#') {
            Some((address, key)) => (address, Some(key)),
            None => (text, None),
        };
        let rest = strip(address, "https://")
            .or_else(|| strip(address, "http://"))
            .ok_or(LinkUrlError::Address)?;
        let (host, path) = rest.split_once('/').ok_or(LinkUrlError::Path)?;
        if !is_host(host) || !path.bytes().all(is_path) {
            return Err(LinkUrlError::Address);
        }
        let (before, id) = path.rsplit_once('/').ok_or(LinkUrlError::Path)?;
        let segment = before.rsplit('/').next().unwrap_or_default();
        let kind = [Kind::Link, Kind::Box]
            .into_iter()
            .find(|kind| kind.segment() == segment);
        let kind = kind.ok_or(LinkUrlError::Path)?;
        let id: PathId = id.parse().map_err(|_| LinkUrlError::Path)?;
        let key = key.filter(|key| !key.is_empty()).ok_or(LinkUrlError::NoKey)?;
        let base = address.len() - id.to_string().len() - 2;
        Ok(Self {
            base: address[..base].to_owned(),
            kind,
            id,
            key: LinkKey::parse(key).map_err(LinkUrlError::Key)?,
        })
    }
}

/// What stands around a link that was copied from chat or mail.
fn is_around(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '<' | '>' | '"' | '\'' | '`' | '«' | '»' | '“' | '”' | '„' | '‘' | '’' | '\u{200b}' | '\u{feff}'
        )
}

fn strip<'t>(text: &'t str, scheme: &str) -> Option<&'t str> {
    let front = text.get(..scheme.len())?;
    front.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
}

/// A name or an address, with or without a port: nothing that browsers and programs read differently.
fn is_host(host: &str) -> bool {
    host.bytes().any(|byte| byte.is_ascii_alphanumeric())
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
}

fn is_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte)
}
