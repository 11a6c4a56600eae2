//! `ping`: proves that the bot hears you, and you the bot.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::replies;

/// Answer.
#[derive(Debug, Args)]
pub(crate) struct PingArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ping;

#[async_trait]
impl Command for Ping {
    type Args = PingArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "ping",
            aliases: &[],
            effect: Effect::Read,
            examples: &["ping"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, _ask: &Ask<'_>, _args: PingArgs) -> Result<Outcome, Refusal> {
        Ok(Outcome::Reply(replies::pong()))
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::hear;

    #[tokio::test]
    async fn it_answers() {
        insta::assert_snapshot!(hear("dave_", "ping").await, @"pong");
    }
}
