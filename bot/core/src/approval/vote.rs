//! What people do to a request: sign it, take a signature back, deny it, take it back. Who may is decided by the
//! seats of the rule that it was asked under and of the rule in force.

use super::seats::{Voter, filled, open_seats, places_taken};
use super::{By, Present, Request, State, Transition, Vote, VoteRefusal};
use crate::audit::Event;
use crate::digest::Digest;
use crate::message::Assurance;
use crate::person::{Directory, Person};
use crate::policy::{Decision, Seat};
use crate::text::{ago, either};
use crate::time::Timestamp;

impl Request {
    /// Signs the plan with this digest. When the seats are filled, of the rule it was asked under and of the rule in
    /// force, the request is approved.
    pub fn approve(
        &self,
        by: By<'_>,
        digest: Digest,
        note: Option<String>,
        present: &Present<'_>,
    ) -> Result<Transition, VoteRefusal> {
        self.may_sign(by, digest, present)?;
        let mut signed = self.clone();
        signed.votes.retain(|vote| vote.person != by.person().id);
        signed.votes.push(Vote {
            person: by.person().id.clone(),
            account: by.account().clone(),
            assurance: by.origin().assurance,
            digest,
            at: present.now,
            note,
        });
        if signed.has_its_seats(present) {
            signed = signed.approved(present.now);
        }
        let words = format!("{} signed {}: {}", by.person().id, self.id, self.plan.summary);
        Ok(signed.changed(Event::Signed, words, Some(by), present.now))
    }

    /// Refuses the request for good: before the claim, by anybody who could fill a seat (invariant A7).
    pub fn deny(&self, by: By<'_>, reason: String, present: &Present<'_>) -> Result<Transition, VoteRefusal> {
        self.is_open(present.now)?;
        let id = self.id.clone();
        let person = by.person();
        if self.is_requester(person) {
            return Err(VoteRefusal::OwnDenial(id));
        }
        let in_force = present.seats(self);
        if !self.names(person, in_force) {
            let deniers = present.directory.people().iter();
            let deniers = deniers.filter(|other| !self.is_requester(other) && self.names(other, in_force));
            let could = either(deniers.map(|other| &other.id));
            return Err(VoteRefusal::NotADenier { id, could });
        }
        let words = format!("{} denied {}: {reason}", person.id, self.id);
        let by_whom = person.id.clone();
        let mut denied = self.clone();
        denied.state = match self.state {
            State::Approved { .. } => State::Revoked { by: by_whom, reason },
            _ => State::Denied { by: by_whom, reason },
        };
        Ok(denied.changed(Event::Denied, words, Some(by), present.now))
    }

    /// Takes a signature back before the claim. What is then no longer approved waits for signatures again.
    pub fn withdraw(&self, by: By<'_>, present: &Present<'_>) -> Result<Transition, VoteRefusal> {
        self.is_open(present.now)?;
        if !self.has_vote_of(by.person()) {
            let id = self.id.clone();
            let own = self.is_requester(by.person());
            return Err(if own {
                VoteRefusal::OwnDenial(id)
            } else {
                VoteRefusal::NotSigned(id)
            });
        }
        let mut left = self.clone();
        left.votes.retain(|vote| vote.person != by.person().id);
        if matches!(left.state, State::Approved { .. }) && !left.has_its_seats(present) {
            left = left.reopened(present.now);
        }
        let words = format!("{} took back the signature of {}", by.person().id, self.id);
        Ok(left.changed(Event::Withdrawn, words, Some(by), present.now))
    }

    /// The requester takes the request back before the claim.
    pub fn cancel(&self, by: By<'_>, now: Timestamp) -> Result<Transition, VoteRefusal> {
        self.is_open(now)?;
        if !self.is_requester(by.person()) {
            return Err(VoteRefusal::NotYours {
                id: self.id.clone(),
                requester: self.plan.requester.clone(),
            });
        }
        let mut cancelled = self.clone();
        cancelled.state = State::Cancelled {
            by: by.person().id.clone(),
        };
        let words = format!("{} took {} back", by.person().id, self.id);
        Ok(cancelled.changed(Event::Cancelled, words, Some(by), now))
    }

    /// Who could sign now: people whose signature would fill a seat that is still open; nobody while the policy in
    /// force does not allow it.
    pub fn could_sign<'d>(&self, present: &Present<'d>) -> Vec<&'d Person> {
        let Some(rule) = present.rule(self) else {
            return Vec::new();
        };
        let in_force = &*rule.seats;
        let people = present.directory.people().iter().map(|person| &**person);
        people
            .filter(|person| !self.is_requester(person) && self.names(person, in_force))
            .filter(|person| self.would_help(person, Assurance::Passkey, in_force, present.directory))
            .collect()
    }

    /// The seats that are still open: of the rule that it was asked under, or if those are filled, of the one in
    /// force.
    pub fn open(&self, present: &Present<'_>) -> Vec<Seat> {
        let voters = self.voters(present.directory);
        let open = open_seats(&self.seats, &voters);
        if open.is_empty() {
            open_seats(present.seats(self), &voters)
        } else {
            open
        }
    }

    /// Whether the votes that count fill the seats of the rule that it was asked under *and* of the one in force
    /// (invariant A9).
    pub(super) fn has_its_seats(&self, present: &Present<'_>) -> bool {
        let voters = self.voters(present.directory);
        let in_force = present.rule(self);
        in_force.is_some_and(|rule| filled(&self.seats, &voters) && filled(&rule.seats, &voters))
    }

    fn may_sign(&self, by: By<'_>, digest: Digest, present: &Present<'_>) -> Result<(), VoteRefusal> {
        let id = self.id.clone();
        if matches!(self.state, State::Approved { .. }) && self.has_vote_of(by.person()) {
            return Err(self.signed_already(present));
        }
        self.is_pending(present)?;
        if self.is_requester(by.person()) {
            let could = self.names_who_could_sign(present);
            return Err(VoteRefusal::OwnRequest { id, could });
        }
        if digest != self.plan.digest() {
            let plan = self.plan.digest().short();
            return Err(VoteRefusal::OtherPlan { id, plan });
        }
        let in_force = match present.decide(self) {
            Decision::Allowed(rule) => &rule.seats,
            Decision::Denied(denial) => {
                return Err(VoteRefusal::Policy {
                    id,
                    requester: self.plan.requester.clone(),
                    denial: denial.words,
                });
            }
        };
        let helps = |assurance| self.would_help(by.person(), assurance, in_force, present.directory);
        if !helps(by.origin().assurance) {
            let stronger = [Assurance::Account, Assurance::Device, Assurance::Passkey];
            return Err(match stronger.into_iter().find(|assurance| helps(*assurance)) {
                Some(needs) => VoteRefusal::Weak { id, needs },
                None if self.has_vote_of(by.person()) => self.signed_already(present),
                None => VoteRefusal::NoSeat {
                    id,
                    needs: self.needs(present),
                },
            });
        }
        if self.was_shown(&by.origin().place, by.person()) {
            Ok(())
        } else {
            Err(VoteRefusal::NotShown(id))
        }
    }

    /// Whether one more signature, or a stronger one in the place of theirs, fills a seat of either rule.
    fn would_help(
        &self,
        person: &Person,
        assurance: Assurance,
        in_force: &[Seat],
        directory: &Directory,
    ) -> bool {
        let before = self.voters(directory);
        let mut after: Vec<Voter<'_>> = before.clone();
        after.retain(|voter| voter.person.id != person.id);
        after.push(Voter { person, assurance });
        let fills = |seats: &[Seat]| places_taken(seats, &after) > places_taken(seats, &before);
        fills(&self.seats) || fills(in_force)
    }

    /// Whether they are among those whom the seats of either rule name, signed or not.
    fn names(&self, person: &Person, in_force: &[Seat]) -> bool {
        let mut seats = self.seats.iter().chain(in_force);
        seats.any(|seat| seat.of.includes(Some(person)))
    }

    fn has_vote_of(&self, person: &Person) -> bool {
        self.votes.iter().any(|vote| vote.person == person.id)
    }

    fn signed_already(&self, present: &Present<'_>) -> VoteRefusal {
        VoteRefusal::AlreadySigned {
            id: self.id.clone(),
            standing: self.standing(present),
        }
    }

    fn names_who_could_sign(&self, present: &Present<'_>) -> String {
        either(self.could_sign(present).iter().map(|person| &person.id))
    }

    fn is_pending(&self, present: &Present<'_>) -> Result<(), VoteRefusal> {
        match self.state {
            State::Approved { .. } => Err(self.closed()),
            _ => self.is_open(present.now),
        }
    }

    /// Whether it waits for signatures or for its claim, and its time is not over.
    fn is_open(&self, now: Timestamp) -> Result<(), VoteRefusal> {
        let end = self.end().ok_or_else(|| self.closed())?;
        if now < end {
            return Ok(());
        }
        Err(VoteRefusal::Late {
            id: self.id.clone(),
            ago: ago(end, now),
        })
    }

    fn closed(&self) -> VoteRefusal {
        VoteRefusal::Closed {
            id: self.id.clone(),
            standing: self.came_to(),
            running: match &self.state {
                State::Executing { operation } => Some(operation.clone()),
                _ => None,
            },
        }
    }
}
