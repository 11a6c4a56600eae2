//! A team and its policy, and how to ask it.

use std::collections::BTreeSet;

use countersign_core::id::{CommandPath, TargetName};
use countersign_core::message::{Account, Assurance, Place, Room};
use countersign_core::person::{Directory, Person};
use countersign_core::plan::Effect;
use countersign_core::policy::{Names, Policy, Question, Rule, Seat, Who};
use countersign_core::time::{Duration, Timestamp};

pub(crate) fn account(name: &str) -> Account {
    Account {
        network: "irc".into(),
        name: name.into(),
    }
}

pub(crate) fn person(name: &str, roles: &[&str]) -> Person {
    Person {
        id: name.into(),
        roles: roles.iter().copied().map(Into::into).collect::<BTreeSet<_>>(),
        accounts: vec![account(name)],
    }
}

pub(crate) fn team() -> Directory {
    let people = [
        person("alice", &["deployer", "admin"]),
        person("bob", &["deployer"]),
        person("carol", &["intern"]),
        person("dave", &[]),
        person("erin", &["admin"]),
    ];
    Directory::new(people).unwrap()
}

pub(crate) fn of(names: &[&str]) -> Names {
    Names::Of(names.iter().map(ToString::to_string).collect())
}

pub(crate) fn roles(roles: &[&str]) -> Who {
    Who {
        roles: roles.iter().copied().map(Into::into).collect(),
        ..Who::default()
    }
}

pub(crate) fn people(people: &[&str]) -> Who {
    Who {
        people: people.iter().copied().map(Into::into).collect(),
        ..Who::default()
    }
}

pub(crate) fn seat(count: u8, of: Who) -> Seat {
    Seat {
        count,
        of,
        assurance: Assurance::Account,
    }
}

pub(crate) fn rule(name: &str, commands: &[&str]) -> Rule {
    Rule {
        name: name.into(),
        commands: of(commands),
        effects: vec![],
        targets: Names::Any,
        who: Who {
            anyone: true,
            ..Who::default()
        },
        rooms: Names::Any,
        assurance: Assurance::Nick,
        seats: vec![],
        times: None,
        pending: Duration::from_hours(1),
        valid: Duration::from_mins(30),
    }
}

pub(crate) fn team_policy() -> Policy {
    let everybody_reads = Rule {
        effects: vec![Effect::Read],
        ..rule("everybody reads", &["*"])
    };
    let deploys = Rule {
        targets: of(&["stage", "proto*"]),
        who: roles(&["deployer"]),
        rooms: of(&["#treeherder", "direct"]),
        assurance: Assurance::Account,
        ..rule("deployers deploy", &["deploy"])
    };
    let rollback = Rule {
        targets: of(&["prod"]),
        who: roles(&["deployer"]),
        assurance: Assurance::Account,
        seats: vec![seat(1, people(&["bob", "erin"]))],
        ..rule("prod is rolled back by two", &["rollback"])
    };
    let office = Rule {
        targets: of(&["prod"]),
        who: roles(&["deployer"]),
        rooms: of(&["#treeherder"]),
        assurance: Assurance::Account,
        times: Some("Mon-Fri 09:00-17:00 Europe/Berlin".parse().unwrap()),
        ..rule("prod in office hours", &["deploy"])
    };
    let links = Rule {
        who: people(&["alice", "bob"]),
        ..rule("who links accounts", &["link"])
    };
    let interns = Rule {
        who: roles(&["intern"]),
        ..rule("no deploys by interns", &["deploy"])
    };
    Policy {
        forbid: vec![interns],
        allow: vec![everybody_reads, deploys, rollback, office, links],
    }
}

/// A Tuesday, 12:00 in Berlin.
pub(crate) const NOON: &str = "2026-03-10T11:00:00Z";

pub(crate) struct Asked<'a> {
    pub(crate) who: &'a str,
    pub(crate) line: &'a str,
    pub(crate) place: &'a str,
    pub(crate) assurance: Assurance,
    pub(crate) effect: Option<Effect>,
    pub(crate) at: &'a str,
}

/// Said in #treeherder with an account, at noon on a Tuesday.
pub(crate) fn asked<'a>(who: &'a str, line: &'a str) -> Asked<'a> {
    Asked {
        who,
        line,
        place: "#treeherder",
        assurance: Assurance::Account,
        effect: Some(Effect::Change),
        at: NOON,
    }
}

pub(crate) fn answer<T>(asked: &Asked<'_>, ask: impl FnOnce(&Question<'_>, &Directory) -> T) -> T {
    let directory = team();
    let place = if asked.place == "direct" {
        Place::Direct(account(asked.who))
    } else {
        Place::Room(Room {
            network: "irc".into(),
            name: asked.place.into(),
        })
    };
    let mut words = asked.line.split(' ');
    let command = CommandPath::from(words.next().unwrap());
    let target = words.next().map(TargetName::from);
    let question = Question {
        command: &command,
        effect: asked.effect,
        target: target.as_ref(),
        also: &[],
        person: directory.person(&asked.who.into()).map(|person| &**person),
        assurance: asked.assurance,
        place: &place,
        now: asked.at.parse::<Timestamp>().unwrap(),
    };
    ask(&question, &directory)
}
