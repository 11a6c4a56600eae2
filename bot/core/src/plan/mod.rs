//! Plans: what will be done, as plain data. What is shown, what is signed and what runs is this one value.

mod card;
mod sealed;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::id::{CommandPath, PersonId, TargetName};
use crate::time::Timestamp;

pub use card::{Whole, card, whole};
pub use sealed::{PlanError, SealedPlan};

/// The version of [`Plan`]'s shape. Stored plans of older versions must still load.
pub const SCHEMA: u32 = 1;

/// What a command does to the world. The order is the severity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing.
    Read,
    /// One audited transaction in our own store: a vote, a lock.
    Decide,
    /// Something outside that can be undone.
    Change,
    /// Something outside that can't.
    Destructive,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Decide => "decide",
            Self::Change => "change",
            Self::Destructive => "destructive",
        })
    }
}

/// Facts about a target that a plan relies on, by name: `release` → `v813`. Together they are its fingerprint.
pub type Facts = BTreeMap<String, Value>;

/// A labelled group of lines on the card of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// One word: `code`, `config`, `then`.
    pub label: String,
    /// What people read; strangers' text in it is shown as it is, made visible.
    pub lines: Vec<String>,
}

/// What a command proposes. The dispatcher makes it a [`Plan`] by adding who asked, under which policy, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The command whose rule applies, if it is not the one that was typed: `op … retry` is under the original's.
    pub command: Option<CommandPath>,
    /// The action that executes it, by name.
    pub action: String,
    /// What it does to the world.
    pub effect: Effect,
    /// The target by the name that people type.
    pub target: Option<TargetName>,
    /// The target's immutable id with its provider.
    pub resource: Option<String>,
    /// What it changes besides the target: policy is asked about all of them, and nothing else goes on on any.
    pub also: Vec<TargetName>,
    /// What will be done, for "… asks to {summary}".
    pub summary: String,
    /// The rest of what people read before they sign.
    pub details: Vec<Detail>,
    /// Every parameter, resolved to its final value.
    pub parameters: BTreeMap<String, Value>,
    /// The facts that it relies on.
    pub fingerprint: Facts,
    /// Why, in the requester's words.
    pub reason: Option<String>,
}

/// What will be done, exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The version of this shape.
    pub schema: u32,
    /// The command whose rule applies, or its subcommand: `db access revoke`. Plans of older versions name the command alone.
    pub command: CommandPath,
    /// The action that executes it, by name.
    pub action: String,
    /// What it does to the world.
    pub effect: Effect,
    /// The target by the name that people type.
    pub target: Option<TargetName>,
    /// The target's immutable id with its provider.
    pub resource: Option<String>,
    /// What it changes besides the target. Plans of older versions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<TargetName>,
    /// What will be done, for "… asks to {summary}".
    pub summary: String,
    /// The rest of what people read before they sign.
    pub details: Vec<Detail>,
    /// Every parameter, resolved to its final value.
    pub parameters: BTreeMap<String, Value>,
    /// The facts that it relies on; read again before the first effect.
    pub fingerprint: Facts,
    /// Who asked.
    pub requester: PersonId,
    /// Why, in the requester's words.
    pub reason: Option<String>,
    /// The digest of the rule that it was planned under.
    pub policy: Digest,
    /// When it was made.
    pub created: Timestamp,
    /// It never begins at or after this.
    pub not_after: Timestamp,
    /// Makes two plans for the same thing two plans.
    pub nonce: String,
}

impl Plan {
    /// All that it changes, the target first.
    pub fn targets(&self) -> impl Iterator<Item = &TargetName> {
        self.target.iter().chain(&self.also)
    }

    /// A parameter that the action put in itself, as the type it put in.
    pub fn parameter<T: for<'de> Deserialize<'de>>(&self, name: &str) -> Result<T, PlanError> {
        let value = self
            .parameters
            .get(name)
            .ok_or_else(|| PlanError::Missing(name.to_owned()))?;
        T::deserialize(value).map_err(|source| PlanError::Parameter {
            name: name.to_owned(),
            source,
        })
    }
}
