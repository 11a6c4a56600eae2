//! `withdraw <request>`: takes your signature back before it begins.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::id::RequestId;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

/// Take your signature back.
#[derive(Debug, Args)]
pub(crate) struct WithdrawArgs {
    /// The request's id.
    #[arg(value_name = "REQUEST")]
    id: String,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Withdraw;

#[async_trait]
impl Command for Withdraw {
    type Args = WithdrawArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "withdraw",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["withdraw R-4QX"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: WithdrawArgs) -> Result<Outcome, Refusal> {
        ask.desk.withdraw(ask, &RequestId::typed(&args.id)).await
    }
}
