//! What is wrong with a policy, said before it is in force.

use std::collections::BTreeSet;

use super::{Names, Policy, Rule, Who};
use crate::approval::{Voter, filled};
use crate::id::{RoleName, RuleName};
use crate::message::Assurance;
use crate::person::{Directory, Person};
use crate::text::list;

/// Something wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: RuleName,
    /// Whether the policy must not be used like this; otherwise it is a warning.
    pub is_error: bool,
    /// What is wrong, after the rule's name: "names the person mallory, whom nobody knows".
    pub words: String,
}

impl Policy {
    /// Checks all rules against the directory.
    pub fn check(&self, directory: &Directory) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut seen = BTreeSet::new();
        for rule in self.forbid.iter().chain(&self.allow) {
            let mut find = |is_error, words| {
                findings.push(Finding {
                    rule: rule.name.clone(),
                    is_error,
                    words,
                });
            };
            if !seen.insert(&rule.name) {
                find(
                    true,
                    "has the name of another rule; explanations could not tell them apart".to_owned(),
                );
            }
            rule.check_names(directory, &mut find);
        }
        for rule in &self.forbid {
            if !rule.seats.is_empty() || rule.assurance != Assurance::Nick {
                findings.push(Finding {
                    rule: rule.name.clone(),
                    is_error: true,
                    words: "forbids, so seats and assurance mean nothing in it; take them out".to_owned(),
                });
            }
        }
        for rule in &self.allow {
            findings.extend(rule.check_seats(directory));
        }
        findings
    }
}

impl Rule {
    fn check_names(&self, directory: &Directory, find: &mut impl FnMut(bool, String)) {
        let roles: BTreeSet<&RoleName> = directory
            .people()
            .iter()
            .flat_map(|person| &person.roles)
            .collect();
        for who in std::iter::once(&self.who).chain(self.seats.iter().map(|seat| &seat.of)) {
            for person in who
                .people
                .iter()
                .filter(|person| directory.person(person).is_none())
            {
                find(true, format!("names the person {person}, whom nobody knows"));
            }
            for role in who.roles.iter().filter(|role| !roles.contains(role)) {
                find(true, format!("names the role {role}, which nobody has"));
            }
        }
        if self.who == Who::default() {
            find(false, "is for nobody: it names no role and no person".to_owned());
        }
        for (what, names) in [
            ("command", &self.commands),
            ("target", &self.targets),
            ("room", &self.rooms),
        ] {
            if matches!(names, Names::Of(names) if names.is_empty()) {
                find(false, format!("never matches: its list of {what}s is empty"));
            }
        }
    }

    /// People who may ask under this rule, but for whom not enough others could sign.
    fn check_seats(&self, directory: &Directory) -> Option<Finding> {
        if self.seats.is_empty() {
            return None;
        }
        let finding = |is_error, words| {
            let rule = self.name.clone();
            Some(Finding {
                rule,
                is_error,
                words,
            })
        };
        if self.seats.iter().any(|seat| seat.count == 0) {
            return finding(
                true,
                "has a seat for 0 people; take it out or say how many".to_owned(),
            );
        }
        let people = || directory.people().iter().map(|person| &**person);
        let askers: Vec<&Person> = people()
            .filter(|person| self.who.includes(Some(person)))
            .collect();
        let stuck: Vec<&&Person> = askers
            .iter()
            .filter(|asker| !self.could_be_signed(asker, directory))
            .collect();
        if stuck.is_empty() {
            return None;
        }
        if stuck.len() == askers.len() {
            let words = "could never be used: not enough people could fill its seats besides who asks";
            return finding(true, words.to_owned());
        }
        let stuck = list(stuck.iter().map(|person| &person.id));
        finding(
            false,
            format!("is of no use to {stuck}: not enough others could fill its seats"),
        )
    }

    fn could_be_signed(&self, asker: &Person, directory: &Directory) -> bool {
        let others = directory.people().iter().filter(|person| person.id != asker.id);
        let voters: Vec<Voter<'_>> = others
            .map(|person| Voter {
                person,
                assurance: Assurance::Passkey,
            })
            .collect();
        filled(&self.seats, &voters)
    }
}
