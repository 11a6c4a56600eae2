//! `holds`: what is pinned after a rollback.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::replies;

/// List what is held after a rollback.
#[derive(Debug, Args)]
pub(crate) struct HoldsArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holds;

#[async_trait]
impl Command for Holds {
    type Args = HoldsArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "holds",
            aliases: &[],
            effect: Effect::Read,
            examples: &["holds"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _args: HoldsArgs) -> Result<Outcome, Refusal> {
        Ok(Outcome::Reply(replies::holds(ask, &ask.store.holds().await?)))
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::store::Hold;

    use crate::stage::{Shelf, ago, hear};

    #[tokio::test]
    async fn nothing_is_held() {
        insta::assert_snapshot!(hear("alice", "holds").await, @"nothing is held.");
    }

    #[tokio::test]
    async fn a_hold_says_how_to_end_it() {
        let hold = Hold {
            target: "prod".into(),
            at: "v811".to_owned(),
            by: "bob".into(),
            reason: Some("500s on /api/push".to_owned()),
            since: ago(130),
        };
        let shelf = Shelf {
            holds: vec![hold],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears("alice", "holds").await, @r#"prod: held at v811 since bob rolled it back 2 h ago ("500s on /api/push") · !release-hold prod <why> ends that"#);
    }
}
