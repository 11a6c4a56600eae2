//! What the bot does to a request: begin it at most once, end it with its operation, let it run out of time.

use super::{Present, Request, State, Transition};
use crate::audit::Event;
use crate::id::OperationId;
use crate::operation;
use crate::policy::Decision;
use crate::time::Timestamp;

/// What a claim came to. The first effect comes after [`Claim::Begins`] is committed, and at no other time.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a claim that is not written has not happened"]
pub enum Claim {
    /// The operation may begin.
    Begins(Transition),
    /// The world or the policy moved.
    Superseded(Transition),
    /// Its time is over.
    Expired(Transition),
    /// It waits for signatures again: those that still count do not fill the seats, or not those of the rule in force.
    Back(Transition),
    /// It is not approved; nothing changes. In words: "R-4QX is running as operation 7F3K".
    No(String),
}

/// An operation cannot have come to that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request that is {from} cannot follow an operation that is {to}; look at the operation's journal")]
pub struct IllegalOutcome {
    /// What the request is.
    pub from: &'static str,
    /// What the operation is.
    pub to: &'static str,
}

impl Request {
    /// Begins the request as this operation, if it still may: approved, in time, allowed by the policy in force,
    /// with the facts that it relies on unchanged, and signed by people who may still sign (invariants A1, A4, A5,
    /// A6 and A9). `facts` says what moved, if anything did.
    pub fn claim(&self, operation: OperationId, facts: Result<(), String>, present: &Present<'_>) -> Claim {
        let State::Approved { until } = self.state else {
            return Claim::No(format!("{} {}", self.id, self.came_to()));
        };
        if present.now >= until {
            return Claim::Expired(self.expired(present.now));
        }
        if let Decision::Denied(denial) = present.decide(self) {
            let why = format!("{} may no longer do this: {}", self.plan.requester, denial.words);
            return Claim::Superseded(self.superseded(why, present.now));
        }
        if let Err(moved) = facts {
            return Claim::Superseded(self.superseded(moved, present.now));
        }
        if !self.has_its_seats(present) {
            return self.back(present);
        }
        let words = format!(
            "{} begins as operation {operation}: {}",
            self.id, self.plan.summary
        );
        let begun = self.with(State::Executing { operation });
        Claim::Begins(begun.changed(Event::Began, words, None, present.now))
    }

    fn back(&self, present: &Present<'_>) -> Claim {
        let back = self.clone().reopened(present.now);
        if back.state == State::Expired {
            return Claim::Expired(self.expired(present.now));
        }
        let words = format!(
            "{} waits for signatures again: those that still count do not fill its seats",
            self.id
        );
        Claim::Back(back.changed(Event::Withdrawn, words, None, present.now))
    }

    /// Ends it if its time is over.
    pub fn expire(&self, now: Timestamp) -> Option<Transition> {
        (now >= self.end()?).then(|| self.expired(now))
    }

    /// Follows its operation: to an end, to `unknown`, and from there on if a person decides so.
    pub fn follow(&self, outcome: &operation::State, now: Timestamp) -> Result<Transition, IllegalOutcome> {
        use operation::State as Came;
        let illegal = || IllegalOutcome {
            from: self.state.word(),
            to: outcome.word(),
        };
        let (State::Executing { operation } | State::Unknown { operation }) = &self.state else {
            return Err(illegal());
        };
        let operation = operation.clone();
        let executing = matches!(self.state, State::Executing { .. });
        let failed = State::Failed {
            operation: operation.clone(),
        };
        let (event, state, words) = match outcome {
            Came::Succeeded { words } if executing => (
                Event::Ended,
                State::Succeeded { operation },
                format!("succeeded: {words}"),
            ),
            Came::Failed { words } => (Event::Ended, failed, format!("failed: {words}")),
            Came::Cancelled { by, words } => (Event::Ended, failed, format!("was stopped by {by}: {words}")),
            Came::Abandoned { by } if !executing => (Event::Ended, failed, format!("was given up by {by}")),
            Came::Unknown { saw, .. } if executing => {
                let words = format!("stopped, and nobody knows what its last step did: {saw}");
                (Event::Unknown, State::Unknown { operation }, words)
            }
            Came::Running if !executing => {
                (Event::Began, State::Executing { operation }, "goes on".to_owned())
            }
            _ => return Err(illegal()),
        };
        let words = format!("{} {words}", self.id);
        Ok(self.with(state).changed(event, words, None, now))
    }

    fn with(&self, state: State) -> Self {
        Self {
            state,
            ..self.clone()
        }
    }

    fn expired(&self, now: Timestamp) -> Transition {
        let what = match self.state {
            State::Approved { .. } => "before it could begin",
            _ => "before its seats were filled",
        };
        let words = format!("{} expired {what}", self.id);
        self.with(State::Expired)
            .changed(Event::Expired, words, None, now)
    }

    fn superseded(&self, why: String, now: Timestamp) -> Transition {
        let words = format!("{} is superseded: {why}", self.id);
        let superseded = self.with(State::Superseded { why });
        superseded.changed(Event::Superseded, words, None, now)
    }
}
