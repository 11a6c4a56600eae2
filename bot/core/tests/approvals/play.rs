//! Plays a sequence of events on the code under test, over a store that takes only changes of the newest version,
//! and after each event compares everything with the oracle.

use countersign_core::approval::{self, Claim, Present, Request, State, Transition, VoteRefusal};
use countersign_core::audit::Entry;
use countersign_core::digest::Digest;
use countersign_core::operation;
use countersign_core::person::Directory;
use countersign_core::policy::Policy;
use countersign_core::store::Write;
use countersign_core::time::{Clock, ManualClock, SteadyClock};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use std::sync::Arc;

use super::oracle::{Is, Oracle};
use super::types::{place, places, time};
use super::world::{Asked, By, Event, Model, RuleModel, START};

pub(crate) type Checked = Result<(), TestCaseError>;

/// One change that was committed.
pub(crate) struct Change<'a> {
    pub(crate) on: usize,
    pub(crate) event: &'a Event,
    pub(crate) before: &'a Request,
    pub(crate) after: &'a Request,
    /// What was recorded with it.
    pub(crate) entry: Option<&'a Entry>,
    pub(crate) game: &'a Game,
}

impl Change<'_> {
    pub(crate) fn begins(&self) -> bool {
        matches!(self.before.state, State::Approved { .. })
            && matches!(self.after.state, State::Executing { .. })
    }

    pub(crate) fn asked(&self) -> &Asked {
        &self.game.asked[self.on]
    }

    pub(crate) fn oracle(&self) -> &Oracle {
        &self.game.oracles[self.on]
    }
}

pub(crate) struct Game {
    pub(crate) model: Model,
    pub(crate) asked: [Asked; 2],
    pub(crate) oracles: [Oracle; 2],
    pub(crate) requests: [Request; 2],
    /// What another process read some time ago.
    stale: [Request; 2],
    directory: Directory,
    policy: Policy,
    /// The operating system's clock, and ours.
    system: Arc<ManualClock>,
    clock: SteadyClock<Arc<ManualClock>>,
}

impl Game {
    pub(crate) fn new(world: u128) -> Self {
        let world = world.to_le_bytes();
        let (model, asked) = Model::from_bytes(world);
        let rooms = if world[14].is_multiple_of(4) { 0 } else { 3 };
        let shown = |asked: &Asked| 1 << (asked.account % 2) | rooms | u16::from(world[15]) << 2;
        let oracles = [0, 1].map(|on| Oracle::new(&asked[on], shown(&asked[on]), model.now));
        let requests = [0, 1].map(|on: usize| {
            let asked = &asked[on];
            let id = ["R-AAAA", "R-BBBB"][on].into();
            let rule = asked.rule.rule();
            let (plan, shown) = (asked.plan(on), places(shown(asked)));
            let new = Request::new(id, plan, asked.origin(), &rule, shown, time(model.now));
            new.request().clone()
        });
        let system = Arc::new(ManualClock::new(time(START)));
        Self {
            directory: model.directory(),
            policy: model.policy(),
            clock: SteadyClock::new(Arc::clone(&system), time(START)),
            system,
            stale: requests.clone(),
            model,
            asked,
            oracles,
            requests,
        }
    }

    pub(crate) fn present(&self) -> Present<'_> {
        Present {
            policy: &self.policy,
            directory: &self.directory,
            now: time(self.model.now),
        }
    }

    /// Plays the event that a number stands for. The byte for `on` also say whether a process with an old copy acts, whether the process
    /// dies before it commits, and whether the other process reads.
    pub(crate) fn step(&mut self, number: u64, watch: &mut dyn FnMut(&Change<'_>) -> Checked) -> Checked {
        let bytes = number.to_le_bytes();
        let event = Event::of(number);
        let (is_stale, dies, reads) = (bytes[1] % 8 == 7, bytes[1] % 16 == 5, bytes[1] & 0x60 == 0x60);
        let Some(on) = event.on() else {
            return self.turn(&event);
        };
        let read = if is_stale {
            &self.stale[on]
        } else {
            &self.requests[on]
        };
        // The store takes no change of an old version; and a process that dies before it commits has done nothing.
        if read.version != self.requests[on].version || dies {
            return Ok(());
        }
        self.play(on, &event, watch)?;
        if reads {
            self.stale[on] = self.requests[on].clone();
        }
        Ok(())
    }

    /// An event that nobody watches.
    pub(crate) fn act(&mut self, event: &Event) -> Checked {
        self.play(event.on().unwrap(), event, &mut |_| Ok(()))
    }

    fn play(&mut self, on: usize, event: &Event, watch: &mut dyn FnMut(&Change<'_>) -> Checked) -> Checked {
        let outcome = self.apply(&self.requests[on], event);
        let expected = self.oracles[on].step(event, &self.asked[on], &self.model);
        if !matches!(event, Event::Remind { .. }) {
            prop_assert_eq!(
                outcome.is_some(),
                expected,
                "{:?} on {:?}",
                event,
                self.requests[on].state
            );
        }
        if let Some((mut after, entry)) = outcome {
            after.version += 1;
            let before = std::mem::replace(&mut self.requests[on], after);
            self.happened(on, event, &before, entry.as_ref(), watch)?;
        }
        self.agrees()
    }

    fn happened(
        &self,
        on: usize,
        event: &Event,
        before: &Request,
        entry: Option<&Entry>,
        watch: &mut dyn FnMut(&Change<'_>) -> Checked,
    ) -> Checked {
        let after = &self.requests[on];
        // The same message or callback once more changes nothing.
        if let Some((again, _)) = self.apply(after, event) {
            prop_assert_eq!(&again, after, "a replay of {:?} changed something", event);
        }
        watch(&Change {
            on,
            event,
            before,
            after,
            entry,
            game: self,
        })
    }

    /// What the code under test makes of an event: the changed request and its record, or nothing.
    fn apply(&self, request: &Request, event: &Event) -> Option<(Request, Option<Entry>)> {
        let present = self.present();
        let recorded = |transition: Transition| {
            let request = transition.request().clone();
            let batch = transition.join(countersign_core::store::Batch::default());
            assert_eq!(batch.writes, [Write::Request(request.clone())], "one change");
            assert_eq!(batch.audit.len(), 1, "one record");
            (request, batch.audit.into_iter().next())
        };
        match *event {
            Event::Approve { by, right_plan, .. } => {
                let other = usize::from(request.id == self.requests[0].id);
                let digest = if right_plan {
                    request.plan.digest()
                } else {
                    self.digest(other)
                };
                self.acts(by, |by| request.approve(by, digest, None, &present))
                    .map(recorded)
            }
            Event::Deny { by, .. } => self
                .acts(by, |by| request.deny(by, "no".into(), &present))
                .map(recorded),
            Event::Withdraw { by, .. } => self.acts(by, |by| request.withdraw(by, &present)).map(recorded),
            Event::Cancel { by, .. } => self.acts(by, |by| request.cancel(by, present.now)).map(recorded),
            Event::Claim { moved, .. } => {
                let facts = if moved {
                    Err("prod went to v814".to_owned())
                } else {
                    Ok(())
                };
                match request.claim("7F3K".into(), facts, &present) {
                    Claim::Begins(to) | Claim::Superseded(to) | Claim::Expired(to) | Claim::Back(to) => {
                        Some(recorded(to))
                    }
                    Claim::No(_) => None,
                }
            }
            Event::Follow { to, .. } => request.follow(&outcome(to), present.now).ok().map(recorded),
            Event::Expire { .. } => request.expire(present.now).map(recorded),
            Event::Show { place: at, .. } => Some((request.sent_to(place(at)), None)),
            Event::Remind { .. } => request.remind(present.now).map(|request| (request, None)),
            _ => None,
        }
    }

    fn acts(
        &self,
        by: By,
        act: impl FnOnce(approval::By<'_>) -> Result<Transition, VoteRefusal>,
    ) -> Option<Transition> {
        let person = self.directory.person(&format!("p{}", by.person).into());
        let origin = by.origin();
        let by = approval::By::new(person.map(|person| &**person), &origin).ok()?;
        act(by).ok()
    }

    fn digest(&self, on: usize) -> Digest {
        self.requests[on].plan.digest()
    }

    /// The world turns.
    fn turn(&mut self, event: &Event) -> Checked {
        let model = &mut self.model;
        match *event {
            Event::Crash => {
                for request in &mut self.requests {
                    let stored = serde_json::to_string(request).unwrap();
                    let loaded: Request = serde_json::from_str(&stored).unwrap();
                    prop_assert_eq!(&loaded, &*request);
                    *request = loaded;
                }
                // A new process starts its clock at what the store has seen.
                self.clock = SteadyClock::new(Arc::clone(&self.system), time(model.now));
            }
            Event::Clock(by) => {
                let now = self.system.now().as_second() + by;
                self.system.set(time(now));
                model.now = self.clock.now().as_second();
            }
            Event::Leave(person) => model.gone[person] = !model.gone[person],
            Event::Role { person, role } => model.roles[person] ^= 1 << role,
            Event::Relink { account, person } => model.owner[account] = person,
            Event::Policy(bytes) => {
                model.in_force = match bytes[0] % 8 {
                    0 => None,
                    1 | 2 => Some(self.asked[0].rule.clone()),
                    3 | 4 => {
                        let mut fewer = self.asked[0].rule.clone();
                        fewer.seats.truncate(1);
                        fewer.seats.iter_mut().for_each(|seat| seat.roles |= 7);
                        Some(fewer)
                    }
                    _ => Some(RuleModel::from_bytes(bytes)),
                }
            }
            _ => {}
        }
        self.directory = self.model.directory();
        self.policy = self.model.policy();
        Ok(())
    }

    fn agrees(&self) -> Checked {
        for (request, oracle) in self.requests.iter().zip(&self.oracles) {
            prop_assert_eq!(is(&request.state), oracle.is);
            let voted: Vec<String> = oracle.votes.keys().map(|person| format!("p{person}")).collect();
            let mut votes: Vec<&str> = request.votes.iter().map(|vote| vote.person.as_str()).collect();
            votes.sort_unstable();
            prop_assert_eq!(votes, voted);
            if let State::Approved { until } = request.state {
                prop_assert_eq!(until, time(oracle.end));
            }
            prop_assert_eq!(request.deadline, time(oracle.deadline));
        }
        Ok(())
    }
}

fn outcome(to: Is) -> operation::State {
    let words = String::new();
    match to {
        Is::Succeeded => operation::State::Succeeded { words },
        Is::Failed => operation::State::Failed { words },
        Is::Unknown => operation::State::Unknown {
            step: words.clone(),
            saw: words,
        },
        _ => operation::State::Running,
    }
}

fn is(state: &State) -> Is {
    match state {
        State::Pending => Is::Pending,
        State::Approved { .. } => Is::Approved,
        State::Executing { .. } => Is::Executing,
        State::Succeeded { .. } => Is::Succeeded,
        State::Failed { .. } => Is::Failed,
        State::Unknown { .. } => Is::Unknown,
        State::Denied { .. } => Is::Denied,
        State::Revoked { .. } => Is::Revoked,
        State::Expired => Is::Expired,
        State::Cancelled { .. } => Is::Cancelled,
        State::Superseded { .. } => Is::Superseded,
    }
}
