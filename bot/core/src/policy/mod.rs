//! Who may do what to which target, where, and whose signatures it needs. Deny by default; rules that forbid come
//! first; among the others the first that matches decides, whether or not a later one is more exact.

mod check;
mod decide;
mod denial;
mod times;
pub mod words;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::id::{CommandPath, PersonId, RoleName, RuleName};
use crate::message::Assurance;
use crate::person::Person;
use crate::plan::Effect;
use crate::time::Duration;

pub use check::Finding;
pub use decide::{Decision, Denial, Question};
pub use times::{Times, TimesError};

/// Names that a rule is about: all of them, or those listed. `#ops-*` matches by prefix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// Every name.
    Any,
    /// One of these.
    Of(Vec<String>),
}

/// Whom a rule or a seat is for: the union of roles and people.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Everybody, also those whom the bot does not know.
    pub anyone: bool,
    /// Holders of one of these roles.
    pub roles: Vec<RoleName>,
    /// These people.
    pub people: Vec<PersonId>,
}

/// Signatures that a plan needs: `count` different people out of `of`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// How many.
    pub count: u8,
    /// Of whom.
    pub of: Who,
    /// How strongly they must prove who they are.
    pub assurance: Assurance,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// What explanations call it.
    pub name: RuleName,
    /// The commands that it is about: `deploy`, `db` with all its subcommands, `db access revoke` alone.
    pub commands: Names,
    /// The effects that it is about; all if none is listed.
    pub effects: Vec<Effect>,
    /// The targets that it is about. A rule that lists targets is not about commands without one.
    pub targets: Names,
    /// Whom it is for.
    pub who: Who,
    /// Where: rooms (`#ops` on any network, `libera/#ops` on that one), and `direct` for direct messages.
    pub rooms: Names,
    /// How strongly they must prove who they are.
    pub assurance: Assurance,
    /// The signatures it needs; none means that asking is enough.
    pub seats: Vec<Seat>,
    /// When; always if absent.
    pub times: Option<Times>,
    /// How long a request waits for signatures.
    pub pending: Duration,
    /// How long it may begin after the last signature.
    pub valid: Duration,
}

/// All the rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Rules that forbid; they come first.
    pub forbid: Vec<Rule>,
    /// Rules that allow; the first that matches decides.
    pub allow: Vec<Rule>,
}

impl Rule {
    /// What plans record of the rule that they were made under.
    pub fn digest(&self) -> Digest {
        // A rule is text, numbers and lists: it always has an encoding. Plans only record this digest; whether a
        // plan still may run is decided by the rule in force.
        Digest::of(crate::digest::canonical(self).unwrap_or_default().as_bytes())
    }
}

impl Names {
    /// Whether the name is among them.
    pub fn include(&self, name: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Of(listed) => listed.iter().any(|listed| matches(listed, name)),
        }
    }
}

impl Names {
    /// Whether the command or subcommand is among them, or what it is below.
    pub fn include_command(&self, path: &CommandPath) -> bool {
        match self {
            Self::Any => true,
            Self::Of(listed) => listed.iter().any(|listed| path.is_among(listed)),
        }
    }
}

/// Whether a name is the listed one; `*` at the end of that stands for any rest.
fn matches(listed: &str, name: &str) -> bool {
    match listed.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => listed == name,
    }
}

impl Who {
    /// Whether they are among them; `None` is somebody whom the bot does not know.
    pub fn includes(&self, person: Option<&Person>) -> bool {
        let named = |person: &Person| {
            self.roles.iter().any(|role| person.roles.contains(role)) || self.people.contains(&person.id)
        };
        self.anyone || person.is_some_and(named)
    }
}
