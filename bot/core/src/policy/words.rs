//! Rules and seats in words, for `can`, `why`, cards and refusals.

use super::decide::DIRECT;
use super::{Decision, Policy, Question, Rule, Seat, Who};
use crate::id::PersonId;
use crate::message::{Assurance, Place};
use crate::person::{Directory, Person};
use crate::plan::Effect;
use crate::text::{count, either, join, list, span};

/// So many names are said; the others are counted.
const NAMES: usize = 6;

/// What the seats want, of everybody but the requester: "1 signature of bob or erin".
pub fn seats(seats: &[Seat], directory: &Directory, except: &PersonId) -> String {
    signatures(seats, directory, |person| person.id == *except)
}

/// Who could sign for any of the seats, in the order of the directory.
pub fn could_sign(seats: &[Seat], directory: &Directory, except: &PersonId) -> Vec<PersonId> {
    let people = directory.people().iter().filter(|person| person.id != *except);
    let could = people.filter(|person| seats.iter().any(|seat| seat.of.includes(Some(person))));
    could.map(|person| person.id.clone()).collect()
}

/// What the seats want, of everybody but these.
pub fn signatures(seats: &[Seat], directory: &Directory, except: impl Fn(&Person) -> bool) -> String {
    if seats.is_empty() {
        return "no signature".to_owned();
    }
    let one = |seat: &Seat| {
        let people = directory.people().iter().map(|person| &**person);
        let could: Vec<&Person> = people
            .filter(|person| seat.of.includes(Some(person)) && !except(person))
            .collect();
        let signatures = count(usize::from(seat.count), "signature");
        format!(
            "{signatures} of {}{}",
            either(names(&could)),
            proof(seat.assurance)
        )
    };
    join(seats.iter().map(one), " and ")
}

/// How a signature has to be given, if an account is not enough.
fn proof(assurance: Assurance) -> &'static str {
    match assurance {
        Assurance::Nick | Assurance::Account => "",
        Assurance::Device => " (from a verified device)",
        Assurance::Passkey => " (with a passkey)",
    }
}

/// Their names, or the first of them and how many others.
pub(super) fn names(people: &[&Person]) -> Vec<String> {
    let said = if people.len() > NAMES {
        NAMES - 1
    } else {
        people.len()
    };
    let mut names: Vec<String> = people[..said]
        .iter()
        .map(|person| person.id.to_string())
        .collect();
    if said < people.len() {
        names.push(format!("{} others", people.len() - said));
    }
    names
}

/// Whom it takes: "it needs the role deployer (alice, bob have it)".
pub(super) fn who_may(who: &Who, directory: &Directory) -> String {
    if who.anyone {
        return "anybody may".to_owned();
    }
    let people = either(&who.people);
    if who.roles.is_empty() {
        return format!("only {people} may");
    }
    let everybody = directory.people().iter().map(|person| &**person);
    let holders: Vec<&Person> = everybody
        .filter(|person| who.roles.iter().any(|role| person.roles.contains(role)))
        .collect();
    let have = match holders.len() {
        0 => "nobody has it".to_owned(),
        1 => format!("{} has it", list(names(&holders))),
        _ => format!("{} have it", list(names(&holders))),
    };
    let or = if who.people.is_empty() {
        String::new()
    } else {
        format!(", or to be {people}")
    };
    format!("it needs the role {} ({have}){or}", either(&who.roles))
}

/// A room of a rule: "#treeherder", "a direct message".
pub(super) fn place(room: &str) -> String {
    if room == DIRECT {
        "a direct message".to_owned()
    } else {
        room.to_owned()
    }
}

impl Policy {
    /// What the person may do, in words, naming the rule. If the effect is not known, one line for each answer that
    /// depends on it.
    pub fn explain(&self, question: &Question<'_>, directory: &Directory) -> Vec<String> {
        let answer = |effect| {
            let question = Question { effect, ..*question };
            self.answer(&question, directory)
        };
        let (change, destroy) = (answer(Some(Effect::Change)), answer(Some(Effect::Destructive)));
        if question.effect.is_some() || change == destroy {
            return vec![answer(question.effect)];
        }
        vec![
            format!("if it can be undone: {change}"),
            format!("if it can't be undone: {destroy}"),
        ]
    }

    fn answer(&self, question: &Question<'_>, directory: &Directory) -> String {
        let rule = match self.decide(question, directory) {
            Decision::Denied(denial) => return format!("you may not: {}", denial.words),
            Decision::Allowed(rule) => rule,
        };
        let here = match question.place {
            Place::Room(room) => room.name.as_str(),
            Place::Direct(_) | Place::Nick { .. } => DIRECT,
        };
        let requester = |person: &Person| question.person.is_some_and(|asks| asks.id == person.id);
        let signed = rule.signed(directory, requester);
        format!(
            "you may, in {}: the rule \"{}\" allows it {signed}",
            place(here),
            rule.name
        )
    }
}

impl Rule {
    fn signed(&self, directory: &Directory, except: impl Fn(&Person) -> bool) -> String {
        if self.seats.is_empty() {
            return "without a signature".to_owned();
        }
        let signatures = signatures(&self.seats, directory, except);
        format!("with {signatures}; valid {}", span(self.valid))
    }
}
