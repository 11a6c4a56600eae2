//! `help [command…]`: what you may do here, or how a command or one of its subcommands is used.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec, Token, find, find_part, help_for, overview};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

/// Say what you may use here, or how a command is used.
#[derive(Debug, Args)]
pub(crate) struct HelpArgs {
    /// The command to tell about, with its subcommand.
    command: Vec<String>,
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
        let Some((typed, rest)) = args.command.split_first() else {
            return Ok(Outcome::Reply(overview(ask)));
        };
        let command = find(ask, without_prefix(ask, typed))?;
        let rest: Vec<Token<'_>> = rest.iter().map(|word| Token::from(word.as_str())).collect();
        let part = find_part(ask, command, &rest)?;
        Ok(Outcome::Reply(help_for(ask, command, &part.path)))
    }
}

/// People copy commands with their prefix.
pub(crate) fn without_prefix<'t>(ask: &Ask<'_>, typed: &'t str) -> &'t str {
    typed.strip_prefix(ask.settings.prefix.as_str()).unwrap_or(typed)
}

#[cfg(test)]
mod tests {
    use crate::stage::{Shelf, hear, with_vars};

    #[tokio::test]
    async fn it_lists_what_this_person_may_use_here() {
        insta::assert_snapshot!(hear("alice", "help").await, @r#"
        what you may use here; !help <command> tells more:
          read    help, ping, more, status, whoami, can, pending, why, ops, links, locks, holds, audit
          decide  show, approve, deny, withdraw, cancel, op, phrase, burn, reissue, lock, unlock, release-hold, checkpoint
        "#);
        insta::assert_snapshot!(hear("dave_", "help").await, @r#"
        what you may use here; !help <command> tells more:
          read    help, ping, more, status, whoami, can, pending, why, ops, links, locks, holds, audit
          decide  op
        "#);
    }

    #[tokio::test]
    async fn it_tells_how_a_command_is_used_and_what_of_it_one_may_do() {
        insta::assert_snapshot!(hear("alice", "help lock").await, @"
        !lock <target> <reason…> [--for SPAN] — reserve a target: nobody else changes it.
          <target>    what to reserve
          <reason…>   why
          --for SPAN  how long, if it is to end by itself: 30min, 2h, 1d
          you may     use it on prototype, stage; on prod with 1 signature
          e.g.        !lock prod moving the database --for 2h
        ");
        insta::assert_snapshot!(hear("carol", "help approve").await, @"
        !approve <request> [note…] [--plan DIGITS] — sign a request.
          <request>      the request's id
          [note…]        what you want to say about it
          --plan DIGITS  the plan's first digits, so that you sign no other
          you may        not use it here: it needs the role deployer (alice, bob have it)
          e.g.           !approve R-4QX   !approve R-4QX looks right
        ");
        insta::assert_snapshot!(hear("alice", "help !op").await, @"
        !op <operation> [log|retry|skip|abandon] — tell how far an operation is, or decide what becomes of one that is unknown.
          <operation>               the operation's id
          [log|retry|skip|abandon]  its journal; or do the doubtful step again, go on as if it were done, give up
          you may                   use it here
          e.g.                      !op 7F3K   !op 7F3K log   !op 7F3K retry   !op 7F3K abandon
        ");
        insta::assert_snapshot!(Shelf::default().hears_alone("alice", "audit --help").await, @"
        audit [--who PERSON] [--target TARGET] [--since SPAN] [--limit N] — list what was recorded, newest first.
          --who PERSON     only what this person did
          --target TARGET  only what was done to this one
          --since SPAN     only what is younger than this: 30min, 2h, 1d
          --limit N        how many records, at most 50
          you may          use it here
          e.g.             audit   audit --who alice --since 2d   audit --target prod --limit 30
        ");
    }

    #[tokio::test]
    async fn a_subcommand_is_told_of_like_a_command() {
        insta::assert_snapshot!(with_vars("alice", "help vars").await, @"
        !vars — what an app is made with.
        !vars list <target> — name them.
        !vars get <target> <name> — show one.
        !vars set <target> <name> [value] — set one.
          you may  list: use it on prod, prototype, stage
                   get: not use it here: no rule allows it when its effect is destructive, only read
                   set: use it on prod, stage with 1 signature
          more     !help vars list and the like
        ");
        insta::assert_snapshot!(with_vars("alice", "help vars set").await, @"
        !vars set <target> <name> [value] — set one.
          effect   destructive: it can't be undone
          you may  use it on prod, stage with 1 signature
          e.g.     !vars set prod A
        ");
        insta::assert_snapshot!(with_vars("carol", "help !vars get").await, @"
        !vars get <target> <name> — show one.
          effect   destructive: it can't be undone
          you may  not use it here: no rule allows vars get when its effect is destructive, only read
          e.g.     !vars get prod A
        ");
        insta::assert_snapshot!(with_vars("alice", "vars set --help").await, @"
        !vars set <target> <name> [value] — set one.
          effect   destructive: it can't be undone
          you may  use it on prod, stage with 1 signature
          e.g.     !vars set prod A
        ");
        insta::assert_snapshot!(with_vars("alice", "help vars lits").await, @"there is no !vars lits. Did you mean !vars list?");
        insta::assert_snapshot!(with_vars("alice", "help vars list prod").await, @"there is no !vars list prod. !help vars list tells what there is.");
        insta::assert_snapshot!(with_vars("alice", "help lock prod").await, @"there is no !lock prod. !help lock tells what there is.");
        insta::assert_snapshot!(with_vars("alice", "set prod A").await, @"there is no !set. Did you mean !vars set?");
    }

    #[tokio::test]
    async fn it_does_not_guess_wildly() {
        insta::assert_snapshot!(hear("alice", "help aprove").await, @"there is no !aprove. Did you mean !approve?");
        insta::assert_snapshot!(hear("alice", "help frobnicate").await, @"there is no !frobnicate. !help lists what you may use here.");
        insta::assert_snapshot!(hear("dave_", "help lokc").await, @"there is no !lokc. !help lists what you may use here.");
    }
}
