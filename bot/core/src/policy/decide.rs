//! Decides. This runs for every command line and, for help, for every command: until something is denied it
//! allocates nothing.

use super::{Names, Policy, Rule, matches};
use crate::id::{CommandPath, TargetName};
use crate::message::{Assurance, Place, Room};
use crate::person::{Directory, Person};
use crate::plan::Effect;
use crate::time::Timestamp;

/// What rules call direct messages.
pub(super) const DIRECT: &str = "direct";

/// What policy is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The command, or its subcommand.
    pub command: &'a CommandPath,
    /// What it would do. Unknown before a plan is made: then rules that allow any change are about it, and rules that
    /// forbid listed effects wait; who has the plan asks again.
    pub effect: Option<Effect>,
    /// On what.
    pub target: Option<&'a TargetName>,
    /// What it changes as well. One rule has to allow it on all of them, because two may ask for different signatures, and
    /// what is forbidden on one is forbidden.
    pub also: &'a [TargetName],
    /// Who asks, if the bot knows them.
    pub person: Option<&'a Person>,
    /// How strongly that is known.
    pub assurance: Assurance,
    /// Where.
    pub place: &'a Place,
    /// When.
    pub now: Timestamp,
}

/// What policy says.
#[derive(Clone, Debug)]
pub enum Decision<'p> {
    /// This rule allows it, with its seats.
    Allowed(&'p Rule),
    /// It may not be.
    Denied(Denial),
}

/// Why it may not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// A sentence without its full stop: "it needs the role deployer (alice, bob have it)".
    pub words: String,
}

impl<'p> Decision<'p> {
    /// The rule that allows it.
    pub fn rule(&self) -> Option<&'p Rule> {
        match self {
            Self::Allowed(rule) => Some(rule),
            Self::Denied(_) => None,
        }
    }
}

impl Policy {
    /// Decides, and explains a denial.
    pub fn decide(&self, question: &Question<'_>, directory: &Directory) -> Decision<'_> {
        match self.rule(question) {
            Some(rule) => Decision::Allowed(rule),
            None => Decision::Denied(self.denial(question, directory)),
        }
    }

    /// The rule that allows it, if one does and none forbids it.
    pub fn rule(&self, question: &Question<'_>) -> Option<&Rule> {
        if self.forbidding(question).is_some() {
            return None;
        }
        self.allow.iter().find(|rule| rule.allows(question))
    }

    /// The first rule that forbids it.
    pub(super) fn forbidding(&self, question: &Question<'_>) -> Option<&Rule> {
        self.forbid.iter().find(|rule| rule.forbids(question))
    }
}

impl Rule {
    fn allows(&self, question: &Question<'_>) -> bool {
        self.commands.include_command(question.command)
            && self.is_about_effect(question)
            && self.is_about_target(question)
            && self.is_about_all_others(question)
            && self.assurance <= question.assurance
            && self.who.includes(question.person)
            && self.is_about_place(question)
            && self.holds_at(question.now)
    }

    /// A rule that forbids does so however well the person has proven who they are.
    fn forbids(&self, question: &Question<'_>) -> bool {
        let effect = match question.effect {
            Some(effect) => self.effects.is_empty() || self.effects.contains(&effect),
            None => self.effects.is_empty(),
        };
        effect
            && self.may_be_about_command(question)
            && (self.is_about_target(question)
                || question
                    .also
                    .iter()
                    .any(|also| self.targets.include(also.as_str())))
            && self.who.includes(question.person)
            && self.is_about_place(question)
            && self.holds_at(question.now)
    }

    /// A plan of an older version names the command alone: what forbids one of its subcommands may be about it.
    fn may_be_about_command(&self, question: &Question<'_>) -> bool {
        let path = question.command;
        self.commands.include_command(path)
            || question.effect >= Some(Effect::Change)
                && matches!(&self.commands, Names::Of(listed) if listed.iter().any(|listed| path.is_above(listed)))
    }

    pub(super) fn is_about_effect(&self, question: &Question<'_>) -> bool {
        let among = |effect: &Effect| match question.effect {
            Some(asked) => asked == *effect,
            // What is not known yet is the effect of a plan: a rule that is only about reading is not about it.
            None => *effect >= Effect::Change,
        };
        self.effects.is_empty() || self.effects.iter().any(among)
    }

    pub(super) fn is_about_target(&self, question: &Question<'_>) -> bool {
        match question.target {
            Some(target) => self.targets.include(target.as_str()),
            None => self.targets == Names::Any,
        }
    }

    pub(super) fn is_about_all_others(&self, question: &Question<'_>) -> bool {
        question
            .also
            .iter()
            .all(|also| self.targets.include(also.as_str()))
    }

    pub(super) fn is_about_place(&self, question: &Question<'_>) -> bool {
        match (&self.rooms, question.place) {
            (Names::Any, _) => true,
            (Names::Of(listed), Place::Room(room)) => listed.iter().any(|listed| includes(listed, room)),
            (rooms @ Names::Of(_), Place::Direct(_) | Place::Nick { .. }) => rooms.include(DIRECT),
        }
    }

    pub(super) fn holds_at(&self, now: Timestamp) -> bool {
        self.times.as_ref().is_none_or(|times| times.include(now))
    }
}

/// Whether a room is the one that is listed: `#ops` on any network, `libera/#ops` on that one only, because #ops of one
/// network is not #ops of another.
fn includes(listed: &str, room: &Room) -> bool {
    match listed.split_once('/') {
        // A room's own name begins with # and may have a / in it.
        Some((network, name)) if !listed.starts_with('#') => {
            network == room.network.as_str() && matches(name, room.name.as_str())
        }
        _ => matches(listed, room.name.as_str()),
    }
}
