//! `burn`: makes a secret link or a drop box useless, or raises the alarm about one that a stranger has opened.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::links;

/// Make a secret link or a drop box useless. If a stranger opened the link already, everybody who signed is told.
#[derive(Debug, Args)]
pub(crate) struct BurnArgs {
    /// The link or the drop box: K7QM2X.
    #[arg(value_name = "LINK")]
    id: String,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Burn;

#[async_trait]
impl Command for Burn {
    type Args = BurnArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "burn",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["burn K7QM2X"],
            stopped_by_hold: false,
        }
    }

    /// What is no id only gets an answer, and is kept nowhere: it may be half of a secret.
    fn effect(&self, args: &BurnArgs) -> Effect {
        links::effect(&args.id)
    }

    async fn run(&self, ask: &Ask<'_>, args: BurnArgs) -> Result<Outcome, Refusal> {
        ask.desk.burn(ask, &links::typed(ask, &args.id)?).await
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::link::{State, Visitor};
    use countersign_core::operation;

    use crate::stage::{Shelf, ago, ahead, link, operation};

    #[tokio::test]
    async fn a_live_link_is_burned_by_whom_it_concerns() {
        let shelf = || Shelf {
            links: vec![link("alice", ahead(30))],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf().hears("alice", "burn K7QM2X").await, @"link K7QM2X (prod's DATABASE_URL) is burned; nobody can open it. A new one: !reissue K7QM2X");
        insta::assert_snapshot!(shelf().hears("bob", "burn K7QM2X").await, @"there is no link K7QM2X of yours. !links lists them.");
    }

    #[tokio::test]
    async fn one_that_a_stranger_opened_raises_the_alarm() {
        let by = Visitor {
            peer: "198.51.100.7".to_owned(),
            agent: "curl/8".to_owned(),
        };
        let mut opened = link("alice", ahead(30));
        opened.state = State::Redeemed { at: ago(2), by };
        let shelf = Shelf {
            links: vec![opened],
            operations: vec![operation(operation::State::Succeeded {
                words: "done".to_owned(),
            })],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears_all("alice", "burn K7QM2X").await, @r#"
        [#ops] alice: link K7QM2X was opened 2 min ago from 198.51.100.7 (curl/8), so nothing can be taken back. I told bob. What was in it is known to whoever opened it: have it changed.
        [#ops] alice says that link K7QM2X (prod's DATABASE_URL) was opened by somebody else: 2 min ago from 198.51.100.7 (curl/8). What was in it is known to them: change it.
        [a direct message with bob] alice says that link K7QM2X (prod's DATABASE_URL) was opened by somebody else: 2 min ago from 198.51.100.7 (curl/8). What was in it is known to them: change it.
        "#);
    }
}
