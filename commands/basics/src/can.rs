//! `can <command…>`: what policy says of a command line, naming the rule.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Part, Registered, Spec, Token, explain, find, told};
use countersign_core::id::TargetName;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::reply::Reply;
use countersign_core::text::list;

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
        let tokens: Vec<Token<'_>> = rest.iter().map(|word| Token::from(word.as_str())).collect();
        let (part, next) = command.shape().named(&tokens);
        if next.is_none() && (part.usage.is_none() || part.has_target) {
            return Ok(Outcome::Reply(by_each_way(ask, command, part, None)));
        }
        if next.is_none() {
            return Ok(Outcome::Reply(replies::can(
                &part.path,
                None,
                in_words(ask, part, part.most(), None),
            )));
        }
        let parsed = match command.parse(&tokens) {
            Ok(parsed) => parsed,
            Err(error) => return error.answer(ask, command).map(Outcome::Reply),
        };
        let target = parsed
            .target()
            .map(|typed| ask.settings.target_of(command.takes(), typed))
            .transpose()?;
        let (effect, used) = (parsed.effect(), parsed.part());
        let reply = if part.usage.is_none() {
            // A target, and no word of what is to be done with it.
            by_each_way(ask, command, part, target)
        } else if used.path.is_subcommand() {
            // What a subcommand does is known.
            replies::can(&used.path, target, explain(ask, &used.path, Some(effect), target))
        } else if effect <= Effect::Decide && used.most() > Effect::Decide {
            both(ask, used, effect, target)
        } else {
            replies::can(&used.path, target, in_words(ask, used, effect, target))
        };
        Ok(Outcome::Reply(reply))
    }
}

/// A line for the ways to use it of which the same is to be said.
fn by_each_way(ask: &Ask<'_>, command: &Registered, part: &Part, target: Option<&TargetName>) -> Reply {
    let told = told(ask, command, part, target).into_iter();
    told.fold(Reply::default(), |reply, (ways, words)| {
        reply.and(format!("{}: you may {words}.", list(ways)))
    })
}

/// Typed like this it only looks, and with more words it does more.
fn both(ask: &Ask<'_>, part: &Part, effect: Effect, target: Option<&TargetName>) -> Reply {
    let path = &part.path;
    let what = target.map_or_else(|| path.to_string(), |target| format!("{path} {target}"));
    let reading = in_words(ask, part, effect, target).into_iter();
    let reading = reading.map(|answer| format!("{what}, reading: {answer}."));
    let changing = in_words(ask, part, part.most(), target).into_iter();
    let changing = changing.map(|answer| format!("{what}, changing: {answer}."));
    reading.chain(changing).fold(Reply::default(), Reply::and)
}

/// What policy says. What a plan does is known only when it is made, unless it is a subcommand's that does always the same.
fn in_words(ask: &Ask<'_>, part: &Part, effect: Effect, target: Option<&TargetName>) -> Vec<String> {
    let is_known = effect <= Effect::Decide || part.effects.len() == 1;
    explain(ask, &part.path, is_known.then_some(effect), target)
}

#[cfg(test)]
mod tests {
    use crate::stage::{hear, with_vars};

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

    #[tokio::test]
    async fn every_subcommand_is_told_of() {
        insta::assert_snapshot!(with_vars("alice", "can vars").await, @"
        vars list: you may use it on prod, prototype, stage.
        vars get: you may not use it here: no rule allows it when its effect is destructive, only read.
        vars set: you may use it on prod, stage with 1 signature.
        ");
        insta::assert_snapshot!(with_vars("carol", "can vars").await, @"
        vars list: you may use it on prod, prototype, stage.
        vars get: you may not use it here: no rule allows it when its effect is destructive, only read.
        vars set: you may not use it here: it is allowed only on prod or stage, and it needs the role deployer (alice, bob have it).
        ");
        insta::assert_snapshot!(with_vars("carol", "can vars prod").await, @"
        vars list: you may use it on prod.
        vars get: you may not use it here: no rule allows it when its effect is destructive, only read.
        vars set: you may not use it here: it needs the role deployer (alice, bob have it).
        ");
        insta::assert_snapshot!(with_vars("carol", "can vars get").await, @"vars get: you may not use it here: no rule allows vars get when its effect is destructive, only read.");
        insta::assert_snapshot!(with_vars("carol", "can vars list prod").await, @r#"vars list prod: you may, in #ops: the rule "read" allows it without a signature."#);
        insta::assert_snapshot!(with_vars("carol", "can vars get prod A").await, @"vars get prod: you may not: no rule allows vars get when its effect is destructive, only read.");
        insta::assert_snapshot!(with_vars("alice", "can vars set prod A").await, @r#"vars set prod: you may, in #ops: the rule "set" allows it with 1 signature of bob; valid 10 min."#);
        insta::assert_snapshot!(with_vars("alice", "can vars prod gte A").await, @"
        vars list: you may use it on prod.
        vars get: you may not use it here: no rule allows it when its effect is destructive, only read.
        vars set: you may use it on prod with 1 signature.
        ");
    }

    #[tokio::test]
    async fn a_denial_names_what_was_typed() {
        insta::assert_snapshot!(with_vars("carol", "vars get prod A").await, @"you may not use !vars get on prod: no rule allows vars get to change anything, only read. See !can vars get prod A.");
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
