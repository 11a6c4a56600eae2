//! Names and ids, each with a type of its own, so that a room is never taken for a person.
//!
//! An id is a shared string: cloning one allocates nothing. Ids that people type (`R-4QX`, `7F3K`) use
//! Crockford's base 32, which has no I, L, O or U to be misread.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::random::Random;

/// What an [`Id`] names. These types have no values.
pub mod kind {
    /// One IRC network, one Slack workspace, one Matrix homeserver, one terminal.
    #[derive(Debug)]
    pub enum Network {}
    /// A channel of a network, as the network writes it.
    #[derive(Debug)]
    pub enum Room {}
    /// An identity on one network.
    #[derive(Debug)]
    pub enum Account {}
    /// A human, as the configuration names them.
    #[derive(Debug)]
    pub enum Person {}
    /// What people are allowed things for.
    #[derive(Debug)]
    pub enum Role {}
    /// What a plan acts on, by the short name that people type.
    #[derive(Debug)]
    pub enum Target {}
    /// One rule of the policy.
    #[derive(Debug)]
    pub enum Rule {}
    /// A command, or one of its subcommands.
    #[derive(Debug)]
    pub enum Command {}
    /// A request that waits for signatures.
    #[derive(Debug)]
    pub enum Request {}
    /// One execution of a plan.
    #[derive(Debug)]
    pub enum Operation {}
    /// A secret link.
    #[derive(Debug)]
    pub enum Link {}
    /// A drop box.
    #[derive(Debug)]
    pub enum Box {}
    /// A database account in somebody's hands.
    #[derive(Debug)]
    pub enum Access {}
    /// A message, by the id that its network gave it.
    #[derive(Debug)]
    pub enum Message {}
    /// A post of ours, by the id that its network gave it.
    #[derive(Debug)]
    pub enum Post {}
    /// One running process of the bot.
    #[derive(Debug)]
    pub enum Replica {}
}

/// A name or id of one kind.
pub struct Id<K> {
    text: Arc<str>,
    kind: PhantomData<fn() -> K>,
}

/// The name of a network in the configuration.
pub type NetworkId = Id<kind::Network>;
/// The name of a room on its network.
pub type RoomName = Id<kind::Room>;
/// The name of an account on its network.
pub type AccountName = Id<kind::Account>;
/// The name of a person in the configuration.
pub type PersonId = Id<kind::Person>;
/// The name of a role in the configuration.
pub type RoleName = Id<kind::Role>;
/// The short name of a target in the configuration.
pub type TargetName = Id<kind::Target>;
/// The name of a rule in the configuration.
pub type RuleName = Id<kind::Rule>;
/// The words that name a command or one of its subcommands: `deploy`, `db access revoke`.
pub type CommandPath = Id<kind::Command>;
/// The id of a request: `R-` and four characters.
pub type RequestId = Id<kind::Request>;
/// The id of an operation: four characters.
pub type OperationId = Id<kind::Operation>;
/// The id of a secret link: six characters.
pub type LinkId = Id<kind::Link>;
/// The id of a drop box: six characters.
pub type BoxId = Id<kind::Box>;
/// The id of an access: six characters.
pub type AccessId = Id<kind::Access>;
/// The id of a message on its network.
pub type MessageId = Id<kind::Message>;
/// The id of one of our posts on its network.
pub type PostId = Id<kind::Post>;
/// The id of a running process of the bot.
pub type ReplicaId = Id<kind::Replica>;

impl<K> Id<K> {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl RequestId {
    /// A new id. It is the store that knows whether it is taken already.
    pub fn draw(random: &dyn Random) -> Self {
        Self::from(format!("R-{}", crockford(random, 4)))
    }

    /// The id that a person meant: in any case, with or without the `R-`.
    pub fn typed(text: &str) -> Self {
        let text = text.trim().to_ascii_uppercase();
        let bare = text.strip_prefix("R-").unwrap_or(&text);
        Self::from(format!("R-{}", readable(bare)))
    }
}

impl OperationId {
    /// A new id. It is the store that knows whether it is taken already.
    pub fn draw(random: &dyn Random) -> Self {
        Self::from(crockford(random, 4))
    }

    /// The id that a person meant, in any case.
    pub fn typed(text: &str) -> Self {
        Self::from(readable(&text.trim().to_ascii_uppercase()))
    }
}

impl LinkId {
    /// A new id. It is the store that knows whether it is taken already.
    pub fn draw(random: &dyn Random) -> Self {
        Self::from(crockford(random, LONG))
    }

    /// The id that a person meant, in any case; nothing if it cannot be one. It is not repeated then: it may be a phrase.
    pub fn typed(text: &str) -> Option<Self> {
        long(text).map(Self::from)
    }
}

impl BoxId {
    /// A new id. It is the store that knows whether it is taken already.
    pub fn draw(random: &dyn Random) -> Self {
        Self::from(crockford(random, LONG))
    }

    /// The id that a person meant, in any case; nothing if it cannot be one. It is not repeated then: it may be a value.
    pub fn typed(text: &str) -> Option<Self> {
        long(text).map(Self::from)
    }
}

impl AccessId {
    /// A new id. It is the store that knows whether it is taken already.
    pub fn draw(random: &dyn Random) -> Self {
        Self::from(crockford(random, LONG))
    }

    /// The id that a person meant, in any case; nothing if it cannot be one: then it may be the name of an account.
    pub fn typed(text: &str) -> Option<Self> {
        long(text).map(Self::from)
    }
}

/// The length of ids of which there may be a million.
const LONG: usize = 6;

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

fn crockford(random: &dyn Random, length: usize) -> String {
    let mut bytes = [0_u8; 16];
    random.fill(&mut bytes);
    bytes
        .iter()
        .take(length)
        .map(|byte| char::from(CROCKFORD[usize::from(byte % 32)]))
        .collect()
}

/// A long id as it is written, if that can be one.
fn long(typed: &str) -> Option<String> {
    let text = readable(&typed.trim().to_ascii_uppercase());
    let is_id = text.len() == LONG && text.bytes().all(|byte| CROCKFORD.contains(&byte));
    is_id.then_some(text)
}

/// What Crockford's base 32 says of letters that look like others: O is 0, I and L are 1.
fn readable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self {
            text: Arc::clone(&self.text),
            kind: PhantomData,
        }
    }
}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K> Eq for Id<K> {}

impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text.cmp(&other.text)
    }
}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<K> Borrow<str> for Id<K> {
    fn borrow(&self) -> &str {
        &self.text
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.text, f)
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl<K> From<&str> for Id<K> {
    fn from(text: &str) -> Self {
        Self {
            text: Arc::from(text),
            kind: PhantomData,
        }
    }
}

impl<K> From<String> for Id<K> {
    fn from(text: String) -> Self {
        Self {
            text: Arc::from(text),
            kind: PhantomData,
        }
    }
}

impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SeededRandom;

    #[test]
    fn an_id_is_found_however_it_is_typed() {
        let id = RequestId::from("R-401X");
        for typed in ["R-401X", "r-401x", "401x", " 4olx ", "R-4OIX"] {
            assert_eq!(RequestId::typed(typed), id, "{typed}");
        }
    }

    #[test]
    fn drawn_ids_differ_and_are_what_typing_them_gives() {
        let random = SeededRandom::new(7);
        let (first, second) = (RequestId::draw(&random), RequestId::draw(&random));
        assert_ne!(first, second);
        assert_eq!(RequestId::typed(first.as_str()), first);
        let link = LinkId::draw(&random);
        assert_eq!(LinkId::typed(&link.as_str().to_lowercase()), Some(link));
        for no_id in [
            "",
            "K7QM2",
            "K7QM2XX",
            "K7QM2U",
            "R1ET-MJWA-SXV7-92N2",
            "\u{212A}7QM2X",
        ] {
            assert_eq!(LinkId::typed(no_id), None, "{no_id}");
            assert_eq!(BoxId::typed(no_id), None, "{no_id}");
            assert_eq!(AccessId::typed(no_id), None, "{no_id}");
        }
        let operation = OperationId::draw(&random);
        assert_eq!(OperationId::typed(&operation.as_str().to_lowercase()), operation);
    }
}
