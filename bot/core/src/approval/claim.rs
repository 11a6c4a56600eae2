//! What the bot does to a request: begin it at most once, end it with its operation, let it run out of time.

use super::{Present, Request, State, Transition};
use crate::audit::Event;
use crate::id::OperationId;
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

/// What its operation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what the plan said.
    Succeeded,
    /// It could not, or a person stopped it or gave it up.
    Failed,
    /// Nobody knows what a `once` step did.
    Unknown,
    /// It was unknown, and a person lets it go on.
    Resumed,
}

/// An operation cannot have come to that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a request that is {from} cannot take the outcome {outcome:?}; look at its operation's journal")]
pub struct IllegalOutcome {
    /// What the request is.
    pub from: &'static str,
    /// What the operation came to.
    pub outcome: Outcome,
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

    /// Follows its operation: to an end, to `unknown`, and from there on if a person decides so. What is recorded is
    /// the operation's record, in the same batch.
    pub fn finished(&self, outcome: Outcome) -> Result<Self, IllegalOutcome> {
        let state = match (&self.state, outcome) {
            (State::Executing { operation }, Outcome::Succeeded) => State::Succeeded {
                operation: operation.clone(),
            },
            (State::Executing { operation } | State::Unknown { operation }, Outcome::Failed) => {
                State::Failed {
                    operation: operation.clone(),
                }
            }
            (State::Executing { operation }, Outcome::Unknown) => State::Unknown {
                operation: operation.clone(),
            },
            (State::Unknown { operation }, Outcome::Resumed) => State::Executing {
                operation: operation.clone(),
            },
            (state, outcome) => {
                return Err(IllegalOutcome {
                    from: state.word(),
                    outcome,
                });
            }
        };
        Ok(self.with(state))
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
