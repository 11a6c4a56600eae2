//! `help [command]`: what you may do here, or how one command is used.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec, find, help_for, overview};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

/// Say what you may use here, or how a command is used.
#[derive(Debug, Args)]
pub(crate) struct HelpArgs {
    /// The command to tell about.
    command: Option<String>,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Help;

#[async_trait]
impl Command for Help {
    type Args = HelpArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "help",
            aliases: &[],
            effect: Effect::Read,
            examples: &["help", "help approve"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: HelpArgs) -> Result<Outcome, Refusal> {
        let reply = match &args.command {
            None => overview(ask),
            Some(typed) => help_for(ask, find(ask, without_prefix(ask, typed))?),
        };
        Ok(Outcome::Reply(reply))
    }
}

/// People copy commands with their prefix.
pub(crate) fn without_prefix<'t>(ask: &Ask<'_>, typed: &'t str) -> &'t str {
    typed.strip_prefix(ask.settings.prefix.as_str()).unwrap_or(typed)
}
