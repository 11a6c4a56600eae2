//! Denials in words: the rule that forbids it, or else the rule that comes nearest to allowing it and what is missing.

use super::words::{place, who_may};
use super::{Denial, Names, Policy, Question, Rule};
use crate::message::Assurance;
use crate::person::Directory;
use crate::text::{either, join};

/// What is missing for a rule to allow something, in the order of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Miss {
    Target,
    Others,
    Effect,
    Who,
    Stranger,
    Assurance,
    Place,
    Time,
}

impl Miss {
    /// A rule about something else is further away than a rule for somebody else.
    fn distance(self) -> usize {
        match self {
            Self::Target | Self::Others | Self::Effect => 10,
            _ => 1,
        }
    }
}

impl Policy {
    pub(super) fn denial(&self, question: &Question<'_>, directory: &Directory) -> Denial {
        if let Some(rule) = self.forbidding(question) {
            let when = rule
                .times
                .as_ref()
                .map_or(String::new(), |times| format!(" ({times})"));
            let words = format!("it is forbidden by the rule \"{}\"{when}", rule.name);
            return Denial { words };
        }
        let about = self
            .allow
            .iter()
            .filter(|rule| rule.commands.include_command(question.command));
        let nearest = about.min_by_key(|rule| rule.distance(question));
        let words = match nearest {
            None => format!("nobody may: no rule allows {}", question.command),
            Some(rule) => {
                let misses = rule.misses(question);
                join(
                    misses.map(|miss| Self::missing(rule, miss, question, directory)),
                    ", and ",
                )
            }
        };
        Denial { words }
    }

    fn missing(rule: &Rule, miss: Miss, question: &Question<'_>, directory: &Directory) -> String {
        match miss {
            Miss::Target => format!("it is allowed only on {}", listed(&rule.targets, str::to_owned)),
            Miss::Others => {
                let all = join(question.target.into_iter().chain(question.also), " and ");
                format!("it changes {all}, and no one rule allows it on all of them")
            }
            Miss::Effect => {
                let does = match question.effect {
                    Some(effect) => format!("when its effect is {effect}"),
                    None => "to change anything".to_owned(),
                };
                format!(
                    "no rule allows {} {does}, only {}",
                    question.command,
                    either(&rule.effects)
                )
            }
            Miss::Who => who_may(&rule.who, directory),
            Miss::Stranger if question.assurance < Assurance::Account => {
                "your nick is not logged in: that needs an account".to_owned()
            }
            Miss::Stranger => {
                "I don't know whose account yours is; whoever runs the bot adds it to your name".to_owned()
            }
            Miss::Assurance => match rule.assurance {
                Assurance::Nick | Assurance::Account => "you have to log in to your account",
                Assurance::Device => "it has to come in an encrypted message from a verified device",
                Assurance::Passkey => "it needs your passkey",
            }
            .to_owned(),
            Miss::Place => format!("only in {}", listed(&rule.rooms, place)),
            Miss::Time => match &rule.times {
                Some(times) => format!("now is outside {times}"),
                None => String::new(),
            },
        }
    }
}

fn listed(names: &Names, word: fn(&str) -> String) -> String {
    match names {
        Names::Any => "anything".to_owned(),
        Names::Of(names) => either(names.iter().map(|name| word(name))),
    }
}

impl Rule {
    /// A rule that names the command is nearer than one about all of them.
    fn distance(&self, question: &Question<'_>) -> usize {
        let names = |name: &String| !name.ends_with('*') && question.command.is_among(name);
        let named = matches!(&self.commands, Names::Of(names_of) if names_of.iter().any(names));
        let misses: usize = self.misses(question).map(Miss::distance).sum();
        misses + if named { 0 } else { 5 }
    }

    fn misses(&self, question: &Question<'_>) -> impl Iterator<Item = Miss> + use<> {
        let (stranger, who) = (question.person.is_none(), self.who.includes(question.person));
        let proven = self.assurance <= question.assurance;
        let checks = [
            (Miss::Target, self.is_about_target(question)),
            (Miss::Others, self.is_about_all_others(question)),
            (Miss::Effect, self.is_about_effect(question)),
            (Miss::Who, who),
            (Miss::Stranger, !stranger || who && proven),
            (Miss::Assurance, stranger || proven),
            (Miss::Place, self.is_about_place(question)),
            (Miss::Time, self.holds_at(question.now)),
        ];
        checks
            .into_iter()
            .filter(|(_, is_met)| !is_met)
            .map(|(miss, _)| miss)
    }
}
