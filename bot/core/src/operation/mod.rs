//! Operations: one execution of an allowed plan, as steps over a journal that survives restarts.

mod action;
mod doubt;
mod engine;
mod execution;
mod journal;
mod news;
mod resume;

use serde::{Deserialize, Serialize};

use crate::approval::Origin;
use crate::id::{OperationId, PersonId, PostId, ReplicaId, RequestId};
use crate::plan::SealedPlan;
use crate::time::Timestamp;

pub use action::{
    Action, Announcement, Ended, Progress, Reconciled, Repeat, Run, Step, Trouble, TroubleKind,
};
pub use engine::Engine;
pub use journal::{Entry, Happening, StepStatus, status};
pub use resume::{RETRY, Resume, SKIP};

/// What an operation has come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It goes on at the next opportunity, or at `wake_at`.
    Running,
    /// A `once` step was in flight and nobody can tell what it did. A person decides.
    Unknown {
        /// The step.
        step: String,
        /// What reconcile saw.
        saw: String,
    },
    /// It did what the plan said.
    Succeeded {
        /// The result, in words.
        words: String,
    },
    /// It could not.
    Failed {
        /// What happened and what to do, in words.
        words: String,
    },
    /// A person stopped it.
    Cancelled {
        /// Who.
        by: PersonId,
        /// What was done before, in words.
        words: String,
    },
    /// A person gave it up while it was unknown.
    Abandoned {
        /// Who.
        by: PersonId,
    },
}

impl State {
    /// Whether nothing more will happen to it.
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Running | Self::Unknown { .. })
    }

    /// One word for lists and for the store.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Unknown { .. } => "unknown",
            Self::Succeeded { .. } => "succeeded",
            Self::Failed { .. } => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::Abandoned { .. } => "abandoned",
        }
    }
}

/// Who is at work on an operation. The token grows with every claim, and the store refuses what an older one writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// The operation.
    pub operation: OperationId,
    /// Which claim of it this is.
    pub token: u64,
    /// The process that holds it.
    pub holder: ReplicaId,
}

/// One execution of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// What people type.
    pub id: OperationId,
    /// The request that it executes.
    pub request: RequestId,
    /// The plan that it executes, and nothing else.
    pub plan: SealedPlan,
    /// Who asked, where: progress and results go there.
    pub origin: Origin,
    /// Who signed.
    pub signers: Vec<PersonId>,
    /// What it has come to.
    pub state: State,
    /// The step it is at, counted from 0.
    pub step: usize,
    /// How often the step was tried in vain, one after the other.
    pub tries: u32,
    /// When the step was begun.
    pub step_began: Timestamp,
    /// When the operation was begun.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// When it goes on; a durable timer.
    pub wake_at: Option<Timestamp>,
    /// What it is doing, in words: the last progress that was said.
    pub phase: String,
    /// Why the outcome of the present step is in doubt, in words.
    pub doubt: Option<String>,
    /// The post that progress is written into, where the network can edit.
    pub progress: Option<PostId>,
    /// Who wants it stopped; it stops at the next safe point.
    pub cancel: Option<PersonId>,
    /// Counts the changes; the store refuses a change of anything but the newest.
    pub version: u64,
}
