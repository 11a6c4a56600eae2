//! `ops [target]`: the newest operations.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::store::OperationsWhere;

use crate::replies;

/// A screenful.
const LIMIT: u32 = 10;

/// List the newest operations.
#[derive(Debug, Args)]
pub(crate) struct OpsArgs {
    /// Only those on this one.
    #[arg(id = "on", value_name = "TARGET")]
    target: Option<String>,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ops;

#[async_trait]
impl Command for Ops {
    type Args = OpsArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "ops",
            aliases: &[],
            effect: Effect::Read,
            examples: &["ops", "ops prod"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: OpsArgs) -> Result<Outcome, Refusal> {
        let target = args
            .target
            .as_deref()
            .map(|typed| ask.settings.target(typed))
            .transpose()?
            .cloned();
        let newest = OperationsWhere::Newest { limit: LIMIT, target };
        Ok(Outcome::Reply(replies::operations(
            ask,
            &ask.store.operations(newest).await?,
        )))
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::operation::{Operation, State};

    use crate::stage::{Shelf, ago, hear, operation};

    #[tokio::test]
    async fn there_are_none() {
        insta::assert_snapshot!(hear("alice", "ops").await, @"there are no operations.");
        insta::assert_snapshot!(hear("alice", "ops prd").await, @"there is no target prd. Did you mean prod?");
    }

    #[tokio::test]
    async fn each_is_a_line() {
        let done = State::Succeeded {
            words: "v814 live".to_owned(),
        };
        let shelf = Shelf {
            operations: vec![
                operation(State::Running),
                Operation {
                    ended: Some(ago(1)),
                    ..operation(done)
                },
            ],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears("alice", "ops").await, @"
        op 7F4B: roll back prod from v813 to v811 · running · began 3 min ago · asked by alice
        op 7F4B: roll back prod from v813 to v811 · succeeded · 1 min ago · asked by alice
        ");
    }
}
