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
            effect: Effect::Destructive,
            examples: &["op 7F3K", "op 7F3K log", "op 7F3K retry"],
            stopped_by_hold: false,
        }
    }

    fn effect(&self, args: &OpArgs) -> Effect {
        match args.what {
            None | Some(What::Log) => Effect::Read,
            Some(What::Abandon) => Effect::Decide,
            Some(What::Retry | What::Skip) => Effect::Destructive,
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
            Some(What::Abandon) => ask.desk.abandon(ask, &id).await?,
            Some(What::Retry) => return Ok(Outcome::Plan(Box::new(resume(ask, &operation, RETRY)?))),
            Some(What::Skip) => return Ok(Outcome::Plan(Box::new(resume(ask, &operation, SKIP)?))),
        };
        Ok(Outcome::Reply(reply))
    }
}

/// A plan for taking the operation out of `unknown`: it names the operation, the step and what reconcile saw.
fn resume(ask: &Ask<'_>, operation: &Operation, action: &str) -> Result<Draft, Refusal> {
    let State::Unknown { step, saw } = &operation.state else {
        return Err(replies::not_unknown(ask, operation));
    };
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
    Ok(Draft {
        command: plan.command.clone(),
        action: action.to_owned(),
        effect: plan.effect,
        target: plan.target.clone(),
        resource: plan.resource.clone(),
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
    })
}
