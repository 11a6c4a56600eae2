//! Why a vote, a denial or a withdrawal changes nothing. The words are what the person reads.

use crate::id::{OperationId, PersonId, RequestId};
use crate::message::Assurance;

/// Why it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VoteRefusal {
    /// The account leads to nobody.
    #[error("I can't tell who you are: this nick is not logged in to an account that I know")]
    Stranger,
    /// It is decided already.
    #[error("{id} {standing}")]
    Closed {
        /// The request.
        id: RequestId,
        /// What it has come to: "was denied by bob".
        standing: String,
        /// The operation that runs it, while that can still be stopped.
        running: Option<OperationId>,
    },
    /// Its time is over.
    #[error("{id} is over: its time ended {ago}")]
    Late {
        /// The request.
        id: RequestId,
        /// How long ago: "4 min ago".
        ago: String,
    },
    /// Nobody signs their own request.
    #[error("you asked for {id} yourself; {could} can sign it")]
    OwnRequest {
        /// The request.
        id: RequestId,
        /// Who can.
        could: String,
    },
    /// Nobody denies their own request; they cancel it.
    #[error("you asked for {0} yourself; you can take it back")]
    OwnDenial(RequestId),
    /// The vote names another plan.
    #[error("the plan that you named is not that of {id}, which is {plan}; nothing was signed")]
    OtherPlan {
        /// The request.
        id: RequestId,
        /// The beginning of its plan's digest.
        plan: String,
    },
    /// They have signed.
    #[error("you have signed {id} already; it {standing}")]
    AlreadySigned {
        /// The request.
        id: RequestId,
        /// What it has come to: "waits for 1 signature of erin".
        standing: String,
    },
    /// They have not read it.
    #[error("{0} was not sent to you in full yet, and nobody signs what was not sent to them")]
    NotShown(RequestId),
    /// The policy in force no longer allows it.
    #[error("{id} can't be signed now: {requester} may not do this: {denial}")]
    Policy {
        /// The request.
        id: RequestId,
        /// Who asked.
        requester: PersonId,
        /// Why not.
        denial: String,
    },
    /// Their signature is not one of those that it needs.
    #[error("you can't sign {id}: it needs {needs}")]
    NoSeat {
        /// The request.
        id: RequestId,
        /// What it needs.
        needs: String,
    },
    /// They could, from elsewhere.
    #[error("your signature of {id} does not count from here: {}", proof(*.needs))]
    Weak {
        /// The request.
        id: RequestId,
        /// What would do.
        needs: Assurance,
    },
    /// They may not stop it.
    #[error("you can't deny {id}: only those who could sign it can ({could})")]
    NotADenier {
        /// The request.
        id: RequestId,
        /// Who could.
        could: String,
    },
    /// There is no signature to take back.
    #[error("you have not signed {0}")]
    NotSigned(RequestId),
    /// Somebody else asked.
    #[error("{id} is {requester}'s; only {requester} can take it back")]
    NotYours {
        /// The request.
        id: RequestId,
        /// Who asked.
        requester: PersonId,
    },
}

impl VoteRefusal {
    /// The command line to type next, without prefix, if one helps.
    pub fn next(&self) -> Option<String> {
        match self {
            Self::OwnDenial(id) => Some(format!("cancel {id}")),
            Self::OtherPlan { id, .. } | Self::NotShown(id) => Some(format!("show {id}")),
            Self::Closed {
                running: Some(operation),
                ..
            } => Some(format!("op {operation}")),
            Self::Stranger => Some("whoami".to_owned()),
            Self::Policy { id, .. } | Self::NoSeat { id, .. } => Some(format!("why {id}")),
            _ => None,
        }
    }
}

/// What to do for a proof of this strength.
fn proof(needed: Assurance) -> &'static str {
    match needed {
        Assurance::Nick | Assurance::Account => "log in to your account and sign again",
        Assurance::Device => "sign again in an encrypted message from a verified device",
        Assurance::Passkey => "sign again with your passkey",
    }
}
