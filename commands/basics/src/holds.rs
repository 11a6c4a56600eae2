//! `holds`: what is pinned after a rollback.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::replies;

/// List what is held after a rollback.
#[derive(Debug, Args)]
pub(crate) struct HoldsArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holds;

#[async_trait]
impl Command for Holds {
    type Args = HoldsArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "holds",
            aliases: &[],
            effect: Effect::Read,
            examples: &["holds"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _args: HoldsArgs) -> Result<Outcome, Refusal> {
        Ok(Outcome::Reply(replies::holds(ask, &ask.store.holds().await?)))
    }
}
