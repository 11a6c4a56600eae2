//! `op <operation> [log|retry|skip|abandon]`: how far an operation is, and the ways out when nobody can tell what one
//! of its steps did. Retry and skip are plans of their own, under the rule of the command that made the operation.

use std::collections::BTreeMap;

use async_trait::async_trait;
use clap::{Args, ValueEnum};
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::id::OperationId;
use countersign_core::operation::{Operation, RETRY, Resume, SKIP, State};
use countersign_core::plan::{Detail, Draft, Effect};
use countersign_core::refusal::Refusal;
use serde_json::json;

use crate::replies;

/// Tell how far an operation is, or decide what becomes of one that is unknown.
#[derive(Debug, Args)]
pub(crate) struct OpArgs {
    /// The operation's id.
    #[arg(value_name = "OPERATION")]
    id: String,
    /// Its journal; or do the doubtful step again, go on as if it were done, give up.
    what: Option<What>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Log,
    Retry,
    Skip,
    Abandon,
}

/// The command.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Op;

#[async_trait]
impl Command for Op {
    type Args = OpArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "op",
            aliases: &[],
            effect: Effect::Decide,
            examples: &["op 7F3K", "op 7F3K log", "op 7F3K retry", "op 7F3K abandon"],
            stopped_by_hold: false,
        }
    }

    fn effect(&self, args: &OpArgs) -> Effect {
        match args.what {
            // What retrying or skipping does is said by the plan, and allowed by the rule of the command that made
            // the operation; up to there it is a look.
            None | Some(What::Log | What::Retry | What::Skip) => Effect::Read,
            Some(What::Abandon) => Effect::Decide,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: OpArgs) -> Result<Outcome, Refusal> {
        let id = OperationId::typed(&args.id);
        let Some(operation) = ask.store.operation(&id).await? else {
            return Err(replies::no_operation(ask, &id));
        };
        let reply = match args.what {
            None => replies::operation(ask, &operation, &ask.store.journal(&id).await?),
            Some(What::Log) => replies::log(&operation, &ask.store.journal(&id).await?),
            Some(What::Abandon) => return ask.desk.abandon(ask, &id).await,
            Some(What::Retry) => return propose(ask, &operation, RETRY),
            Some(What::Skip) => return propose(ask, &operation, SKIP),
        };
        Ok(Outcome::Reply(reply))
    }
}

fn propose(ask: &Ask<'_>, operation: &Operation, action: &str) -> Result<Outcome, Refusal> {
    match &operation.state {
        State::Unknown { step, saw } => Ok(Outcome::Plan(Box::new(resume(operation, step, saw, action)))),
        _ => Err(replies::not_unknown(ask, operation)),
    }
}

/// A plan for taking the operation out of `unknown`: it names the operation, the step and what reconcile saw.
fn resume(operation: &Operation, step: &str, saw: &str, action: &str) -> Draft {
    let plan = &operation.plan;
    let (verb, then) = if action == RETRY {
        ("retry", "the step is done again, even if it was done before")
    } else {
        ("skip", "the operation goes on as if the step had been done")
    };
    let detail = |label: &str, line: &str| Detail {
        label: label.to_owned(),
        lines: vec![line.to_owned()],
    };
    Draft {
        command: Some(plan.command.clone()),
        action: action.to_owned(),
        effect: plan.effect,
        target: plan.target.clone(),
        resource: plan.resource.clone(),
        also: plan.also.clone(),
        summary: format!(
            "{verb} the step \"{step}\" of op {} ({})",
            operation.id, plan.summary
        ),
        details: vec![detail("saw", saw), detail("then", then)],
        parameters: BTreeMap::from([
            ("operation".to_owned(), json!(operation.id)),
            ("step".to_owned(), json!(step)),
            ("saw".to_owned(), json!(saw)),
        ]),
        fingerprint: Resume::fingerprint(operation),
        reason: None,
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::operation::{Entry, Happening};

    use super::*;
    use crate::stage::{Shelf, ago, operation};

    fn unknown() -> State {
        State::Unknown {
            step: "roll back".to_owned(),
            saw: "neither v813 nor v811's slug is the newest".to_owned(),
        }
    }

    fn entry(step: &str, happening: Happening) -> Entry {
        Entry {
            operation: "7F4B".into(),
            step: step.to_owned(),
            happening,
            at: ago(2),
        }
    }

    fn shelf(state: State) -> Shelf {
        let journal = vec![
            entry("freeze", Happening::Began),
            entry("freeze", Happening::Succeeded("a token".into())),
            entry("roll back", Happening::Began),
        ];
        Shelf {
            operations: vec![operation(state)],
            journal,
            ..Shelf::default()
        }
    }

    #[tokio::test]
    async fn it_says_how_far_it_is() {
        insta::assert_snapshot!(shelf(State::Running).hears("carol", "op 7f4b").await, @r#"
        op 7F4B (roll back prod from v813 to v811) is running: release phase running · 3 min · asked by alice, signed by bob
          step  "roll back", for 2 min
        "#);
        let failed = State::Failed {
            words: "Heroku answered 503 for 10 min".to_owned(),
        };
        insta::assert_snapshot!(shelf(failed).hears("carol", "op 7F4B").await, @"op 7F4B (roll back prod from v813 to v811) failed: Heroku answered 503 for 10 min · 3 min · asked by alice, signed by bob");
    }

    #[tokio::test]
    async fn the_ways_out_of_unknown_are_told() {
        insta::assert_snapshot!(shelf(unknown()).hears("carol", "op 7F4B").await, @r#"
        op 7F4B (roll back prod from v813 to v811) is unknown · 3 min · asked by alice, signed by bob
          step  "roll back": nobody can tell what it did
          saw   neither v813 nor v811's slug is the newest
          then  !op 7F4B retry does it again, !op 7F4B skip takes it as done, !op 7F4B abandon leaves it as it is
        "#);
    }

    #[tokio::test]
    async fn the_log_keeps_what_steps_returned_to_itself() {
        insta::assert_snapshot!(shelf(unknown()).hears("carol", "op 7F4B log").await, @"
        op 7F4B (roll back prod from v813 to v811): 3 lines, times in UTC
          2027-01-15 07:58:00  freeze     began
          2027-01-15 07:58:00  freeze     done
          2027-01-15 07:58:00  roll back  began
        ");
    }

    #[test]
    fn to_retry_is_a_plan_under_the_rule_of_the_original() {
        let draft = resume(&operation(unknown()), "roll back", "nothing new", RETRY);
        assert_eq!(
            (draft.command, draft.action.as_str()),
            (Some("rollback".into()), "op-retry")
        );
        assert_eq!(
            (draft.effect, draft.target),
            (Effect::Destructive, Some("prod".into()))
        );
        assert_eq!(
            draft.summary,
            "retry the step \"roll back\" of op 7F4B (roll back prod from v813 to v811)"
        );
        assert_eq!(
            json!(draft.parameters),
            json!({"operation": "7F4B", "step": "roll back", "saw": "nothing new"})
        );
        assert_eq!(
            json!(draft.fingerprint),
            json!({"state": "unknown", "version": 4})
        );
    }
}
