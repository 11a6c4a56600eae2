//! `unlock <target>`: ends a reservation.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

/// End a reservation, yours or somebody else's: they are told.
#[derive(Debug, Args)]
pub(crate) struct UnlockArgs {
    /// What to set free.
    target: String,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unlock;

#[async_trait]
impl Command for Unlock {
    type Args = UnlockArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "unlock",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["unlock prod"],
            stopped_by_hold: false,
        }
    }

    fn target<'a>(&self, args: &'a UnlockArgs) -> Option<&'a str> {
        Some(&args.target)
    }

    async fn run(&self, ask: &Ask<'_>, args: UnlockArgs) -> Result<Outcome, Refusal> {
        let target = ask.settings.target(&args.target)?;
        ask.desk.unlock(ask, target).await
    }
}
