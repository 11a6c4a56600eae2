//! Requests in words: what one has come to, what it needs, and why.

use super::{Present, Request, State, Vote};
use crate::person::Person;
use crate::policy::{Decision, words};
use crate::text::{ago, list, span};
use crate::time::between;

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
        let counting = self.voters(present.directory);
        let taken = |person: &Person| {
            self.is_requester(person) || counting.iter().any(|voter| voter.person.id == person.id)
        };
        words::signatures(&self.open(present), present.directory, taken)
    }

    /// Why it is where it is: the rule and its seats, who signed, who is missing, and until when.
    pub fn why(&self, present: &Present<'_>) -> Vec<String> {
        let asked = format!(
            "{} asks to {}: asked by {} in {}, {}",
            self.id,
            self.plan.summary,
            self.plan.requester,
            self.origin.place,
            ago(self.plan.created, present.now)
        );
        let seats = words::signatures(&self.seats, present.directory, |person| self.is_requester(person));
        let mut lines = vec![asked, format!("rule \"{}\" needs {seats}", self.rule)];
        if !self.state.is_final() {
            lines.extend(self.in_force(present));
        }
        if !self.votes.is_empty() {
            let signed = list(self.votes.iter().map(|vote| self.signature(vote, present)));
            lines.push(format!("signed by {signed}"));
        }
        let more = self.end().map_or(String::new(), |end| {
            format!(", for {} more", span(between(present.now, end)))
        });
        let then = match self.state {
            State::Pending => {
                let valid = self.valid.min(between(present.now, self.not_after));
                format!("; then it may begin within {}", span(valid))
            }
            _ => String::new(),
        };
        lines.push(format!("{} {}{more}{then}", self.id, self.standing(present)));
        lines
    }

    /// What the rule in force adds, if it is not the one that it was asked under.
    fn in_force(&self, present: &Present<'_>) -> Option<String> {
        match present.decide(self) {
            Decision::Denied(denial) => Some(format!("now it would not be allowed: {}", denial.words)),
            Decision::Allowed(rule) if rule.name == self.rule && rule.seats == self.seats => None,
            Decision::Allowed(rule) => {
                let seats =
                    words::signatures(&rule.seats, present.directory, |person| self.is_requester(person));
                Some(format!("the rule in force now, \"{}\", needs {seats}", rule.name))
            }
        }
    }

    fn signature(&self, vote: &Vote, present: &Present<'_>) -> String {
        let when = ago(vote.at, present.now);
        let mut voters = self.voters(present.directory).into_iter();
        if voters.any(|voter| voter.person.id == vote.person) {
            format!("{} {when}", vote.person)
        } else {
            format!("{} {when} (no longer counts)", vote.person)
        }
    }
}
