//! `phrase`: tells the recipient of a secret link its pass phrase.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::links;

/// Ask for the pass phrase of a secret link that was sent to you. Only in a direct message.
#[derive(Debug, Args)]
pub(crate) struct PhraseArgs {
    /// The link, as the message with its address named it: K7QM2X.
    #[arg(value_name = "LINK")]
    id: String,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phrase;

#[async_trait]
impl Command for Phrase {
    type Args = PhraseArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "phrase",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["phrase K7QM2X"],
            stopped_by_hold: false,
        }
    }

    /// What is no id only gets an answer, and is kept nowhere: it may be half of a secret.
    fn effect(&self, args: &PhraseArgs) -> Effect {
        links::effect(&args.id)
    }

    async fn run(&self, ask: &Ask<'_>, args: PhraseArgs) -> Result<Outcome, Refusal> {
        ask.desk.phrase(ask, &links::typed(ask, &args.id)?).await
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::{Shelf, ahead, link};

    #[tokio::test]
    async fn it_is_told_to_the_recipient_alone_and_in_a_direct_message_alone() {
        let shelf = || Shelf {
            links: vec![link("alice", ahead(30))],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf().hears("alice", "phrase k7qm2x").await, @"a phrase is only told in a direct message. Write to me directly: phrase K7QM2X");
        insta::assert_snapshot!(shelf().hears_alone("alice", "phrase k7qm2x").await, @"the phrase of link K7QM2X: [sealed]");
        insta::assert_snapshot!(shelf().hears_alone("bob", "phrase K7QM2X").await, @"there is no link K7QM2X of yours. links lists them.");
        insta::assert_snapshot!(shelf().hears_alone("alice_", "phrase K7QM2X").await, @"you may not use phrase: it needs the role deployer (alice, bob have it), and your nick is not logged in: that needs an account. Log in to your account on this network and say it again.");
        insta::assert_snapshot!(Shelf::default().hears_alone("alice", "phrase R1ET-MJWA-SXV7-92N2").await, @"that is no link: its name has six characters, like K7QM2X. links lists yours.");
        insta::assert_snapshot!(Shelf::default().hears_alone("alice", "phrase K7QM2X").await, @"there is no link K7QM2X of yours. links lists them.");
    }

    #[tokio::test]
    async fn a_link_that_is_over_has_none() {
        let shelf = Shelf {
            links: vec![link("alice", crate::stage::ago(2))],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears_alone("alice", "phrase K7QM2X").await, @"link K7QM2X (prod's DATABASE_URL) expired 2 min ago. A new one: reissue K7QM2X");
    }
}
