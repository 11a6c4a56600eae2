//! `can <command…>`: what policy says of a command line, naming the rule.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec, Token, explain, find, may_words};
use countersign_core::id::TargetName;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::reply::Reply;

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
                vec![format!("you may {}", may_words(ask, command))],
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
        let effect = parsed.effect();
        let reply = match command.shape().verb_of(&tokens) {
            // What a subcommand does is known.
            Some(verb) => {
                let what = format!("{name} {verb}");
                replies::can(&what, target, explain(ask, name, Some(effect), target))
            }
            None if effect <= Effect::Decide && command.spec().effect > Effect::Decide => {
                both(ask, command.spec(), effect, target)
            }
            None => replies::can(name, target, in_words(ask, command.spec(), effect, target)),
        };
        Ok(Outcome::Reply(reply))
    }
}

/// Typed like this it only looks, and with more words it does more.
fn both(ask: &Ask<'_>, command: &Spec, effect: Effect, target: Option<&TargetName>) -> Reply {
    let what = target.map_or_else(
        || command.name.to_owned(),
        |target| format!("{} {target}", command.name),
    );
    let reading = replies::can(
        &format!("{what}, reading"),
        None,
        in_words(ask, command, effect, target),
    );
    let changing = in_words(ask, command, command.effect, target);
    changing.into_iter().fold(reading, |reply, answer| {
        reply.and(format!("{what}, changing: {answer}."))
    })
}

/// What policy says. What a plan does is known only when it is made.
fn in_words(ask: &Ask<'_>, command: &Spec, effect: Effect, target: Option<&TargetName>) -> Vec<String> {
    let known = Some(effect).filter(|effect| *effect <= Effect::Decide);
    explain(ask, command.name, known, target)
}

#[cfg(test)]
mod tests {
    use crate::stage::{Shelf, hear};

    #[tokio::test]
    async fn it_explains_naming_the_rule() {
        insta::assert_snapshot!(hear("alice", "can lock prod --for 2h fire").await, @r#"lock prod: you may, in #ops: the rule "prod" allows it with 1 signature of bob; valid 10 min."#);
        insta::assert_snapshot!(hear("alice", "can !ping").await, @r#"ping: you may, in #ops: the rule "read" allows it without a signature."#);
        insta::assert_snapshot!(hear("carol", "can deny R-4QXB no").await, @"deny: you may not: it needs the role deployer (alice, bob have it).");
        insta::assert_snapshot!(hear("dave_", "can approve").await, @"approve: you may not: it needs the role deployer (alice, bob have it), and your nick is not logged in: that needs an account.");
    }

    #[tokio::test]
    async fn a_name_alone_is_told_of_every_target() {
        insta::assert_snapshot!(hear("alice", "can lock").await, @"lock: you may use it on prototype, stage; on prod with 1 signature.");
        insta::assert_snapshot!(hear("carol", "can lock").await, @"lock: you may not use it here: it needs the role deployer (alice, bob have it).");
    }

    /// What the bot says where there is `vars` with its subcommands, which deployers alone use.
    async fn with_vars(who: &str, line: &str) -> String {
        let shelf = Shelf {
            vars: true,
            ..Shelf::default()
        };
        shelf.hears(who, line).await
    }

    #[tokio::test]
    async fn what_looks_and_changes_is_told_of_by_halves() {
        insta::assert_snapshot!(with_vars("carol", "can vars prod").await, @r#"
        vars prod, reading: you may, in #ops: the rule "read" allows it without a signature.
        vars prod, changing: if it can be undone: you may not: no rule allows vars when its effect is change, only read.
        vars prod, changing: if it can't be undone: you may not: no rule allows vars when its effect is destructive, only read.
        "#);
        insta::assert_snapshot!(with_vars("carol", "can vars list prod").await, @r#"vars list prod: you may, in #ops: the rule "read" allows it without a signature."#);
        insta::assert_snapshot!(with_vars("carol", "can vars get prod A").await, @"vars get prod: you may not: no rule allows vars when its effect is destructive, only read.");
    }

    #[tokio::test]
    async fn a_denial_names_what_was_typed() {
        insta::assert_snapshot!(with_vars("carol", "vars get prod A").await, @"you may not use !vars get on prod: no rule allows vars to change anything, only read. See !can vars get prod A.");
        insta::assert_snapshot!(with_vars("carol", "vars get prod").await, @"<name> is missing. Type: !vars get prod <name>; its names: !vars list prod");
    }

    #[tokio::test]
    async fn what_is_no_command_line_is_refused() {
        insta::assert_snapshot!(hear("alice", "can lcok prod x").await, @"there is no !lcok. Did you mean !lock?");
        insta::assert_snapshot!(hear("alice", "can lock prdo x").await, @"there is no target prdo. Did you mean prod?");
        insta::assert_snapshot!(hear("alice", "can lock prod").await, @"<reason> is missing. Type: !lock <target> <reason…> [--for SPAN]");
        insta::assert_snapshot!(hear("alice", "can").await, @"<command> is missing. Type: !can <command…>");
    }
}
