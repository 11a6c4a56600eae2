//! Secret links: how a secret reaches a person. The protocol is `csl1` (`reference/approvals-and-links.md` §8); its bytes
//! are made by `countersign-secrets`, its rules are here, as pure functions from a link to a link: they do no I/O and do
//! not know what time it is.
//!
//! ```text
//! live ─→ redeemed | expired | burned
//! ```
//!
//! The store keeps what is locked in the link apart from this record, and forgets it with the change that ends the link
//! (invariant L6).

mod end;
mod issue;
mod posts;

use countersign_secrets::at_rest::SealedText;
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::{AuthProof, LinkProof, ProofDigest};
use serde::{Deserialize, Serialize};

use crate::access::Why;
use crate::audit::{Entry, Event};
use crate::id::{AccessId, LinkId, OperationId, PersonId, RequestId, TargetName};
use crate::message::Place;
use crate::refusal::Refusal;
use crate::time::{Duration, Timestamp, after};

pub use countersign_secrets::content::{Content, Field, File};
pub(crate) use end::sweep;
pub use issue::{Issue, Issued, Links, LinksSettings};
pub(crate) use issue::{REISSUES, said_to};
pub(crate) use posts::{UNUSED, ended, guessed_away, opened, phrase};

/// How many wrong pass phrases end a link (invariant L5).
pub const GUESSES: u8 = 5;
/// For so long the bot remembers how a link ended.
pub(crate) const REMEMBERED: Duration = Duration::from_hours(30 * 24);

/// Who came to a page of ours, as far as that can be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visitor {
    /// The address.
    pub peer: String,
    /// What the browser calls itself; a stranger's text, clipped and made visible.
    pub agent: String,
}

impl std::fmt::Display for Visitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.agent.as_str() {
            "" => write!(f, "{}", self.peer),
            agent => write!(f, "{} ({agent})", self.peer),
        }
    }
}

/// What has become of a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It can be opened.
    Live,
    /// It was opened, once and for all.
    Redeemed {
        /// When.
        at: Timestamp,
        /// By whom.
        by: Visitor,
    },
    /// Nobody opened it in time.
    Expired {
        /// When its time was over.
        at: Timestamp,
    },
    /// It was made useless before anybody opened it.
    Burned {
        /// When.
        at: Timestamp,
        /// By whom; nobody, if it was the last wrong phrase.
        by: Option<PersonId>,
    },
}

impl State {
    /// One word for lists, for the page and for the store.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Redeemed { .. } => "redeemed",
            Self::Expired { .. } => "expired",
            Self::Burned { .. } => "burned",
        }
    }

    /// When it ended, if it did.
    pub fn ended(&self) -> Option<Timestamp> {
        match self {
            Self::Live => None,
            Self::Redeemed { at, .. } | Self::Expired { at } | Self::Burned { at, .. } => Some(*at),
        }
    }
}

/// There is no web side, so nothing secret can be handed over.
pub fn unavailable() -> Refusal {
    Refusal::new("secrets can't be handed over here: the configuration has no web side")
        .hint("Whoever runs the bot adds [web]; see countersign config explain web.")
}

/// A secret link, without what is locked in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What people type.
    pub id: LinkId,
    /// What stands in its address.
    pub path: PathId,
    /// What the page shows before anything is spent, as the exact bytes that the content is bound to.
    pub header: String,
    /// The nonce that the content is locked with.
    pub nonce: [u8; 12],
    /// What proves that somebody has the address.
    pub link: ProofDigest,
    /// What proves that they have the pass phrase too.
    pub auth: ProofDigest,
    /// The pass phrase, sealed, until the link ends.
    pub phrase: Option<SealedText>,
    /// Who may open it.
    pub recipient: PersonId,
    /// Who asked for it.
    pub requester: PersonId,
    /// The request that it is the outcome of.
    pub request: RequestId,
    /// The operation that made it.
    pub operation: OperationId,
    /// What it is about.
    pub target: Option<TargetName>,
    /// The access that waits for it to be opened.
    #[serde(default)]
    pub access: Option<AccessId>,
    /// What is in it: `prod's DATABASE_URL`.
    pub title: String,
    /// Where it was sent.
    pub sent_to: Place,
    /// Where it was asked for.
    pub asked_in: Place,
    /// What has become of it.
    pub state: State,
    /// Who said that it was opened by somebody else, if anybody did.
    #[serde(default)]
    pub disowned: Option<PersonId>,
    /// How many wrong phrases it still bears.
    pub attempts_left: u8,
    /// When it was made.
    pub made: Timestamp,
    /// It is never opened at or after this.
    pub expires: Timestamp,
    /// Counts the changes; the store refuses a change of anything but the newest.
    pub version: u64,
}

/// What an attempt to open a link comes to. Nothing of it is true before it is on disk.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Attempt {
    /// Whoever tries does not have its address: nothing changes (invariant L4).
    Stranger,
    /// It ended before.
    Gone { state: &'static str, at: Timestamp },
    /// A wrong phrase: one guess less, or the end of it.
    Wrong(Box<Link>),
    /// The one success (invariant L1).
    Opened(Box<Link>),
}

impl Link {
    /// Whether somebody has its address.
    pub fn is_of(&self, proof: &LinkProof) -> bool {
        self.link.is_of(proof)
    }

    /// What it is at this time: one whose time is over has expired, whether or not that was written already.
    pub fn state_at(&self, now: Timestamp) -> State {
        match self.state {
            State::Live if now >= self.expires => State::Expired { at: self.expires },
            ref state => state.clone(),
        }
    }

    /// Somebody tries to open it. A guess is taken from the budget by the very change that judges it, so that no two
    /// can be had for one (invariant L5).
    pub(crate) fn attempt(
        &self,
        link: &LinkProof,
        auth: &AuthProof,
        by: &Visitor,
        now: Timestamp,
    ) -> Attempt {
        if !self.is_of(link) {
            return Attempt::Stranger;
        }
        let state = self.state_at(now);
        if let Some(at) = state.ended() {
            return Attempt::Gone {
                state: state.word(),
                at,
            };
        }
        if self.auth.is_of(auth) {
            let by = by.clone();
            return Attempt::Opened(Box::new(self.ended_as(State::Redeemed { at: now, by })));
        }
        let attempts_left = self.attempts_left.saturating_sub(1);
        let next = if attempts_left == 0 {
            self.ended_as(State::Burned { at: now, by: None })
        } else {
            self.clone()
        };
        Attempt::Wrong(Box::new(Self {
            attempts_left,
            ..next
        }))
    }

    /// Its time is over.
    pub(crate) fn expire(&self, now: Timestamp) -> Option<Self> {
        (self.state == State::Live && now >= self.expires)
            .then(|| self.ended_as(State::Expired { at: self.expires }))
    }

    /// Somebody makes it useless. One that has ended is left as it is.
    pub(crate) fn burn(&self, by: &PersonId, now: Timestamp) -> Option<Self> {
        let by = Some(by.clone());
        (self.state_at(now) == State::Live).then(|| self.ended_as(State::Burned { at: now, by }))
    }

    /// What is in it is worth nothing any more. One that has ended is left as it is.
    pub(crate) fn withdrawn(&self, why: &Why, now: Timestamp) -> Option<Self> {
        self.expire(now).or_else(|| match why {
            Why::Revoked { by } => self.burn(by, now),
            _ => (self.state == State::Live).then(|| self.ended_as(State::Expired { at: now })),
        })
    }

    /// Somebody whom it concerns says that it was a stranger who opened it.
    pub(crate) fn disowned_by(&self, person: &PersonId) -> Self {
        Self {
            disowned: Some(person.clone()),
            ..self.clone()
        }
    }

    fn ended_as(&self, state: State) -> Self {
        Self {
            state,
            phrase: None,
            ..self.clone()
        }
    }

    /// When something is to be done about it: its end, and long after that, forgetting it.
    pub fn due(&self) -> Timestamp {
        self.state
            .ended()
            .map_or(self.expires, |ended| after(ended, REMEMBERED))
    }

    /// Whether this person may know of it.
    pub fn concerns(&self, person: &PersonId) -> bool {
        self.recipient == *person || self.requester == *person
    }

    /// A record about it.
    pub(crate) fn record(&self, now: Timestamp, event: Event, words: String) -> Entry {
        Entry {
            target: self.target.clone(),
            request: Some(self.request.clone()),
            operation: Some(self.operation.clone()),
            ..Entry::new(now, event, words)
        }
    }
}
