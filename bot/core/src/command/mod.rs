//! Commands: declared data plus a function from an [`Ask`] to an answer, a decision or a plan.

mod ask;
mod help;
mod may;
mod path;
mod registry;
mod shape;
mod suggest;
mod tokens;
mod usage;

use async_trait::async_trait;

use crate::drop_box::BoxDraft;
use crate::id::CommandPath;
use crate::plan::{Draft, Effect};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::settings::TargetKind;

pub use ask::Ask;
pub use help::{find, find_part, help_for, overview};
pub(crate) use may::decide_draft;
pub use may::{decide, denied_use, explain, told};
pub use registry::{Parsed, Registered, Registry, RegistryError};
pub use shape::{Part, Shape, paths};
pub use suggest::closest;
pub use tokens::{Token, TokenError, quote, split};
pub use usage::UsageError;

/// What a command declares about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// What people type.
    pub name: &'static str,
    /// Other things they may type for it.
    pub aliases: &'static [&'static str],
    /// The most that it does to the world; the plan carries its own.
    pub effect: Effect,
    /// Command lines that show how it is used, without prefix.
    pub examples: &'static [&'static str],
    /// Whether a hold on the target stops it: it ships code.
    pub stopped_by_hold: bool,
}

/// What a command came to.
#[derive(Debug)]
pub enum Outcome {
    /// It read something.
    Reply(Reply),
    /// It decided something through [`Ask::desk`]; the answer is in the outbox, put there by the same transaction.
    Said,
    /// It wants something dropped first: its command line is run again once that is there.
    Box(BoxDraft),
    /// It proposes something.
    Plan(Box<Draft>),
}

/// A command. `Args` is a clap derive struct: its doc comments are the help.
#[async_trait]
pub trait Command: Send + Sync + 'static {
    /// The arguments.
    type Args: clap::Args + Send;

    /// What it declares about itself.
    fn spec(&self) -> Spec;

    /// What kind of target it takes; any if nothing is said.
    fn takes(&self) -> Option<TargetKind> {
        None
    }

    /// The effects that the uses of a subcommand can have, where its examples don't show them all.
    fn effects(&self, _subcommand: &CommandPath) -> &'static [Effect] {
        &[]
    }

    /// Whether what a subcommand (or a command without any) proposes does something to the target. What only writes our own
    /// records down does not: it waits for nothing that goes on there and for nobody's lock, and keeps nobody else waiting.
    fn needs_the_target(&self, _path: &CommandPath) -> bool {
        true
    }

    /// The word of the subcommand that this use comes to, where it is not the first that was typed.
    fn subcommand(&self, _args: &Self::Args) -> Option<&'static str> {
        None
    }

    /// The effect of this use of it, if that is known before it runs: a read must say so to be answered as one.
    fn effect(&self, _args: &Self::Args) -> Effect {
        self.spec().effect
    }

    /// The target that policy is asked about: as it was typed, or what the command knows to be meant by that.
    fn target<'a>(&'a self, _args: &'a Self::Args) -> Option<&'a str> {
        None
    }

    /// Reads, decides or proposes. Never has an effect outside.
    async fn run(&self, ask: &Ask<'_>, args: Self::Args) -> Result<Outcome, Refusal>;
}
