//! The subcommands, one file each.

mod audit;
mod completions;
mod config;
mod sandbox;

use std::sync::Arc;

use countersign_core::secret::Scrubber;

use crate::args::Command;
use crate::demo;

/// Runs a subcommand to its end.
pub async fn run(command: Command, scrubber: Arc<Scrubber>) -> anyhow::Result<()> {
    match command {
        // All of the bot is in it: too large for the stack.
        Command::Demo(args) => Box::pin(demo::run(args, scrubber)).await,
        Command::Sandbox(args) => sandbox::run(&args).await,
        Command::Audit(args) => audit::run(&args).await,
        Command::Config(args) => config::run(&args),
        Command::Completions { shell } => completions::run(shell),
    }
}
