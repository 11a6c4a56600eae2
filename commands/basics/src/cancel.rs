//! `cancel <id> [--operation]`: takes your request back, or stops an operation.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::id::{OperationId, RequestId};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::replies;

/// Take your request back, or stop an operation at its next safe point.
#[derive(Debug, Args)]
pub(crate) struct CancelArgs {
    /// The id of the request or the operation.
    id: String,
    /// Take the id for an operation's.
    #[arg(long)]
    operation: bool,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cancel;

#[async_trait]
impl Command for Cancel {
    type Args = CancelArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "cancel",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["cancel R-4QX", "cancel 7F3K"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: CancelArgs) -> Result<Outcome, Refusal> {
        let request = RequestId::typed(&args.id);
        let operation = OperationId::typed(&args.id);
        if is_request(&args.id) {
            return ask.desk.cancel_request(ask, &request).await;
        }
        if args.operation {
            return ask.desk.cancel_operation(ask, &operation).await;
        }
        let asked = ask
            .store
            .request(&request)
            .await?
            .filter(|request| !request.state.is_final());
        let running = ask
            .store
            .operation(&operation)
            .await?
            .filter(|operation| !operation.state.is_final());
        match (asked, running) {
            (Some(asked), Some(running)) => Err(replies::which(ask, &asked, &running)),
            (Some(_), None) => ask.desk.cancel_request(ask, &request).await,
            (None, _) => ask.desk.cancel_operation(ask, &operation).await,
        }
    }
}

/// Whether the id says itself that it is a request's.
fn is_request(typed: &str) -> bool {
    typed
        .get(..2)
        .is_some_and(|begin| begin.eq_ignore_ascii_case("R-"))
}

#[cfg(test)]
mod tests {
    use countersign_core::approval::Request;
    use countersign_core::operation::State;

    use crate::stage::{Shelf, operation, request};

    #[tokio::test]
    async fn an_id_that_could_be_both_is_asked_about() {
        let asked = Request {
            id: "R-7F4B".into(),
            ..request()
        };
        let shelf = Shelf {
            requests: vec![asked],
            operations: vec![operation(State::Running)],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears("alice", "cancel 7f4b").await, @"7F4B is both a request (roll back prod from v813 to v811) and an operation (roll back prod from v813 to v811). Type !cancel R-7F4B or !cancel 7F4B --operation");
    }
}
