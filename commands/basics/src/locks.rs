//! `locks`: what is reserved, by whom, why and until when.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::replies;

/// List what is reserved, by whom, why and until when.
#[derive(Debug, Args)]
pub(crate) struct LocksArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Locks;

#[async_trait]
impl Command for Locks {
    type Args = LocksArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "locks",
            aliases: &[],
            effect: Effect::Read,
            examples: &["locks"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _args: LocksArgs) -> Result<Outcome, Refusal> {
        let locks = replies::in_force(ask.store.locks().await?, ask.now);
        Ok(Outcome::Reply(replies::locks(ask, &locks)))
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::store::Lock;

    use crate::stage::{Shelf, ago, ahead, hear, origin};

    #[tokio::test]
    async fn nothing_is_locked() {
        insta::assert_snapshot!(hear("alice", "locks").await, @"nothing is locked.");
    }

    #[tokio::test]
    async fn a_lock_that_has_ended_is_none() {
        let lock = |target: &str, until| Lock {
            target: target.into(),
            holder: "bob".into(),
            reason: "moving the database".to_owned(),
            since: ago(12),
            until,
            place: origin().place,
        };
        let locks = vec![
            lock("prod", Some(ahead(48))),
            lock("stage", None),
            lock("prototype", Some(ago(1))),
        ];
        let shelf = Shelf {
            locks,
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears("alice", "locks").await, @r#"
        prod: locked by bob 12 min ago ("moving the database") · ends by itself in 48 min
        stage: locked by bob 12 min ago ("moving the database")
        "#);
    }
}
