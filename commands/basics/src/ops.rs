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
