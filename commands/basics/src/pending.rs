//! `pending`: the requests that wait, oldest first.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::store::RequestsWhere;

use crate::replies;

/// List the requests that wait for signatures or are about to begin.
#[derive(Debug, Args)]
pub(crate) struct PendingArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending;

#[async_trait]
impl Command for Pending {
    type Args = PendingArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "pending",
            aliases: &[],
            effect: Effect::Read,
            examples: &["pending"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _args: PendingArgs) -> Result<Outcome, Refusal> {
        let open = ask.store.requests(RequestsWhere::Open).await?;
        Ok(Outcome::Reply(replies::pending(ask, &open)))
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::approval::{Request, State};

    use crate::stage::{Shelf, hear, request};

    #[tokio::test]
    async fn none_wait() {
        insta::assert_snapshot!(hear("alice", "pending").await, @"no request waits.");
    }

    #[tokio::test]
    async fn each_is_a_line() {
        let running = Request {
            state: State::Executing {
                operation: "7F4B".into(),
            },
            ..request()
        };
        let shelf = Shelf {
            requests: vec![request(), running],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears("alice", "pending").await, @"R-4QXB: roll back prod from v813 to v811 · asked by alice 4 min ago · not signed (0 of 1) · 26 min left");
    }
}
