//! What the configuration tells core. The binary makes it; core only reads it.

use std::collections::BTreeMap;
use std::fmt;

use crate::command::closest;
use crate::id::TargetName;
use crate::message::Room;
use crate::person::Directory;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::text::{list, visible};
use crate::time::Duration;

/// What kind of thing a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// An app with its releases.
    App,
    /// A database with its accounts.
    Database,
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::App => "app",
            Self::Database => "database",
        })
    }
}

/// What a plan can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// What it is.
    pub kind: TargetKind,
    /// Rooms that hear of everything that changes it.
    pub rooms: Vec<Room>,
}

/// What the configuration tells core.
#[derive(Debug)]
pub struct Settings {
    /// What commands begin with in rooms: `!`.
    pub prefix: String,
    /// What the bot is called, its own name first and then its nicks on the networks; a message to one of them is a
    /// command too.
    pub names: Vec<String>,
    /// Everybody.
    pub directory: Directory,
    /// All the rules.
    pub policy: Policy,
    /// What plans can act on.
    pub targets: BTreeMap<TargetName, Target>,
    /// A command older than this is answered, not executed.
    pub stale_after: Duration,
}

impl Settings {
    /// The target with the name that was typed.
    pub fn target(&self, typed: &str) -> Result<&TargetName, Refusal> {
        self.target_of(None, typed)
    }

    /// The target of this kind, or of any, with the name that was typed.
    pub fn target_of(&self, kind: Option<TargetKind>, typed: &str) -> Result<&TargetName, Refusal> {
        let found = self.targets.get_key_value(typed);
        let words = match found {
            Some((name, target)) if kind.is_none_or(|kind| kind == target.kind) => return Ok(name),
            Some((name, target)) => format!("{name} is the name of the {}", target.kind),
            None => format!("there is no target {}", visible(typed)),
        };
        let names = self.targets_of(kind).map(TargetName::as_str);
        let near = closest(typed, names);
        let hint = match (near.first(), kind) {
            (Some(near), _) => format!("Did you mean {near}?"),
            (None, Some(kind)) if found.is_some() => {
                let names = list(self.targets_of(Some(kind)));
                format!("This takes the name of a {kind}: {names}.")
            }
            _ => format!("There are: {}.", list(self.targets_of(kind))),
        };
        Err(Refusal::new(words).hint(hint))
    }

    /// The targets of this kind, or all.
    pub fn targets_of(&self, kind: Option<TargetKind>) -> impl Iterator<Item = &TargetName> {
        let is_of = move |target: &Target| kind.is_none_or(|kind| kind == target.kind);
        let targets = self.targets.iter().filter(move |(_, target)| is_of(target));
        targets.map(|(name, _)| name)
    }
}
