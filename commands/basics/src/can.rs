//! `can <command…>`: what policy says of a command line, naming the rule.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec, Token, explain, find, may_words};
use countersign_core::id::TargetName;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::help::without_prefix;
use crate::replies;

/// Explain whether you may do something here, and whose signatures it needs.
#[derive(Debug, Args)]
pub(crate) struct CanArgs {
    /// The command line, as you would type it.
    #[arg(required = true, num_args = 1.., trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<String>,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Can;

#[async_trait]
impl Command for Can {
    type Args = CanArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "can",
            aliases: &[],
            effect: Effect::Read,
            examples: &["can approve", "can approve R-4QX"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: CanArgs) -> Result<Outcome, Refusal> {
        let Some((name, rest)) = args.command.split_first() else {
            return Err(Refusal::new("<command…> is missing"));
        };
        let command = find(ask, without_prefix(ask, name))?;
        let name = command.spec().name;
        if rest.is_empty() && command.shape().has_target {
            return Ok(Outcome::Reply(replies::can(
                name,
                None,
                vec![may_words(ask, command)],
            )));
        }
        if rest.is_empty() {
            return Ok(Outcome::Reply(replies::can(
                name,
                None,
                in_words(ask, command.spec(), command.spec().effect, None),
            )));
        }
        let tokens: Vec<Token<'_>> = rest.iter().map(|word| Token::from(word.as_str())).collect();
        let parsed = match command.parse(&tokens) {
            Ok(parsed) => parsed,
            Err(error) => return error.answer(ask, command).map(Outcome::Reply),
        };
        let target = parsed
            .target()
            .map(|typed| ask.settings.target(typed))
            .transpose()?;
        Ok(Outcome::Reply(replies::can(
            name,
            target,
            in_words(ask, command.spec(), parsed.effect(), target),
        )))
    }
}

/// What policy says. What a plan does is known only when it is made.
fn in_words(ask: &Ask<'_>, command: &Spec, effect: Effect, target: Option<&TargetName>) -> Vec<String> {
    let known = Some(effect).filter(|effect| *effect <= Effect::Decide);
    explain(ask, command.name, known, target)
}
