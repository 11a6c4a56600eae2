//! What one transaction does, as data.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::access::Access;
use crate::approval::Request;
use crate::audit;
use crate::drop_box::DropBox;
use crate::id::{
    AccessId, BoxId, LinkId, MessageId, NetworkId, OperationId, PersonId, RequestId, TargetName,
};
use crate::link::Link;
use crate::message::{Message, Place};
use crate::operation::{Entry, Fence, Operation};
use crate::reply::Post;
use crate::time::Timestamp;

/// A target reserved by a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// What is reserved.
    pub target: TargetName,
    /// For whom.
    pub holder: PersonId,
    /// Why.
    pub reason: String,
    /// Since when.
    pub since: Timestamp,
    /// Until when, if it ends by itself.
    pub until: Option<Timestamp>,
    /// Where it was taken; its end is told there.
    pub place: Place,
}

/// A target pinned after a rollback.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// What is pinned.
    pub target: TargetName,
    /// At what: "v811".
    pub at: String,
    /// Who rolled it back.
    pub by: PersonId,
    /// Why.
    pub reason: Option<String>,
    /// Since when.
    pub since: Timestamp,
}

/// What makes a message unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct MessageKey {
    /// Its network.
    pub network: NetworkId,
    /// The network's id of it.
    pub id: MessageId,
}

impl MessageKey {
    /// The key of a message.
    pub fn of(message: &Message) -> Self {
        Self {
            network: message.place.network().clone(),
            id: message.id.clone(),
        }
    }
}

/// A message in the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// The message.
    pub message: Message,
    /// When it was received.
    pub at: Timestamp,
}

/// What has become of a post in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutgoingState {
    /// It waits.
    Queued,
    /// It was handed to the network, and nothing is known since. After a crash it is sent once more, marked.
    Sending,
}

/// A post in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// Its number.
    pub id: u64,
    /// The post.
    pub post: Post,
    /// What has become of it.
    pub state: OutgoingState,
    /// How often it was tried.
    pub tries: u32,
    /// Not before this.
    pub due: Timestamp,
}

/// What must be so for the batch to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Require {
    /// The operation is still ours.
    Fence(Fence),
    /// Nobody but this person has the target locked (a lock that has ended by then is none).
    NotLocked {
        /// The target.
        target: TargetName,
        /// Whose lock does not count.
        except: PersonId,
        /// The present.
        now: Timestamp,
    },
    /// The target is not held.
    NotHeld(TargetName),
    /// No operation is open on the target, but for these.
    Idle {
        /// The target.
        target: TargetName,
        /// Which operations do not count.
        except: Vec<OperationId>,
    },
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub enum Write {
    /// A new request; its id must be new.
    NewRequest(Request),
    /// The request as it is now, made from the version that it carries; the store counts the version up.
    Request(Request),
    /// A new operation; its id must be new.
    NewOperation(Operation),
    /// The operation as it is now, made from the version that it carries; the store counts the version up.
    Operation(Operation),
    /// The operation is nobody's any more, so that it can be claimed at once.
    Unclaim(Fence),
    /// A line for an operation's journal.
    Journal(Entry),
    /// A lock; the target must have none, or one that has ended or is this person's.
    Lock(Lock),
    /// That lock is off; there must be one on the target since then. Another that was taken meanwhile stays.
    Unlock {
        /// The target.
        target: TargetName,
        /// When the lock was taken.
        since: Timestamp,
    },
    /// A hold, in place of an earlier one.
    Hold(Hold),
    /// No hold any more; there must be one.
    ReleaseHold(TargetName),
    /// A message that decides or plans; its key must be new.
    Receive(Received),
    /// The message is dealt with.
    Handled(MessageKey),
    /// A post to be sent.
    Enqueue(Post),
    /// The post is being handed to the network.
    Sending(u64),
    /// The network has the post; the outbox forgets it.
    Sent(u64),
    /// The network did not take the post: again then.
    Postpone {
        /// The post.
        id: u64,
        /// Not before this.
        due: Timestamp,
    },
    /// The announcement with this key is decided; the key must be new.
    Announce {
        /// The key.
        key: String,
        /// When.
        at: Timestamp,
    },
    /// A new secret link; its id and its address must be new.
    NewLink {
        /// The link.
        link: Box<Link>,
        /// What is locked in it.
        content: Vec<u8>,
    },
    /// The link as it is now, made from the version that it carries; the store counts the version up. What is locked in a
    /// link that has ended is forgotten with this.
    Link(Box<Link>),
    /// A link that ended long ago is forgotten.
    ForgetLink(LinkId),
    /// A new drop box; its id and its address must be new.
    NewBox(Box<DropBox>),
    /// The box as it is now, made from the version that it carries; the store counts the version up.
    Box(Box<DropBox>),
    /// What is in the box, if it is there still, is forgotten: see [`DropBox::emptied`].
    EmptyBox {
        /// The box.
        id: BoxId,
        /// When.
        at: Timestamp,
    },
    /// A drop box that ended long ago is forgotten.
    ForgetBox(BoxId),
    /// A new access; its id must be new, and no other that has not ended may have its account at its database.
    NewAccess(Box<Access>),
    /// The access as it is now, made from the version that it carries; the store counts the version up.
    Access(Box<Access>),
    /// A small value under a name.
    Note {
        /// The name.
        name: String,
        /// The value.
        value: String,
    },
}

/// What one transaction does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// What must be so.
    pub require: Vec<Require>,
    /// What is written, in order.
    pub writes: Vec<Write>,
    /// What is recorded, in order.
    pub audit: Vec<audit::Entry>,
}

impl Batch {
    /// A batch of one write.
    pub fn of(write: Write) -> Self {
        Self {
            writes: vec![write],
            ..Self::default()
        }
    }

    /// Adds a precondition.
    #[must_use]
    pub fn require(mut self, require: Require) -> Self {
        self.require.push(require);
        self
    }

    /// Adds a write.
    #[must_use]
    pub fn write(mut self, write: Write) -> Self {
        self.writes.push(write);
        self
    }

    /// Adds a record.
    #[must_use]
    pub fn record(mut self, entry: audit::Entry) -> Self {
        self.audit.push(entry);
        self
    }

    /// Adds all of another batch: both happen, or neither.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.require.extend(other.require);
        self.writes.extend(other.writes);
        self.audit.extend(other.audit);
        self
    }
}

/// What the store did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The number of the newest audit record, 0 if there is none.
    pub audited: u64,
}

/// Why a batch was not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Conflict {
    /// The request is not what it was when it was read, or its id is taken.
    Request(RequestId),
    /// The operation is not what it was when it was read, or its id is taken.
    Operation(OperationId),
    /// Another process has the operation now.
    Fenced(OperationId),
    /// The target is locked.
    Locked(Box<Lock>),
    /// The target has no lock.
    NotLocked(TargetName),
    /// The target is held.
    Held(Hold),
    /// The target has no hold.
    NotHeld(TargetName),
    /// An operation is open on the target.
    Busy {
        /// The target.
        target: TargetName,
        /// The operation.
        operation: OperationId,
    },
    /// The message was received before.
    Received(MessageKey),
    /// The announcement was decided before.
    Announced(String),
    /// The link is not what it was when it was read, or its id is taken.
    Link(LinkId),
    /// The drop box is not what it was when it was read, or its id is taken.
    Box(BoxId),
    /// The access is not what it was when it was read, or its id or its account is taken.
    Access(AccessId),
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(id) => write!(f, "request {id} has changed meanwhile"),
            Self::Operation(id) => write!(f, "operation {id} has changed meanwhile"),
            Self::Fenced(id) => write!(f, "operation {id} is another process's now"),
            Self::Locked(lock) => write!(f, "{} is locked by {}", lock.target, lock.holder),
            Self::NotLocked(target) => write!(f, "{target} is not locked"),
            Self::Held(hold) => write!(f, "{} is held at {}", hold.target, hold.at),
            Self::NotHeld(target) => write!(f, "{target} is not held"),
            Self::Busy { target, operation } => write!(f, "operation {operation} is going on on {target}"),
            Self::Received(key) => write!(f, "message {} was received before", key.id),
            Self::Link(id) => write!(f, "link {id} has changed meanwhile"),
            Self::Box(id) => write!(f, "drop box {id} has changed meanwhile"),
            Self::Access(id) => write!(
                f,
                "access {id} has changed meanwhile, or its account is another's"
            ),
            Self::Announced(key) => write!(f, "{key} was announced before"),
        }
    }
}
