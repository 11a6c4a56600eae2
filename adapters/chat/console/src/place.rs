//! Where a person of the console is: in a room, or alone with the bot. It is written as people type it.

use std::fmt;

use countersign_core::id::{NetworkId, RoomName};
use countersign_core::message::{Account, Place, Room};

/// What the bot is called on this network. Nobody else can be called so, and a transcript's lines of the bot are
/// known by it.
pub(crate) const BOT: &str = "bot";

/// Where somebody speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// In a room: `#treeherder`.
    Room(RoomName),
    /// To the bot alone: `@bot`.
    Direct,
}

impl Where {
    /// Reads `#treeherder` or `@bot`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix('@') {
            Some(name) => (name == BOT).then_some(Self::Direct),
            None => is_room(text).then(|| Self::Room(text.into())),
        }
    }

    /// The place in core's words, for this speaker.
    pub(crate) fn place(&self, network: &NetworkId, who: &str) -> Place {
        match self {
            Self::Room(name) => Place::Room(Room {
                network: network.clone(),
                name: name.clone(),
            }),
            Self::Direct => Place::Direct(account(network, who)),
        }
    }
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(name) => fmt::Display::fmt(name, f),
            Self::Direct => write!(f, "@{BOT}"),
        }
    }
}

/// Everybody is who they say: it is one person's terminal.
pub(crate) fn account(network: &NetworkId, who: &str) -> Account {
    Account {
        network: network.clone(),
        name: who.into(),
    }
}

/// Whether a room can be called this.
pub(crate) fn is_room(text: &str) -> bool {
    text.len() > 1 && text.starts_with('#') && is_word(&text[1..])
}

/// Whether a person can be called this.
pub(crate) fn is_person(text: &str) -> bool {
    text != BOT && is_word(text)
}

/// One word that cannot be confused with a room, a DM or the end of a speaker.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(['/', '~'])
        && !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '#' | '@' | '>'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_as_they_are_written() {
        for text in ["#treeherder", "@bot", "#ops-2"] {
            assert_eq!(Where::parse(text).unwrap().to_string(), text);
        }
        for text in ["treeherder", "@alice", "#", "#a#b", "#a>", "", "@"] {
            assert_eq!(Where::parse(text), None, "{text}");
        }
    }

    #[test]
    fn nobody_else_is_called_bot() {
        assert!(is_person("alice") && is_person("bob_"));
        for text in ["bot", "", "al ice", "#alice", "@alice", "~alice", "a>b", "/as"] {
            assert!(!is_person(text), "{text}");
        }
    }
}
