//! `audit [--who PERSON] [--target TARGET] [--since SPAN] [--limit N]`: what was recorded, newest first.

use async_trait::async_trait;
use clap::Args;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::id::PersonId;
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::store::AuditWhere;
use countersign_core::time::{Duration, before, parse_span};

use crate::replies;

/// List what was recorded, newest first.
#[derive(Debug, Args)]
pub(crate) struct AuditArgs {
    /// Only what this person did.
    #[arg(long, value_name = "PERSON")]
    who: Option<String>,
    /// Only what was done to this one.
    #[arg(id = "on", long = "target", value_name = "TARGET")]
    target: Option<String>,
    /// Only what is younger than this: 30min, 2h, 1d.
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    since: Option<Duration>,
    /// How many records, at most 50.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=50))]
    limit: u32,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audit;

#[async_trait]
impl Command for Audit {
    type Args = AuditArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "audit",
            aliases: &[],
            effect: Effect::Read,
            examples: &[
                "audit",
                "audit --who alice --since 2d",
                "audit --target prod --limit 30",
            ],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: AuditArgs) -> Result<Outcome, Refusal> {
        let which = AuditWhere {
            person: args.who.as_deref().map(PersonId::from),
            target: args
                .target
                .as_deref()
                .map(|typed| ask.settings.target(typed))
                .transpose()?
                .cloned(),
            since: args.since.map(|span| before(ask.now, span)),
            limit: args.limit,
        };
        Ok(Outcome::Reply(replies::audit(
            ask,
            &ask.store.audit(which).await?,
        )))
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::audit::{Entry, Event, append};

    use crate::stage::{Shelf, ago, hear};

    #[tokio::test]
    async fn nothing_is_recorded() {
        insta::assert_snapshot!(hear("alice", "audit --who alice --since 2h").await, @"nothing like that is recorded.");
        insta::assert_snapshot!(hear("alice", "audit --since yesterday").await, @r#""yesterday" is not a value for --since: write it like 30min, 2h or 1d. Type: !audit [--who PERSON] [--target TARGET] [--since SPAN] [--limit N]"#);
        insta::assert_snapshot!(hear("alice", "audit --limit 99").await, @r#""99" is not a value for --limit: 99 is not in 1..=50. Type: !audit [--who PERSON] [--target TARGET] [--since SPAN] [--limit N]"#);
        insta::assert_snapshot!(hear("alice", "audit --target prd").await, @"there is no target prd. Did you mean prod?");
    }

    #[tokio::test]
    async fn each_record_is_a_line() {
        let entry = |at, event, words: &str| Entry {
            person: Some("bob".into()),
            ..Entry::new(at, event, words)
        };
        let first = append(
            None,
            entry(ago(130), Event::Locked, "locked prod: moving the database"),
        )
        .unwrap();
        let signed = entry(ago(4), Event::Signed, "bob signed R-4QXB: roll back prod");
        let second = append(Some((first.seq, first.hash)), signed).unwrap();
        let shelf = Shelf {
            records: vec![second, first],
            ..Shelf::default()
        };
        insta::assert_snapshot!(shelf.hears("alice", "audit").await, @"
        #2 4 min ago: bob signed R-4QXB: roll back prod
        #1 2 h ago: bob locked prod: moving the database
        ");
    }
}
