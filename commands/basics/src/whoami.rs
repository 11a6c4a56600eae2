//! `whoami`: who the bot thinks you are, how it knows, and what to do if it does not.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::replies;

/// Say who you are to the bot, and how strongly that is known.
#[derive(Debug, Args)]
pub(crate) struct WhoamiArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Whoami;

#[async_trait]
impl Command for Whoami {
    type Args = WhoamiArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "whoami",
            aliases: &[],
            effect: Effect::Read,
            examples: &["whoami"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _args: WhoamiArgs) -> Result<Outcome, Refusal> {
        Ok(Outcome::Reply(replies::whoami(ask)))
    }
}
