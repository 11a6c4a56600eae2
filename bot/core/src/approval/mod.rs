//! Requests and votes: the state machine of `reference/approvals-and-links.md` §9 (invariants A1 to A20) as pure
//! functions from a request to a request. Nothing here does I/O or knows what time it is.
//!
//! ```text
//! pending ─→ approved ─→ executing ─→ succeeded | failed | unknown ⇄ executing
//!    │           │
//!    └───────────┴─→ denied/revoked | expired | cancelled | superseded
//! ```

mod claim;
mod refusal;
mod seats;
mod transition;
mod vote;
mod words;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{MessageId, OperationId, PersonId, RequestId, RuleName};
use crate::message::{Account, Assurance, Place};
use crate::plan::SealedPlan;
use crate::policy::Seat;
use crate::time::{Duration, Timestamp};

pub use claim::{Claim, IllegalOutcome};
pub use refusal::VoteRefusal;
pub use seats::{Voter, filled, open_seats};
pub use transition::{By, Present, Transition};

/// Where and by whom something was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Where.
    pub place: Place,
    /// By which account; absent where the network proves none (only reads get that far).
    pub account: Option<Account>,
    /// How strongly the network proves it.
    pub assurance: Assurance,
    /// What to call them there.
    pub nick: String,
    /// The message, so that answers can hang under it.
    pub message: MessageId,
}

/// A signature: one person, one digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// Who signed.
    pub person: PersonId,
    /// With which account.
    pub account: Account,
    /// How strongly the network proved it.
    pub assurance: Assurance,
    /// The plan that was signed.
    pub digest: Digest,
    /// When.
    pub at: Timestamp,
    /// What they said about it.
    pub note: Option<String>,
}

/// What a request has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits for signatures.
    Pending,
    /// Its seats are filled; it may begin until then.
    Approved {
        /// The end of its validity.
        until: Timestamp,
    },
    /// An operation runs it.
    Executing {
        /// The operation.
        operation: OperationId,
    },
    /// The operation ended well.
    Succeeded {
        /// The operation.
        operation: OperationId,
    },
    /// The operation ended badly, or was cancelled.
    Failed {
        /// The operation.
        operation: OperationId,
    },
    /// Nobody knows what a `once` step did; a person decides.
    Unknown {
        /// The operation.
        operation: OperationId,
    },
    /// Somebody who could sign refused, before it was approved.
    Denied {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Somebody who could sign refused, after it was approved and before it began.
    Revoked {
        /// Who.
        by: PersonId,
        /// Why.
        reason: String,
    },
    /// Its time ran out.
    Expired,
    /// The requester took it back.
    Cancelled {
        /// Who: the requester.
        by: PersonId,
    },
    /// The world moved, or the policy did.
    Superseded {
        /// What moved, in words.
        why: String,
    },
}

impl State {
    /// Whether nothing more will happen to it.
    pub fn is_final(&self) -> bool {
        !matches!(
            self,
            Self::Pending | Self::Approved { .. } | Self::Executing { .. } | Self::Unknown { .. }
        )
    }

    /// One word for lists and for the store.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved { .. } => "approved",
            Self::Executing { .. } => "executing",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Unknown { .. } => "unknown",
            Self::Denied { .. } => "denied",
            Self::Revoked { .. } => "revoked",
            Self::Expired => "expired",
            Self::Cancelled { .. } => "cancelled",
            Self::Superseded { .. } => "superseded",
        }
    }
}

/// A plan that waits for, or was decided by, votes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What people type.
    pub id: RequestId,
    /// What will be done.
    pub plan: SealedPlan,
    /// Who asked, where.
    pub origin: Origin,
    /// The rule that it was asked under.
    pub rule: RuleName,
    /// The signatures that rule wanted: the snapshot.
    pub seats: Vec<Seat>,
    /// What it has come to.
    pub state: State,
    /// The signatures so far, one a person.
    pub votes: Vec<Vote>,
    /// Places that the whole plan was sent to: nobody signs what was not sent to them.
    pub shown: BTreeSet<Place>,
    /// No vote at or after this.
    pub deadline: Timestamp,
    /// It never begins at or after this: the plan's own end, or that of its first approval. It only ever moves closer.
    pub not_after: Timestamp,
    /// How long it may begin after the last signature.
    pub valid: Duration,
    /// Whether those who could sign were reminded; they are reminded once.
    pub reminded: bool,
    /// Counts the changes; the store refuses a change of anything but the newest.
    pub version: u64,
}
