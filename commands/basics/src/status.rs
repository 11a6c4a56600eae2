//! `status`: the bot's name and version, and what is open.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::store::{OperationsWhere, RequestsWhere};

use crate::replies;

/// Say what is open: requests, operations, locks and holds.
#[derive(Debug, Args)]
pub(crate) struct StatusArgs {}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Status;

#[async_trait]
impl Command for Status {
    type Args = StatusArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "status",
            aliases: &[],
            effect: Effect::Read,
            examples: &["status"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _args: StatusArgs) -> Result<Outcome, Refusal> {
        let store = ask.store;
        let open = replies::Open {
            requests: store.requests(RequestsWhere::Open).await?,
            operations: store.operations(OperationsWhere::Open).await?,
            locks: replies::in_force(store.locks().await?, ask.now),
            holds: store.holds().await?,
        };
        Ok(Outcome::Reply(replies::status(
            ask,
            env!("CARGO_PKG_VERSION"),
            &open,
        )))
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::operation::State;

    use crate::stage::{Shelf, hear, operation, request};

    #[tokio::test]
    async fn it_says_what_is_open() {
        insta::assert_snapshot!(hear("dave_", "status").await, @"countersign 0.1.0: nothing is open.");
    }

    #[tokio::test]
    async fn it_names_what_is_open() {
        let shelf = Shelf {
            requests: vec![request()],
            operations: vec![operation(State::Running), operation(State::Running)],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears("dave_", "status").await, @"countersign 0.1.0: 1 request waits (R-4QXB) · 2 operations run (7F4B, 7F4B).");
    }
}
