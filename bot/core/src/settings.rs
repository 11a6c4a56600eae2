//! What the configuration tells core. The binary makes it; core only reads it.

use std::collections::BTreeMap;

use crate::command::closest;
use crate::id::TargetName;
use crate::message::Room;
use crate::person::Directory;
use crate::policy::Policy;
use crate::refusal::Refusal;
use crate::text::{list, visible};
use crate::time::Duration;

/// What a plan can act on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
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
        if let Some((name, _)) = self.targets.get_key_value(typed) {
            return Ok(name);
        }
        let names = self.targets.keys().map(TargetName::as_str);
        let hint = match closest(typed, names.clone()).first() {
            Some(near) => format!("Did you mean {near}?"),
            None => format!("There are: {}.", list(names)),
        };
        Err(Refusal::new(format!("there is no target {}", visible(typed))).hint(hint))
    }
}
