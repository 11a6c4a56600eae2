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

#[cfg(test)]
mod tests {
    use crate::stage::hear;

    #[tokio::test]
    async fn it_says_who_and_how_that_is_known() {
        insta::assert_snapshot!(hear("bob", "whoami").await, @"
        you are bob: bob on irc, known by your account (assurance account).
          roles  admin, deployer
          also   U-bob on slack
        ");
        insta::assert_snapshot!(hear("carol", "whoami").await, @"
        you are carol: carol on irc, known by your account (assurance account).
          roles  none
          also   U-carol on slack
        ");
    }

    #[tokio::test]
    async fn it_says_what_to_do_when_it_does_not_know() {
        insta::assert_snapshot!(hear("erin", "whoami").await, @"your account erin on irc is nobody's that I know. Whoever runs the bot adds it to your name in the configuration.");
        insta::assert_snapshot!(hear("bob_", "whoami").await, @"I can't tell who you are: your network proves no account for this nick, and anybody can take a nick. Log in (on IRC: /msg NickServ IDENTIFY …), then type !whoami again.");
    }
}
