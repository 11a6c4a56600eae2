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
