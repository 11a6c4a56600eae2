//! What every transition has in common: who acts, how things stand, and that a changed request comes together with
//! the audit entry about the change (invariant A16).

use std::collections::BTreeSet;

use serde_json::Value;

use super::seats::Voter;
use super::{Origin, Request, State, VoteRefusal};
use crate::audit::{Entry, Event};
use crate::drop_box;
use crate::id::{BoxId, RequestId};
use crate::message::{Account, Assurance, Place};
use crate::person::{Directory, Person};
use crate::plan::SealedPlan;
use crate::policy::{Decision, Policy, Question, Rule, Seat};
use crate::store::{Batch, Write};
use crate::time::{Timestamp, after};

/// Who acts, and from where.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    person: &'a Person,
    account: &'a Account,
    origin: &'a Origin,
}

impl<'a> By<'a> {
    /// The person, if the network proves an account and it is theirs.
    pub fn new(person: Option<&'a Person>, origin: &'a Origin) -> Result<Self, VoteRefusal> {
        match (person, &origin.account) {
            (Some(person), Some(account))
                if person.accounts.contains(account) && origin.assurance >= Assurance::Account =>
            {
                Ok(Self {
                    person,
                    account,
                    origin,
                })
            }
            _ => Err(VoteRefusal::Stranger),
        }
    }

    /// Who.
    pub fn person(&self) -> &'a Person {
        self.person
    }

    /// With which account.
    pub fn account(&self) -> &'a Account {
        self.account
    }

    /// From where.
    pub fn origin(&self) -> &'a Origin {
        self.origin
    }
}

/// How things stand at the moment: what votes and claims are checked against besides the request itself.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    /// The rules in force.
    pub policy: &'a Policy,
    /// Everybody.
    pub directory: &'a Directory,
    /// The time.
    pub now: Timestamp,
}

impl<'a> Present<'a> {
    /// The rule that the policy in force gives for the request's plan.
    pub fn decide(&self, request: &Request) -> Decision<'a> {
        self.policy
            .decide(&request.question(self.directory, self.now), self.directory)
    }

    /// That rule alone, without the words of a denial.
    pub fn rule(&self, request: &Request) -> Option<&'a Rule> {
        self.policy.rule(&request.question(self.directory, self.now))
    }

    /// The seats of that rule; none if it is not allowed.
    pub fn seats(&self, request: &Request) -> &'a [Seat] {
        self.rule(request).map_or(&[], |rule| &rule.seats)
    }
}

/// A request as it is now, with the audit entry about what changed it. There is no way to write the one without the
/// other.
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a transition that is not written has not happened"]
pub struct Transition {
    request: Request,
    is_new: bool,
    entry: Entry,
}

impl Transition {
    /// The request as it is now.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// What will be recorded.
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// Adds to the record what machines may want to know.
    pub fn with_more(mut self, more: Value) -> Self {
        self.entry.more = Some(more);
        self
    }

    /// The change and its record, to be committed.
    pub fn batch(self) -> Batch {
        self.join(Batch::default())
    }

    /// The change and its record, within a larger batch.
    pub fn join(self, batch: Batch) -> Batch {
        let mut batch = batch;
        // What was dropped for a plan is forgotten when the plan is over.
        let dropped = self.request.plan.parameters.get(drop_box::PARAMETER);
        if let Some(id) = dropped
            .and_then(Value::as_str)
            .filter(|_| self.request.state.is_final())
        {
            batch = batch.write(Write::EmptyBox {
                id: BoxId::from(id),
                at: self.entry.at,
            });
        }
        let write = if self.is_new {
            Write::NewRequest(self.request)
        } else {
            Write::Request(self.request)
        };
        batch.write(write).record(self.entry)
    }
}

impl Request {
    /// A plan becomes a request under the rule that allows it. Without seats it is approved at once.
    #[expect(
        clippy::new_ret_no_self,
        reason = "a request begins together with its record, never alone"
    )]
    pub fn new(
        id: RequestId,
        plan: SealedPlan,
        origin: Origin,
        rule: &Rule,
        shown: BTreeSet<Place>,
        now: Timestamp,
    ) -> Transition {
        let not_after = plan.not_after;
        let mut request = Self {
            id,
            origin,
            rule: rule.name.clone(),
            seats: rule.seats.clone(),
            state: State::Pending,
            votes: Vec::new(),
            shown,
            deadline: after(now, rule.pending).min(not_after),
            not_after,
            valid: rule.valid,
            reminded: false,
            version: 0,
            plan,
        };
        if super::filled(&request.seats, &[]) {
            request = request.approved(now);
        }
        let words = format!(
            "{} asked for {}: {}",
            request.plan.requester, request.id, request.plan.summary
        );
        let entry = Entry {
            person: Some(request.plan.requester.clone()),
            account: request.origin.account.clone(),
            assurance: Some(request.origin.assurance),
            place: Some(request.origin.place.clone()),
            more: Some(serde_json::json!({ "plan": request.plan.bytes(), "rule": request.rule })),
            ..request.entry(Event::Asked, words, None, now)
        };
        Transition {
            request,
            is_new: true,
            entry,
        }
    }

    /// What policy is asked about this plan: now, of the person who asked then, by the account they asked with.
    pub fn question<'a>(&'a self, directory: &'a Directory, now: Timestamp) -> Question<'a> {
        let requester = directory.person(&self.plan.requester).filter(|person| {
            let account = self.origin.account.as_ref();
            account.is_some_and(|account| person.accounts.contains(account))
        });
        Question {
            command: &self.plan.command,
            effect: Some(self.plan.effect),
            target: self.plan.target.as_ref(),
            also: &self.plan.also,
            person: requester.map(|person| &**person),
            assurance: self.origin.assurance,
            place: &self.origin.place,
            now,
        }
    }

    /// Whether the whole plan was sent to where they are, or to them alone.
    pub fn was_shown(&self, place: &Place, person: &Person) -> bool {
        let to_them = |shown: &Place| match shown {
            Place::Room(_) | Place::Nick { .. } => false,
            Place::Direct(account) => person.accounts.contains(account),
        };
        self.shown.contains(place) || self.shown.iter().any(to_them)
    }

    /// Whether they asked for it: by name, or because the account that asked is theirs now (invariant A2).
    pub fn is_requester(&self, person: &Person) -> bool {
        let account = self.origin.account.as_ref();
        person.id == self.plan.requester || account.is_some_and(|account| person.accounts.contains(account))
    }

    /// Remembers that the whole plan was sent there.
    #[must_use]
    pub fn sent_to(&self, place: Place) -> Self {
        let mut sent = self.clone();
        sent.shown.insert(place);
        sent
    }

    /// Remembers that those who could sign were reminded, if that is due: once, when half of the time has passed.
    #[must_use]
    pub fn remind(&self, now: Timestamp) -> Option<Self> {
        (now >= self.reminder()? && now < self.deadline).then(|| Self {
            reminded: true,
            ..self.clone()
        })
    }

    fn reminder(&self) -> Option<Timestamp> {
        let waits = self.state == State::Pending && !self.reminded;
        let created = self.plan.created;
        waits.then(|| after(created, crate::time::between(created, self.deadline) / 2))
    }

    /// When something is due next: a reminder, or its end.
    pub fn due(&self) -> Option<Timestamp> {
        let end = self.end()?;
        Some(self.reminder().map_or(end, |reminder| reminder.min(end)))
    }

    /// The end of the state it is in, if time alone ends that.
    pub fn end(&self) -> Option<Timestamp> {
        match self.state {
            State::Pending => Some(self.deadline),
            State::Approved { until } => Some(until),
            _ => None,
        }
    }

    /// The votes that count now: of people who are still there, with accounts that are still theirs, for this very
    /// plan, and never the requester's (invariants A2, A3 and A9).
    pub fn voters<'d>(&self, directory: &'d Directory) -> Vec<Voter<'d>> {
        let counting = self.votes.iter().filter(|vote| vote.digest == self.plan.digest());
        counting
            .filter_map(|vote| {
                let person = directory.person(&vote.person)?;
                let counts = person.accounts.contains(&vote.account) && !self.is_requester(person);
                counts.then_some(Voter {
                    person,
                    assurance: vote.assurance,
                })
            })
            .collect()
    }

    /// The request once its seats are filled. Nothing approves it for longer than the first time (invariant A6).
    pub(super) fn approved(mut self, now: Timestamp) -> Self {
        self.not_after = after(now, self.valid).min(self.not_after);
        self.state = State::Approved {
            until: self.not_after,
        };
        self
    }

    /// The request once it waits for signatures again, or expired if its time is over.
    pub(super) fn reopened(mut self, now: Timestamp) -> Self {
        self.deadline = self.deadline.min(self.not_after);
        self.state = if now < self.deadline {
            State::Pending
        } else {
            State::Expired
        };
        self
    }

    /// This request, changed, with its record.
    pub(super) fn changed(
        self,
        event: Event,
        words: String,
        by: Option<By<'_>>,
        now: Timestamp,
    ) -> Transition {
        Transition {
            entry: self.entry(event, words, by, now),
            is_new: false,
            request: self,
        }
    }

    fn entry(&self, event: Event, words: String, by: Option<By<'_>>, now: Timestamp) -> Entry {
        let operation = match &self.state {
            State::Executing { operation }
            | State::Succeeded { operation }
            | State::Failed { operation }
            | State::Unknown { operation } => Some(operation.clone()),
            _ => None,
        };
        Entry {
            person: by.map(|by| by.person.id.clone()),
            account: by.map(|by| by.account.clone()),
            assurance: by.map(|by| by.origin.assurance),
            place: by.map(|by| by.origin.place.clone()),
            target: self.plan.target.clone(),
            request: Some(self.id.clone()),
            operation,
            digest: Some(self.plan.digest()),
            ..Entry::new(now, event, words)
        }
    }
}
