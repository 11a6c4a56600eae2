//! `show <request>`: sends all of a plan; who was sent it may sign it.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::id::RequestId;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

/// Send all of a plan.
#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The request's id.
    #[arg(value_name = "REQUEST")]
    id: String,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Show;

#[async_trait]
impl Command for Show {
    type Args = ShowArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "show",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["show R-4QX"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: ShowArgs) -> Result<Outcome, Refusal> {
        ask.desk.show(ask, &RequestId::typed(&args.id)).await
    }
}
