//! `reissue`: asks for the same secret by a new link.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::links;

/// Ask for a new link in place of one that you asked for before. It needs the same signatures again.
#[derive(Debug, Args)]
pub(crate) struct ReissueArgs {
    /// The link that it takes the place of: K7QM2X.
    #[arg(value_name = "LINK")]
    id: String,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reissue;

#[async_trait]
impl Command for Reissue {
    type Args = ReissueArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "reissue",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["reissue K7QM2X"],
            stopped_by_hold: false,
        }
    }

    /// What is no id only gets an answer, and is kept nowhere: it may be half of a secret.
    fn effect(&self, args: &ReissueArgs) -> Effect {
        links::effect(&args.id)
    }

    async fn run(&self, ask: &Ask<'_>, args: ReissueArgs) -> Result<Outcome, Refusal> {
        ask.desk.reissue(ask, &links::typed(ask, &args.id)?).await
    }
}

#[cfg(test)]
mod tests {
    use crate::stage::{Shelf, ahead, link};

    #[tokio::test]
    async fn what_is_not_known_any_more_is_asked_for_as_before() {
        let shelf = Shelf {
            links: vec![link("alice", ahead(30))],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears("alice", "reissue K7QM2X").await, @"I don't remember any more how link K7QM2X was asked for. Ask for it as you did then.");
    }
}
