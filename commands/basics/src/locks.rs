//! `locks`: what is reserved, by whom, why and until when.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::replies;

/// List what is reserved, by whom, why and until when.
#[derive(Debug, Args)]
pub(crate) struct LocksArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locks;

#[async_trait]
impl Command for Locks {
    type Args = LocksArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "locks",
            aliases: &[],
            effect: Effect::Read,
            examples: &["locks"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _args: LocksArgs) -> Result<Outcome, Refusal> {
        let locks = replies::in_force(ask.store.locks().await?, ask.now);
        Ok(Outcome::Reply(replies::locks(ask, &locks)))
    }
}
