//! Requests in words: what one has come to, what it needs, and why.

use super::{Present, Request, State};
use crate::policy::words;

impl Request {
    /// What it has come to, after its id: "was denied by bob: too late in the day".
    pub fn came_to(&self) -> String {
        match &self.state {
            State::Pending => "waits for signatures".to_owned(),
            State::Approved { .. } => "has its signatures".to_owned(),
            State::Executing { operation } => format!("is running as operation {operation}"),
            State::Succeeded { operation } => format!("was done by operation {operation}"),
            State::Failed { operation } => format!("was tried by operation {operation} and failed"),
            State::Unknown { operation } => {
                format!("ran as operation {operation}, and nobody knows what its last step did")
            }
            State::Denied { by, reason } => format!("was denied by {by}: {reason}"),
            State::Revoked { by, reason } => format!("was signed and then denied by {by}: {reason}"),
            State::Expired => "ran out of time".to_owned(),
            State::Cancelled { by } => format!("was taken back by {by}"),
            State::Superseded { why } => format!("is superseded: {why}"),
        }
    }

    /// Like [`Request::came_to`], but says what it waits for.
    pub fn standing(&self, present: &Present<'_>) -> String {
        match self.state {
            State::Pending => format!("waits for {}", self.needs(present)),
            _ => self.came_to(),
        }
    }

    /// The signatures it still needs: "1 signature of bob or erin".
    pub fn needs(&self, present: &Present<'_>) -> String {
        let taken = |person: &crate::person::Person| {
            self.is_requester(person) || self.votes.iter().any(|vote| vote.person == person.id)
        };
        words::signatures(&self.open(present), present.directory, taken)
    }
}
