//! `why <request>`: the rule, the seats, the votes, what is missing and until when.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::id::RequestId;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::replies;

/// Explain a request: its rule, signatures, what is missing, and until when.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The request's id.
    #[arg(value_name = "REQUEST")]
    id: String,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Why;

#[async_trait]
impl Command for Why {
    type Args = WhyArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "why",
            aliases: &[],
            effect: Effect::Read,
            examples: &["why R-4QX"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: WhyArgs) -> Result<Outcome, Refusal> {
        let id = RequestId::typed(&args.id);
        let Some(request) = ask.store.request(&id).await? else {
            return Err(replies::no_request(ask, &id));
        };
        Ok(Outcome::Reply(replies::why(ask, &request)))
    }
}
