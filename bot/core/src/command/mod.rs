//! Commands: declared data plus a function from an [`Ask`] to an answer, a decision or a plan.

mod ask;
mod help;
mod registry;
mod suggest;
mod tokens;
mod usage;

use async_trait::async_trait;

use crate::drop_box::BoxDraft;
use crate::plan::{Draft, Effect};
use crate::refusal::Refusal;
use crate::reply::Reply;

pub use ask::Ask;
pub use help::{decide, denied_use, explain, find, help_for, may, may_words, overview};
pub use registry::{Parsed, Registered, Registry, RegistryError};
pub use suggest::closest;
pub use tokens::{Token, TokenError, quote, split};
pub use usage::{Shape, UsageError};

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

    /// The effect of this use of it, if that is known before it runs: a read must say so to be answered as one.
    fn effect(&self, _args: &Self::Args) -> Effect {
        self.spec().effect
    }

    /// The target that policy is asked about: as it was typed, or what the command knows to be meant by that.
    fn target<'a>(&'a self, _args: &'a Self::Args) -> Option<&'a str> {
        None
    }

    /// Whether what this use of it proposes does something to the target, so that it need not be planned while somebody else
    /// has that. See [`crate::operation::Action::needs_the_target`].
    fn needs_the_target(&self, _args: &Self::Args) -> bool {
        true
    }

    /// Reads, decides or proposes. Never has an effect outside.
    async fn run(&self, ask: &Ask<'_>, args: Self::Args) -> Result<Outcome, Refusal>;
}
