//! `deny <request> <reason…>`: refuses a request for good.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::id::RequestId;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

/// Refuse a request for good.
#[derive(Debug, Args)]
pub(crate) struct DenyArgs {
    /// The request's id.
    #[arg(value_name = "REQUEST")]
    id: String,
    /// Why it must not be done.
    #[arg(required = true, num_args = 1.., trailing_var_arg = true, allow_hyphen_values = true)]
    reason: Vec<String>,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deny;

#[async_trait]
impl Command for Deny {
    type Args = DenyArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "deny",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["deny R-4QX not on a Friday evening"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: DenyArgs) -> Result<Outcome, Refusal> {
        ask.desk
            .deny(ask, &RequestId::typed(&args.id), args.reason.join(" "))
            .await
    }
}
