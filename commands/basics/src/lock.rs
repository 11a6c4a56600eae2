//! `lock <target> <reason…> [--for SPAN]`: reserves a target.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::time::{Duration, parse_span};

/// Reserve a target: nobody else changes it.
#[derive(Debug, Args)]
pub(crate) struct LockArgs {
    /// What to reserve.
    target: String,
    /// Why.
    #[arg(required = true, num_args = 1..)]
    reason: Vec<String>,
    /// How long, if it is to end by itself: 30min, 2h, 1d.
    #[arg(long = "for", value_name = "SPAN", value_parser = parse_span)]
    span: Option<Duration>,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lock;

#[async_trait]
impl Command for Lock {
    type Args = LockArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "lock",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["lock prod moving the database --for 2h"],
            stopped_by_hold: false,
        }
    }

    fn target<'a>(&self, args: &'a LockArgs) -> Option<&'a str> {
        Some(&args.target)
    }

    async fn run(&self, ask: &Ask<'_>, args: LockArgs) -> Result<Outcome, Refusal> {
        let target = ask.settings.target(&args.target)?;
        ask.desk.lock(ask, target, args.reason.join(" "), args.span).await
    }
}
