//! `pending`: the requests that wait, oldest first.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::store::RequestsWhere;

use crate::replies;

/// List the requests that wait for signatures or are about to begin.
#[derive(Debug, Args)]
pub(crate) struct PendingArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending;

#[async_trait]
impl Command for Pending {
    type Args = PendingArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "pending",
            aliases: &[],
            effect: Effect::Read,
            examples: &["pending"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _args: PendingArgs) -> Result<Outcome, Refusal> {
        let open = ask.store.requests(RequestsWhere::Open).await?;
        Ok(Outcome::Reply(replies::pending(ask, &open)))
    }
}
