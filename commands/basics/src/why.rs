//! `why <request>`: the rule, the seats, the votes, what is missing and until when.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::id::RequestId;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;

use crate::replies;

/// Explain a request: its rule, signatures, what is missing, and until when.
#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// The request's id.
    #[arg(value_name = "REQUEST")]
    id: String,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Why;

#[async_trait]
impl Command for Why {
    type Args = WhyArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "why",
            aliases: &[],
            effect: Effect::Read,
            examples: &["why R-4QX"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: WhyArgs) -> Result<Outcome, Refusal> {
        let id = RequestId::typed(&args.id);
        let Some(request) = ask.store.request(&id).await? else {
            return Err(replies::no_request(ask, &id));
        };
        Ok(Outcome::Reply(replies::why(ask, &request)))
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::approval::{Request, State, Vote};
    use countersign_core::message::Assurance;

    use crate::stage::{Shelf, ago, ahead, hear, origin, plan, request};

    #[tokio::test]
    async fn it_says_what_is_missing() {
        let shelf = Shelf {
            requests: vec![request()],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears("alice", "why 4qxb").await, @r#"
        request R-4QXB (roll back prod from v813 to v811) waits for 1 signature of bob.
          asked    by alice, 4 min ago, in #ops
          rule     "prod" wants 1 signature of bob
          missing  1 signature of bob
          until    26 min from now; then it runs out
        "#);
    }

    #[tokio::test]
    async fn it_says_who_signed() {
        let vote = Vote {
            person: "bob".into(),
            account: origin().account.unwrap(),
            assurance: Assurance::Account,
            digest: plan().digest(),
            at: ago(1),
            note: Some("looks right".to_owned()),
        };
        let approved = Request {
            state: State::Approved { until: ahead(9) },
            votes: vec![vote],
            ..request()
        };
        let shelf = Shelf {
            requests: vec![approved],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears("alice", "why R-4QXB").await, @r#"
        request R-4QXB (roll back prod from v813 to v811) has its signatures.
          asked   by alice, 4 min ago, in #ops
          rule    "prod" wants 1 signature of bob
          signed  by bob (account, 1 min ago): "looks right"
          until   9 min from now; if it has not begun by then, it runs out
        "#);
    }

    #[tokio::test]
    async fn there_is_none() {
        insta::assert_snapshot!(hear("alice", "why R-4QXB").await, @"there is no request R-4QXB. !pending lists those that wait.");
    }
}
