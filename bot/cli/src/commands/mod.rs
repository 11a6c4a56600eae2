//! The subcommands, one file each.

mod audit;
mod backup;
mod check;
mod completions;
mod config;
mod do_;
mod redeem;
mod sandbox;
mod sealing_key;

use std::fmt;
use std::sync::Arc;

use countersign_core::secret::Scrubber;

use crate::args::Command;
use crate::clock::SpeedClock;
use crate::{demo, serve};

pub use self::check::Failed;
pub use self::do_::Refused;

/// The environment, as it is now: the value of a variable.
pub type Environment = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What the process has for every subcommand.
#[derive(Clone)]
pub struct Surroundings {
    /// What must never be said or logged.
    pub scrubber: Arc<Scrubber>,
    /// The environment, for secrets that the configuration says are there.
    pub environment: Environment,
    /// How time passes for the bot: as it does, but for tests, which are in a hurry.
    pub time: Arc<SpeedClock>,
}

/// Runs a subcommand to its end.
pub async fn run(command: Command, surroundings: Surroundings) -> anyhow::Result<()> {
    match command {
        // All of the bot is in these: too large for the stack.
        Command::Serve(args) => Box::pin(serve::run(&args, surroundings, |store| store)).await,
        Command::Demo(args) => Box::pin(demo::run(args, surroundings.scrubber)).await,
        Command::Check(args) => Box::pin(check::run(&args, surroundings)).await,
        Command::Do(args) => do_::run(&args).await,
        Command::Redeem(args) => redeem::run(&args).await,
        Command::SealingKey { to } => sealing_key::run(&to),
        Command::Backup(args) => backup::run(&args).await,
        Command::Sandbox(args) => sandbox::run(&args).await,
        Command::Audit(args) => audit::run(&args, &*surroundings.environment).await,
        Command::Config(args) => config::run(&args),
        Command::Completions { shell } => completions::run(shell),
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surroundings")
            .field("scrubber", &self.scrubber)
            .finish_non_exhaustive()
    }
}
