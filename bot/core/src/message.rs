//! What people say, in one form for all networks. A chat adapter makes these; nothing here knows a platform.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{AccountName, MessageId, NetworkId, RoomName};
use crate::time::Timestamp;

/// A room of a network.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Room {
    /// The network that has it.
    pub network: NetworkId,
    /// What the network calls it.
    pub name: RoomName,
}

/// An identity on one network, as the network proves it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// The network that proves it.
    pub network: NetworkId,
    /// What the network calls it.
    pub name: AccountName,
}

/// Where something is said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In a room.
    Room(Room),
    /// Between the bot and one account.
    Direct(Account),
    /// Between the bot and whoever has this nick now: nothing is proven of them.
    Nick {
        /// The network.
        network: NetworkId,
        /// What they are called there.
        nick: String,
    },
}

impl Place {
    /// The network of the room or account.
    pub fn network(&self) -> &NetworkId {
        match self {
            Self::Room(room) => &room.network,
            Self::Direct(account) => &account.network,
            Self::Nick { network, .. } => network,
        }
    }

    /// Whether nobody else reads it.
    pub fn is_direct(&self) -> bool {
        !matches!(self, Self::Room(_))
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.name, f)
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.name, self.network)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Room(room) => fmt::Display::fmt(room, f),
            Self::Direct(account) => write!(f, "a direct message with {}", account.name),
            Self::Nick { nick, .. } => write!(f, "a direct message with {nick}"),
        }
    }
}

/// How strongly we know that the person sent this. The order is the strength.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assurance {
    /// A name that anybody can take.
    Nick,
    /// An account that the network vouches for.
    Account,
    /// An encrypted message from a verified device of a pinned identity.
    Device,
    /// An assertion made for this very plan.
    Passkey,
}

impl fmt::Display for Assurance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nick => "nick",
            Self::Account => "account",
            Self::Device => "device",
            Self::Passkey => "passkey",
        })
    }
}

/// Who sent a message, and what of that is proven.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// The name shown in the chat. It proves nothing; it is only what to call them.
    pub nick: String,
    /// The account, if the network proves one.
    pub account: Option<Account>,
    /// How strong the proof is.
    pub assurance: Assurance,
}

/// What kind of utterance a message is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Said, in the ordinary way.
    Said,
    /// An edit of an earlier message. It is never executed.
    Edit {
        /// The message that was edited.
        of: MessageId,
    },
    /// A button of ours was pressed; the text is the command line that the button carries, without a prefix.
    Pressed,
    /// A drop box of ours was filled; the text is the command line that waited for it, without a prefix.
    Filled,
    /// Said while the bot was not there, and told by something that keeps a history, such as a bouncer. It is never
    /// executed.
    Replayed,
}

/// A message as a chat adapter hands it over. Messages of the bot itself and of other bots never get this far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// The platform's own id: the same message delivered twice has the same id.
    pub id: MessageId,
    /// Where it was said.
    pub place: Place,
    /// Who said it.
    pub sender: Sender,
    /// What was said, without the platform's markup, quotes and code blocks.
    pub text: String,
    /// When it was said, by the platform's clock.
    pub sent_at: Timestamp,
    /// Said, edited or pressed.
    pub kind: Kind,
    /// The thread that it belongs to, by the id of the thread's first message.
    pub thread: Option<MessageId>,
}
