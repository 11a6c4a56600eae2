//! What must happen, decided by brute force over small numbers: no matching algorithm, no types of the code under
//! test. People, accounts and roles are numbers; sets are bit masks.

use std::collections::BTreeMap;

use super::world::{Asked, Event, Model, RuleModel};

/// One signature wanted: from these people, or holders of these roles, at least this strong.
#[derive(Clone, Copy)]
struct Place {
    people: u8,
    roles: u8,
    assurance: u8,
}

/// Who signed, how strongly.
type Votes = Vec<(usize, u8)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    Pending,
    Approved,
    Executing,
    Succeeded,
    Failed,
    Unknown,
    Denied,
    Revoked,
    Expired,
    Cancelled,
    Superseded,
}

#[derive(Clone, Debug)]
pub(crate) struct Oracle {
    pub(crate) is: Is,
    pub(crate) votes: BTreeMap<usize, (usize, u8)>,
    pub(crate) deadline: i64,
    pub(crate) end: i64,
    pub(crate) shown: u16,
}

fn places(rule: &RuleModel) -> Vec<Place> {
    let of = |seat: &super::world::SeatModel| {
        let place = Place {
            people: seat.people,
            roles: seat.roles,
            assurance: seat.assurance,
        };
        vec![place; usize::from(seat.count)]
    };
    rule.seats.iter().flat_map(of).collect()
}

/// The most places that these votes can fill, one person a place, by trying everything.
fn most(places: &[Place], votes: &[(usize, u8)], model: &Model) -> usize {
    let Some((place, rest)) = places.split_first() else {
        return 0;
    };
    let mut best = most(rest, votes, model);
    for (at, &(person, assurance)) in votes.iter().enumerate() {
        let named = place.people & 1 << person != 0 || place.roles & model.roles[person] != 0;
        if named && assurance >= place.assurance {
            let mut others = votes.to_vec();
            others.remove(at);
            best = best.max(1 + most(rest, &others, model));
        }
    }
    best
}

impl Oracle {
    pub(crate) fn new(asked: &Asked, shown: u16, now: i64) -> Self {
        let mut new = Self {
            is: Is::Pending,
            votes: BTreeMap::new(),
            deadline: (now + asked.rule.pending).min(asked.not_after),
            end: asked.not_after,
            shown,
        };
        if places(&asked.rule).is_empty() {
            new.sign(asked, now);
        }
        new
    }

    fn sign(&mut self, asked: &Asked, now: i64) {
        self.end = self.end.min(now + asked.rule.valid);
        self.is = Is::Approved;
    }

    fn requester(asked: &Asked, person: usize, model: &Model) -> bool {
        person == asked.requester || model.owner[asked.account] == person
    }

    /// The votes that count now.
    fn alive(&self, asked: &Asked, model: &Model) -> Votes {
        let alive = |(&person, &(account, assurance)): (&usize, &(usize, u8))| {
            let counts = !model.gone[person]
                && model.owner[account] == person
                && !Self::requester(asked, person, model);
            counts.then_some((person, assurance))
        };
        self.votes.iter().filter_map(alive).collect()
    }

    /// Whether different people who may sign fill every place, of then and of now.
    pub(crate) fn quorum(&self, asked: &Asked, model: &Model) -> bool {
        let votes = self.alive(asked, model);
        let full = |rule: &RuleModel| most(&places(rule), &votes, model) == places(rule).len();
        model
            .allowed(asked)
            .is_some_and(|in_force| full(&asked.rule) && full(in_force))
    }

    fn over(&self, now: i64) -> bool {
        match self.is {
            Is::Pending => now >= self.deadline,
            Is::Approved => now >= self.end,
            _ => true,
        }
    }

    /// What happens, and whether that is anything.
    pub(crate) fn step(&mut self, event: &Event, asked: &Asked, model: &Model) -> bool {
        let open = !self.over(model.now);
        match *event {
            Event::Approve { by, right_plan, .. } => {
                let (person, vote) = (by.person, (by.account, by.assurance));
                let known = model.knows(by);
                let may = known && self.is == Is::Pending && open && right_plan && self.shown_to(by, model);
                if !may || Self::requester(asked, person, model) || !self.helps(person, vote.1, asked, model)
                {
                    return false;
                }
                self.votes.insert(person, vote);
                if self.quorum(asked, model) {
                    self.sign(asked, model.now);
                }
            }
            Event::Deny { by, .. } => {
                let places = Self::both(asked, model);
                let named = |place: &Place| {
                    place.people & 1 << by.person != 0 || place.roles & model.roles[by.person] != 0
                };
                let may = model.knows(by) && !Self::requester(asked, by.person, model);
                if !may || !open || !places.iter().any(named) {
                    return false;
                }
                self.is = if self.is == Is::Pending {
                    Is::Denied
                } else {
                    Is::Revoked
                };
            }
            Event::Withdraw { by, .. } => {
                if !model.knows(by) || !open || self.votes.remove(&by.person).is_none() {
                    return false;
                }
                if self.is == Is::Approved && !self.quorum(asked, model) {
                    self.reopen(model.now);
                }
            }
            Event::Cancel { by, .. } => {
                if !model.knows(by) || !open || !Self::requester(asked, by.person, model) {
                    return false;
                }
                self.is = Is::Cancelled;
            }
            Event::Expire { .. } => {
                if open || !matches!(self.is, Is::Pending | Is::Approved) {
                    return false;
                }
                self.is = Is::Expired;
            }
            Event::Claim { moved, .. } => {
                if self.is != Is::Approved {
                    return false;
                }
                if !open {
                    self.is = Is::Expired;
                } else if moved || model.allowed(asked).is_none() {
                    self.is = Is::Superseded;
                } else if self.quorum(asked, model) {
                    self.is = Is::Executing;
                } else {
                    self.reopen(model.now);
                }
            }
            Event::Follow { to, .. } => {
                let legal = match self.is {
                    Is::Executing => matches!(to, Is::Succeeded | Is::Failed | Is::Unknown),
                    Is::Unknown => matches!(to, Is::Executing | Is::Failed),
                    _ => false,
                };
                if !legal {
                    return false;
                }
                self.is = to;
            }
            Event::Show { place, .. } => self.shown |= 1 << place,
            _ => return false,
        }
        true
    }

    fn both(asked: &Asked, model: &Model) -> Vec<Place> {
        let in_force = model.allowed(asked).map(places).unwrap_or_default();
        [places(&asked.rule), in_force].concat()
    }

    /// Whether their signature, as strong as can be, would help.
    pub(crate) fn could_sign(&self, person: usize, asked: &Asked, model: &Model) -> bool {
        !Self::requester(asked, person, model) && self.helps(person, 3, asked, model)
    }

    /// Whether one more signature, or a stronger one, fills a place of then or of now that was empty.
    fn helps(&self, person: usize, assurance: u8, asked: &Asked, model: &Model) -> bool {
        let Some(in_force) = model.allowed(asked) else {
            return false;
        };
        let before = self.alive(asked, model);
        let mut after = before.clone();
        after.retain(|(other, _)| *other != person);
        after.push((person, assurance));
        [&asked.rule, in_force].iter().any(|rule| {
            let places = places(rule);
            most(&places, &after, model) > most(&places, &before, model)
        })
    }

    fn shown_to(&self, by: super::world::By, model: &Model) -> bool {
        let direct = |account: usize| self.shown & 1 << (2 + account) != 0;
        let to_them =
            (0..model.owner.len()).any(|account| model.owner[account] == by.person && direct(account));
        to_them || self.shown & 1 << by.place != 0
    }

    fn reopen(&mut self, now: i64) {
        self.deadline = self.deadline.min(self.end);
        self.is = if now < self.deadline {
            Is::Pending
        } else {
            Is::Expired
        };
    }
}
