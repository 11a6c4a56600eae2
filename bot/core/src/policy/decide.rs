//! Decides (being written).
use super::{Policy, Rule};
use crate::id::TargetName;
use crate::message::{Assurance, Place};
use crate::person::Person;
use crate::plan::Effect;
use crate::time::Timestamp;

/// What policy is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The command.
    pub command: &'a str,
    /// What it would do; unknown before a plan is made.
    pub effect: Option<Effect>,
    /// On what.
    pub target: Option<&'a TargetName>,
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

impl Policy {
    /// Decides.
    pub fn decide(&self, _question: &Question<'_>, _directory: &crate::person::Directory) -> Decision<'_> {
        Decision::Denied(Denial { words: String::new() })
    }
}
