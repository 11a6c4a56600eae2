//! `release-hold <target> <why…>`: ends the hold on a target.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

/// End the hold on a target: it can be deployed again.
#[derive(Debug, Args)]
pub(crate) struct ReleaseHoldArgs {
    /// What is held.
    target: String,
    /// Why it is safe again.
    #[arg(required = true, num_args = 1.., trailing_var_arg = true, allow_hyphen_values = true)]
    why: Vec<String>,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReleaseHold;

#[async_trait]
impl Command for ReleaseHold {
    type Args = ReleaseHoldArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "release-hold",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["release-hold prod the fix is on master"],
            stopped_by_hold: false,
        }
    }

    fn target<'a>(&self, args: &'a ReleaseHoldArgs) -> Option<&'a str> {
        Some(&args.target)
    }

    async fn run(&self, ask: &Ask<'_>, args: ReleaseHoldArgs) -> Result<Outcome, Refusal> {
        let target = ask.settings.target(&args.target)?;
        ask.desk.release_hold(ask, target, args.why.join(" ")).await
    }
}
