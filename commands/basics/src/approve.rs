//! `approve <request> [note…] [--plan DIGITS]`: signs a request.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::id::RequestId;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

/// Sign a request.
#[derive(Debug, Args)]
pub(crate) struct ApproveArgs {
    /// The request's id.
    #[arg(value_name = "REQUEST")]
    id: String,
    /// What you want to say about it.
    note: Vec<String>,
    /// The plan's first digits, so that you sign no other.
    #[arg(long, value_name = "DIGITS")]
    plan: Option<String>,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Approve;

#[async_trait]
impl Command for Approve {
    type Args = ApproveArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "approve",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["approve R-4QX", "approve R-4QX looks right"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: ApproveArgs) -> Result<Outcome, Refusal> {
        let note = Some(args.note.join(" ")).filter(|note| !note.is_empty());
        ask.desk
            .approve(ask, &RequestId::typed(&args.id), args.plan.as_deref(), note)
            .await
    }
}
