//! The networks by their names, and the rooms that are on them.

use std::cell::RefCell;

use countersign_core::id::NetworkId;
use countersign_core::message::Room;
use countersign_core::text;

use super::document::{Key, Problems, did_you_mean};

/// The terminal of the demo. No configuration can name it.
pub const CONSOLE: &str = "console";
/// This machine: `countersign do`, where the accounts are the users' numbers.
pub const LOCAL: &str = "local";

/// What stands for direct messages among the rooms of a rule.
pub(super) const DIRECT: &str = "direct";

/// The networks that rooms can be on, in the order of the file.
#[derive(Debug)]
pub(super) struct Networks {
    names: Vec<NetworkId>,
    /// The rooms that were named so far.
    named: RefCell<Vec<Room>>,
}

impl Networks {
    pub(super) fn new(names: Vec<NetworkId>) -> Self {
        let named = RefCell::default();
        Self { names, named }
    }

    /// The networks on which somebody can have an account.
    pub(super) fn with_accounts(&self) -> Vec<&str> {
        self.names.iter().map(NetworkId::as_str).chain([LOCAL]).collect()
    }

    /// The rooms that a list names: `#ops` if there is only one network that it can be on, else `libera/#ops`.
    pub(super) fn rooms(&self, written: &[String], key: &Key, problems: &mut Problems<'_>) -> Vec<Room> {
        let mut rooms: Vec<Room> = Vec::new();
        for (at, written) in written.iter().enumerate() {
            let Some(room) = self.room(written, &key.item(at), problems) else {
                continue;
            };
            if !rooms.contains(&room) {
                rooms.push(room);
            }
        }
        rooms
    }

    /// The room that is meant, or nothing and a problem.
    pub(super) fn room(&self, written: &str, key: &Key, problems: &mut Problems<'_>) -> Option<Room> {
        let (network, name) = split(written);
        if !check_room(name, key, problems) {
            return None;
        }
        let network = self.meant(network, written, key, problems)?;
        let room = Room {
            network,
            name: name.into(),
        };
        self.check_spelling(&room, key, problems);
        Some(room)
    }

    /// Networks make no difference between #Ops and #ops, but rules do: what forbids something in the one would not
    /// forbid it in the other.
    pub(super) fn check_spelling(&self, room: &Room, key: &Key, problems: &mut Problems<'_>) {
        let mut named = self.named.borrow_mut();
        let same = named.iter().find(|other| {
            other.network == room.network && other.name.as_str().eq_ignore_ascii_case(room.name.as_str())
        });
        match same {
            Some(other) if other.name != room.name => problems.add(
                key,
                format!("{} is called {} elsewhere in the file", room.name, other.name),
                "write it the same way everywhere",
            ),
            Some(_) => {}
            None => named.push(room.clone()),
        }
    }

    /// A room of a rule, where `*` at the end stands for any rest, as core compares it: with its network in front if
    /// there are several, so that #ops of one is not #ops of another.
    pub(super) fn pattern(&self, written: &str, key: &Key, problems: &mut Problems<'_>) -> String {
        if written == DIRECT || written == "*" {
            return written.to_owned();
        }
        let (network, name) = split(written);
        // All rooms of a network: `libera/*`.
        if !(network.is_some() && name == "*" || check_room(name, key, problems)) {
            return written.to_owned();
        }
        let Some(network) = self.meant(network, written, key, problems) else {
            return written.to_owned();
        };
        let pattern = match self.names.len() {
            1 if name != "*" => name.to_owned(),
            _ => format!("{network}/{name}"),
        };
        let name = name.into();
        if !pattern.ends_with('*') {
            self.check_spelling(&Room { network, name }, key, problems);
        }
        pattern
    }

    fn meant(
        &self,
        network: Option<&str>,
        written: &str,
        key: &Key,
        problems: &mut Problems<'_>,
    ) -> Option<NetworkId> {
        let (words, help) = match (network, self.names.as_slice()) {
            (None, [only]) => return Some(only.clone()),
            (None, []) => (
                format!("{written} is on no network"),
                "say in an [[irc]] section which network the bot is on".to_owned(),
            ),
            (None, several) => {
                let ways = several.iter().map(|network| format!("\"{network}/{written}\""));
                (
                    format!("{written} could be on any of {} networks", several.len()),
                    format!("write {}", text::either(ways)),
                )
            }
            (Some(name), networks) => {
                if let Some(known) = networks.iter().find(|network| network.as_str() == name) {
                    return Some(known.clone());
                }
                let known: Vec<&str> = networks.iter().map(NetworkId::as_str).collect();
                (format!("there is no network {name}"), did_you_mean(name, &known))
            }
        };
        problems.add(key, words, help);
        None
    }
}

/// `libera/#ops` is #ops of libera; a room's own name begins with `#` and may have a `/` in it.
fn split(written: &str) -> (Option<&str>, &str) {
    match written.split_once('/') {
        Some((network, name)) if !written.starts_with('#') => (Some(network), name),
        _ => (None, written),
    }
}

/// The room of a pattern without its network.
pub(super) fn bare(pattern: &str) -> &str {
    split(pattern).1
}

/// A room: a channel, as the network writes it.
pub(super) fn check_room(room: &str, key: &Key, problems: &mut Problems<'_>) -> bool {
    let bare = room.trim_start_matches('#');
    if !room.starts_with('#') {
        problems.add(
            key,
            format!("{room:?} is not a room"),
            format!("rooms begin with #: did you mean \"#{room}\"?"),
        );
    } else if bare.is_empty() || bare.contains(|c: char| c.is_whitespace() || c.is_control() || c == ',') {
        problems.add(
            key,
            format!("{room:?} is not a room"),
            "a room's name is # and one word, without commas",
        );
    } else {
        return true;
    }
    false
}
