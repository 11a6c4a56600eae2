//! Drop boxes: how a person's secret reaches the bot. A one-time form whose answer is encrypted in the browser to a key of
//! the box; the private half of that key is kept sealed, and so what was dropped is too.
//!
//! ```text
//! open ─→ filled ─→ closed
//!   └───────┴─────→ expired
//! ```
//!
//! A box is filled before anything is planned: the plan names the digest of what is in it, so that the value that is signed
//! is the value that is used. Whatever ends the request empties the box.

mod end;
mod invite;
mod plan;
mod posts;

use countersign_secrets::at_rest::SealedText;
use countersign_secrets::drop_box::{BoxKey, Filling};
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::{LinkProof, ProofDigest};
use serde::{Deserialize, Serialize};

use crate::approval::Origin;
use crate::audit::{Entry, Event};
use crate::id::{BoxId, PersonId, RequestId, TargetName};
use crate::link::{REMEMBERED, Visitor};
use crate::message::Place;
use crate::time::{Duration, Timestamp, after};

pub(crate) use end::sweep;
pub(crate) use plan::plan;
pub use plan::{Dropped, PARAMETER};
pub(crate) use posts::filled;

/// What the private half of a box's key is bound to.
pub(crate) fn key_of(id: &BoxId) -> String {
    format!("key of drop box {id}")
}

/// What is in a box is kept for so long if no request takes it.
const KEPT: Duration = Duration::from_hours(24);

/// What a command wants dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxDraft {
    /// What it is, for "drop {…} here": `the value of NEW_KEY on stage`.
    pub purpose: String,
    /// What it is for.
    pub target: Option<TargetName>,
    /// The command line that is run, for whoever asked, once the box is filled; `{id}` stands for the id of the box.
    pub then: String,
}

/// What has become of a drop box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It can be filled.
    Open,
    /// Something is in it.
    Filled {
        /// Since when.
        at: Timestamp,
        /// By whom.
        by: Visitor,
        /// Whether the command was run since, or waits for its owner to say it.
        planned: bool,
        /// The request that uses what is in it. Its end empties the box, and nothing else does.
        #[serde(default)]
        request: Option<RequestId>,
    },
    /// It is empty for good: what was in it was used, or is not wanted any more.
    Closed {
        /// Since when.
        at: Timestamp,
    },
    /// Its time is over.
    Expired {
        /// When it was.
        at: Timestamp,
    },
}

impl State {
    /// One word for lists, for the page and for the store.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Filled { .. } => "filled",
            Self::Closed { .. } => "closed",
            Self::Expired { .. } => "expired",
        }
    }

    /// Since when it is no longer open.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Open => None,
            Self::Filled { at, .. } | Self::Closed { at } | Self::Expired { at } => Some(*at),
        }
    }
}

/// A drop box.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DropBox {
    /// What people type.
    pub id: BoxId,
    /// What stands in its address.
    pub path: PathId,
    /// What the page shows, as the exact bytes that what is dropped is bound to.
    pub header: String,
    /// What proves that somebody has the address.
    pub link: ProofDigest,
    /// The public half of its key, as hexadecimal digits.
    pub public: String,
    /// The private half, sealed, until the box is closed.
    pub private: Option<SealedText>,
    /// What was dropped, encrypted to the key.
    pub content: Option<Filling>,
    /// Whose it is.
    pub owner: PersonId,
    /// Where and how they asked.
    pub origin: Origin,
    /// Where the address was sent.
    pub sent_to: Place,
    /// What is to be dropped.
    pub purpose: String,
    /// What it is for.
    pub target: Option<TargetName>,
    /// The command line that is run once it is filled.
    pub then: String,
    /// Whether it is run by itself. Where its address was sent to whoever had the owner's name, the owner says it.
    #[serde(default)]
    pub by_itself: bool,
    /// What has become of it.
    pub state: State,
    /// When it was made.
    pub made: Timestamp,
    /// It is never filled at or after this.
    pub expires: Timestamp,
    /// Counts the changes; the store refuses a change of anything but the newest.
    pub version: u64,
}

impl DropBox {
    /// Whether somebody has its address.
    pub fn is_of(&self, proof: &LinkProof) -> bool {
        self.link.is_of(proof)
    }

    /// What it is at this time, whether or not that was written already.
    pub fn state_at(&self, now: Timestamp) -> State {
        match self.state {
            State::Open if now >= self.expires => State::Expired { at: self.expires },
            ref state => state.clone(),
        }
    }

    /// Something is dropped into it.
    pub(crate) fn fill(&self, content: Filling, by: &Visitor, now: Timestamp) -> Option<Self> {
        (self.state_at(now) == State::Open).then(|| Self {
            content: Some(content),
            state: State::Filled {
                at: now,
                by: by.clone(),
                planned: !self.by_itself,
                request: None,
            },
            ..self.clone()
        })
    }

    /// The command was run, and came to nothing.
    pub(crate) fn planned(&self) -> Self {
        self.taken(None)
    }

    /// A request uses what is in it.
    pub(crate) fn used_by(&self, id: &RequestId) -> Self {
        self.taken(Some(id))
    }

    fn taken(&self, by: Option<&RequestId>) -> Self {
        let mut next = self.clone();
        if let State::Filled { planned, request, .. } = &mut next.state {
            *planned = true;
            *request = by.cloned();
        }
        next
    }

    /// The request that uses what is in it.
    pub(crate) fn request(&self) -> Option<&RequestId> {
        match &self.state {
            State::Filled { request, .. } => request.as_ref(),
            _ => None,
        }
    }

    /// Nobody wants what is in it any more: it is forgotten.
    #[must_use]
    pub fn emptied(&self, now: Timestamp) -> Self {
        let state = match &self.state {
            State::Open | State::Filled { .. } => State::Closed { at: now },
            ended => ended.clone(),
        };
        self.ended_as(state)
    }

    /// Its time is over.
    pub(crate) fn expire(&self, now: Timestamp) -> Option<Self> {
        let is_over = matches!(self.state, State::Open | State::Filled { .. }) && now >= self.due();
        is_over.then(|| self.ended_as(State::Expired { at: self.due() }))
    }

    fn ended_as(&self, state: State) -> Self {
        Self {
            state,
            private: None,
            content: None,
            ..self.clone()
        }
    }

    /// The bytes of its public key.
    pub(crate) fn public_key(&self) -> [u8; 65] {
        let mut bytes = [0; 65];
        // It was written by `public` below, and so is 65 bytes.
        hex::decode_to_slice(&self.public, &mut bytes).ok();
        bytes
    }

    /// When something is to be done about it.
    pub fn due(&self) -> Timestamp {
        match &self.state {
            State::Open => self.expires,
            State::Filled { request: Some(_), .. } => Timestamp::MAX,
            State::Filled { at, .. } => after(*at, KEPT),
            State::Closed { at } | State::Expired { at } => after(*at, REMEMBERED),
        }
    }

    /// A record about it.
    pub(crate) fn record(&self, now: Timestamp, event: Event, words: String) -> Entry {
        Entry {
            person: Some(self.owner.clone()),
            target: self.target.clone(),
            ..Entry::new(now, event, words)
        }
    }
}

/// The public half of a key, as a box keeps it.
pub(crate) fn public(key: &BoxKey) -> String {
    hex::encode(key.public())
}

/// The key that was kept.
pub(crate) fn key(bytes: &[u8]) -> Option<BoxKey> {
    BoxKey::new(bytes.try_into().ok()?).ok()
}

/// Whether bytes are a value that can be used: text, and some.
pub(crate) fn is_value(bytes: &[u8]) -> bool {
    !bytes.is_empty() && std::str::from_utf8(bytes).is_ok()
}
