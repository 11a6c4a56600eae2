//! The worlds of `world.rs` as the types of the code under test.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use countersign_core::approval::Origin;
use countersign_core::digest::Digest;
use countersign_core::message::{Account, Assurance, Place, Room};
use countersign_core::person::{Directory, Person};
use countersign_core::plan::{Effect, Plan, SealedPlan};
use countersign_core::policy::{Names, Policy, Rule, Seat, Who};
use countersign_core::time::{Duration, Timestamp};

use super::world::{ACCOUNTS, Asked, By, Model, PEOPLE, RuleModel, START, SeatModel};

impl Model {
    pub(crate) fn directory(&self) -> Directory {
        let here = (0..PEOPLE).filter(|&person| !self.gone[person]);
        let people = here.map(|person| Person {
            id: PERSONS[person].into(),
            roles: names(self.roles[person], &ROLES).map(Into::into).collect(),
            accounts: (0..ACCOUNTS)
                .filter(|&account| self.owner[account] == person)
                .map(account)
                .collect(),
        });
        Directory::new(people).unwrap()
    }

    pub(crate) fn policy(&self) -> Policy {
        Policy {
            forbid: vec![],
            allow: self.in_force.iter().map(RuleModel::rule).collect(),
        }
    }
}

const PERSONS: [&str; 8] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];
const ROLES: [&str; 3] = ["r0", "r1", "r2"];
const NAMES: [&str; ACCOUNTS] = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "a8"];
const NETWORKS: [&str; 2] = ["irc", "slack"];

fn names<'a>(mask: u8, names: &'a [&'static str]) -> impl Iterator<Item = &'static str> + 'a {
    let chosen = names
        .iter()
        .enumerate()
        .filter(move |(at, _)| mask & 1 << at != 0);
    chosen.map(|(_, name)| *name)
}

pub(crate) fn account(account: usize) -> Account {
    Account {
        network: NETWORKS[account % 2].into(),
        name: NAMES[account].into(),
    }
}

pub(crate) fn place(place: usize) -> Place {
    match place.checked_sub(2) {
        Some(direct) => Place::Direct(account(direct)),
        None => Place::Room(Room {
            network: NETWORKS[place].into(),
            name: "#ops".into(),
        }),
    }
}

pub(crate) fn assurance(strength: u8) -> Assurance {
    match strength {
        0 => Assurance::Nick,
        1 => Assurance::Account,
        2 => Assurance::Device,
        _ => Assurance::Passkey,
    }
}

pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn span(seconds: i64) -> Duration {
    Duration::from_secs(seconds.unsigned_abs())
}

impl RuleModel {
    pub(crate) fn rule(&self) -> Rule {
        let seat = |seat: &SeatModel| Seat {
            count: seat.count,
            of: Who {
                anyone: false,
                roles: names(seat.roles, &ROLES).map(Into::into).collect(),
                people: names(seat.people, &PERSONS).map(Into::into).collect(),
            },
            assurance: assurance(seat.assurance),
        };
        Rule {
            name: "rule".into(),
            commands: Names::Any,
            effects: vec![],
            targets: Names::Any,
            who: Who {
                anyone: self.who.is_none(),
                roles: names(self.who.unwrap_or(0), &ROLES).map(Into::into).collect(),
                people: vec![],
            },
            rooms: Names::Any,
            assurance: Assurance::Account,
            seats: self.seats.iter().map(seat).collect(),
            times: None,
            pending: span(self.pending),
            valid: span(self.valid),
        }
    }
}

impl Asked {
    /// Its plan; the nonce makes the plans of two requests two.
    pub(crate) fn plan(&self, on: usize) -> SealedPlan {
        let late = usize::from(self.not_after > START + 1_000);
        PLANS[self.requester * 4 + late * 2 + on].clone()
    }

    pub(crate) fn origin(&self) -> Origin {
        By {
            person: self.requester,
            account: self.account,
            assurance: 1,
            place: self.account % 2,
        }
        .origin()
    }
}

impl By {
    pub(crate) fn origin(self) -> Origin {
        Origin {
            place: place(self.place),
            account: Some(account(self.account)),
            assurance: assurance(self.assurance),
            nick: String::new(),
            message: "m".into(),
        }
    }
}

/// Sealing is slow, and not what is tested here.
static PLANS: LazyLock<Vec<SealedPlan>> = LazyLock::new(|| {
    let all = (0..3).flat_map(|requester| [120, 10_000].map(|end| (requester, end)));
    all.flat_map(|(requester, end)| ["a", "b"].map(|nonce| sealed(requester, end, nonce)))
        .collect()
});

fn sealed(requester: usize, end: i64, nonce: &str) -> SealedPlan {
    let plan = Plan {
        schema: 1,
        command: "rollback".into(),
        action: "rollback".into(),
        effect: Effect::Destructive,
        target: Some("prod".into()),
        resource: None,
        also: Vec::new(),
        summary: "roll back prod".into(),
        details: vec![],
        parameters: [("release".to_owned(), "v811".into())].into(),
        fingerprint: [("release".to_owned(), "v813".into())].into(),
        requester: PERSONS[requester].into(),
        reason: None,
        policy: Digest::ZERO,
        created: time(START),
        not_after: time(START + end),
        nonce: nonce.into(),
    };
    SealedPlan::seal(&plan).unwrap()
}

/// The rooms and direct messages of a mask.
pub(crate) fn places(mask: u16) -> BTreeSet<Place> {
    (0..2 + ACCOUNTS)
        .filter(|at| mask & 1 << at != 0)
        .map(place)
        .collect()
}
