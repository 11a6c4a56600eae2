//! What the owner of an access may type about it. Who may only read is told whom to ask instead.

use crate::id::{CommandPath, PersonId, TargetName};
use crate::message::{Assurance, Place, Room};
use crate::person::Person;
use crate::plan::Effect;
use crate::policy::Question;
use crate::reply::Line;
use crate::settings::Settings;
use crate::text::either;
use crate::time::Timestamp;

/// So many people are named.
const NAMES: usize = 3;

/// How somebody comes to what they want.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// They type it where they read this.
    Here,
    /// They type it in a room.
    In(Room),
    /// They ask one of these, who may.
    Ask(Vec<PersonId>),
    /// Nobody may.
    None,
}

/// What is wanted.
#[derive(Clone, Copy)]
pub(super) struct Want<'w> {
    /// What is to be typed.
    pub(super) command: &'w CommandPath,
    /// What it does.
    pub(super) effect: Effect,
    /// To which database.
    pub(super) database: &'w TargetName,
    /// Where it can be typed: in a direct message, and in these rooms.
    pub(super) rooms: &'w [Room],
    /// When.
    pub(super) now: Timestamp,
}

impl Way {
    /// Of a person who reads this in a direct message. How well they will have proven who they are is not known yet.
    pub(super) fn of(settings: &Settings, person: &Person, direct: &Place, want: Want<'_>) -> Self {
        let may = |person: &Person, place: &Place| {
            let question = Question {
                command: want.command,
                effect: Some(want.effect),
                target: Some(want.database),
                also: &[],
                person: Some(person),
                assurance: Assurance::Passkey,
                place,
                now: want.now,
            };
            settings.policy.rule(&question).is_some()
        };
        let in_room = |person: &Person, room: &Room| may(person, &Place::Room(room.clone()));
        if may(person, direct) {
            return Self::Here;
        }
        if let Some(room) = want.rooms.iter().find(|room| in_room(person, room)) {
            return Self::In(room.clone());
        }
        let others: Vec<PersonId> = settings
            .directory
            .people()
            .iter()
            .filter(|other| other.id != person.id)
            .filter(|other| may(other, direct) || want.rooms.iter().any(|room| in_room(other, room)))
            .map(|other| other.id.clone())
            .collect();
        if others.is_empty() {
            Self::None
        } else {
            Self::Ask(others)
        }
    }

    /// Goes on with `words` and what to type: what they type themselves, or what those type whom they ask.
    pub(super) fn said(self, line: Line, words: &str, prefix: &str, own: &str, others: &str) -> Line {
        match self {
            Self::Here => line.then(words).code(own),
            Self::In(room) => line
                .then(words)
                .code(format!("{prefix}{own}"))
                .then(format!(" in {}", room.name)),
            Self::Ask(people) => line
                .then(format!("{words}ask {} to type ", either(named(&people))))
                .code(format!("{prefix}{others}")),
            Self::None => line,
        }
    }
}

fn named(people: &[PersonId]) -> Vec<String> {
    let mut names: Vec<String> = people.iter().take(NAMES).map(ToString::to_string).collect();
    match people.len().saturating_sub(NAMES) {
        0 => {}
        1 => names.push("another".to_owned()),
        more => names.push(format!("{more} others")),
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Account;
    use crate::person::Directory;
    use crate::policy::{Names, Policy, Rule, Who};
    use crate::reply::plain_line;
    use crate::time::{Duration, from_millis};

    const ROOM: &str = "#treeherder";

    /// Bob, Erin and Dave deploy, Carol reads.
    fn settings(rooms: Names) -> Settings {
        let person = |name: &str| Person {
            id: name.into(),
            roles: (name != "carol").then(|| "deployer".into()).into_iter().collect(),
            accounts: Vec::new(),
        };
        Settings {
            prefix: "!".to_owned(),
            names: Vec::new(),
            directory: Directory::new(["bob", "carol", "dave", "erin"].map(person)).unwrap(),
            policy: Policy {
                forbid: Vec::new(),
                allow: vec![Rule {
                    name: "access".into(),
                    commands: Names::Of(vec!["db".to_owned()]),
                    effects: vec![Effect::Change],
                    targets: Names::Any,
                    who: Who {
                        roles: vec!["deployer".into()],
                        ..Who::default()
                    },
                    rooms,
                    assurance: Assurance::Account,
                    seats: Vec::new(),
                    times: None,
                    pending: Duration::from_mins(30),
                    valid: Duration::from_mins(10),
                }],
            },
            targets: [].into(),
            stale_after: Duration::from_mins(5),
        }
    }

    fn told(settings: &Settings, name: &str, effect: Effect) -> String {
        let room = Room {
            network: "libera".into(),
            name: ROOM.into(),
        };
        let direct = Place::Direct(Account {
            network: "libera".into(),
            name: name.into(),
        });
        let want = Want {
            command: &"db access renew".into(),
            effect,
            database: &"prod-db".into(),
            rooms: &[room],
            now: from_millis(0),
        };
        let person = settings.directory.person(&name.into()).unwrap();
        let way = Way::of(settings, person, &direct, want);
        plain_line(&way.said(
            Line::new("It ends. "),
            "Later: ",
            "!",
            "db renew x",
            "db renew x --for carol",
        ))
    }

    #[test]
    fn whoever_may_is_told_what_to_type_and_where() {
        let bob = told(&settings(Names::Any), "bob", Effect::Change);
        assert_eq!(bob, "It ends. Later: db renew x");
        let there = settings(Names::Of(vec![ROOM.to_owned()]));
        assert_eq!(
            told(&there, "bob", Effect::Change),
            "It ends. Later: !db renew x in #treeherder"
        );
    }

    #[test]
    fn whoever_may_not_is_told_whom_to_ask() {
        for rooms in [Names::Any, Names::Of(vec![ROOM.to_owned()])] {
            assert_eq!(
                told(&settings(rooms), "carol", Effect::Change),
                "It ends. Later: ask bob, dave or erin to type !db renew x --for carol"
            );
        }
        assert_eq!(
            told(&settings(Names::Any), "carol", Effect::Destructive),
            "It ends. "
        );
        assert_eq!(
            named(&["a", "b", "c", "d", "e"].map(PersonId::from)),
            ["a", "b", "c", "2 others"]
        );
    }
}
