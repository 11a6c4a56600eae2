//! `checkpoint`: has the end of the audit signed and posted in the room for that.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

/// Have the end of the audit signed and posted, so that it shows if it is cut off later.
#[derive(Debug, Args)]
pub(crate) struct CheckpointArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint;

#[async_trait]
impl Command for Checkpoint {
    type Args = CheckpointArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "checkpoint",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["checkpoint"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _: CheckpointArgs) -> Result<Outcome, Refusal> {
        ask.desk.checkpoint(ask).await
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::hear;

    #[tokio::test]
    async fn without_a_room_for_them_it_says_where_to_look() {
        insta::assert_snapshot!(hear("alice", "checkpoint").await, @"no room is configured for checkpoints. See [audit] in countersign config explain.");
    }
}
