//! Executes operations: claims one, goes through its steps, and stops when it waits, ends or is not to be told.
//!
//! What holds whatever crashes: a step is in the journal before its effect; a [`Repeat::Once`] step that was in
//! flight is reconciled, never repeated blindly; two processes never act on one operation, because every batch
//! carries the fence of its claim.

use super::execution::{Execution, Flow};
use super::{Progress, Reconciled, Repeat, Step, StepStatus, Trouble, TroubleKind, doubt, news};
use crate::context::Context;
use crate::id::OperationId;
use crate::speaker::Speaker;
use crate::store::{Conflict, StoreError};
use crate::text::span;
use crate::time::{Duration, after};

/// How long a claim holds without being renewed. Longer than any single call of a provider may take.
const CLAIM: Duration = Duration::from_mins(2);
/// The pause after trouble that may pass, doubled with every try in a row.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(1);
/// No provider makes an operation wait for longer than this in one go.
const LONGEST_ASKED: Duration = Duration::from_hours(1);
/// A step that is in doubt for so long is for people to decide; sooner, if one of them wants it cancelled.
const IN_DOUBT: Duration = Duration::from_hours(6);
const IN_DOUBT_IF_CANCELLED: Duration = Duration::from_mins(10);
/// Tries in a row before a step is given up: with the pauses above, after about ten minutes.
const MOST_TRIES: u32 = 14;
/// Tries in a row before the room hears of it.
const TELL_AFTER: u32 = 3;

/// Executes operations.
#[derive(Clone, Debug)]
pub struct Engine {
    context: Context,
    speaker: Speaker,
}

impl Engine {
    /// An engine that works on this context and speaks through this speaker.
    pub fn new(context: Context, speaker: Speaker) -> Self {
        Self { context, speaker }
    }

    /// Goes on with an operation until it waits or ends. Says no if it turns out to be another process's.
    pub async fn advance(&self, id: &OperationId) -> Result<bool, StoreError> {
        let store = &self.context.store;
        let now = self.context.now();
        let Some(fence) = store
            .claim(id, &self.context.replica, now, after(now, CLAIM))
            .await?
        else {
            return Ok(false);
        };
        let Some(operation) = store.operation(id).await? else {
            return Ok(false);
        };
        let journal = store.journal(id).await?;
        let Some(action) = self.context.actions.get(&operation.plan.action).cloned() else {
            tracing::error!(operation = %id, action = operation.plan.action, "this version of the bot has no such action; the operation waits");
            return Ok(false);
        };
        let mut execution = Execution {
            context: &self.context,
            speaker: &self.speaker,
            action: &*action,
            operation,
            journal,
            fence,
        };
        match go(&mut execution).await {
            // Another process has it, or it was changed under us: what is true now is in the store.
            Err(StoreError::Conflict(Conflict::Fenced(_) | Conflict::Operation(_))) => Ok(false),
            other => other.map(|()| true),
        }
    }
}

async fn go(execution: &mut Execution<'_>) -> Result<(), StoreError> {
    while !execution.operation.state.is_final() {
        let flow = match execution.action.steps().get(execution.operation.step) {
            Some(step) => take(execution, *step).await?,
            None => end(execution).await?,
        };
        if flow == Flow::Stop {
            break;
        }
    }
    Ok(())
}

async fn end(execution: &mut Execution<'_>) -> Result<Flow, StoreError> {
    match execution.action.ended(&execution.run()) {
        Ok(ended) => execution.finish(ended).await,
        Err(trouble) => execution.fail(&trouble).await,
    }
}

async fn take(execution: &mut Execution<'_>, step: Step) -> Result<Flow, StoreError> {
    let status = super::status(&execution.journal, step.name);
    let in_doubt = step.repeat == Repeat::Once && status == StepStatus::InFlight;
    if in_doubt {
        return reconcile(execution, step).await;
    }
    if let Some(by) = execution.operation.cancel.clone().filter(|_| !step.tied) {
        return execution.cancelled(&by).await;
    }
    match status {
        StepStatus::Done => execution.next().await,
        StepStatus::Open => match execution.began(step).await {
            Ok(()) => attempt(execution, step).await,
            Err(StoreError::Conflict(locked @ Conflict::Locked(_))) => {
                let trouble = Trouble::never(format!("{locked} since, so \"{}\" was not begun", step.name));
                execution.fail(&trouble).await
            }
            Err(other) => Err(other),
        },
        StepStatus::InFlight => attempt(execution, step).await,
    }
}

async fn attempt(execution: &mut Execution<'_>, step: Step) -> Result<Flow, StoreError> {
    let scrubber = &execution.context.scrubber;
    let came = execution.action.run(step.name, &execution.run()).await;
    match came.map_err(|trouble| trouble.scrubbed(scrubber)) {
        Ok(Progress::Done(value)) => execution.succeeded(step, value, Vec::new(), Vec::new()).await,
        Ok(Progress::Record { value, writes, audit }) => {
            execution.succeeded(step, value, writes, audit).await
        }
        Ok(Progress::Wait {
            pause,
            phase,
            detail,
            usually,
        }) => {
            let progress = news::progress(
                &execution.run(),
                &execution.title(),
                execution.action.steps().len(),
                &news::Going {
                    phase: &phase,
                    detail: detail.as_deref(),
                    usually,
                },
            );
            execution.wait(step, pause, phase, progress).await
        }
        Ok(Progress::End(ended)) => execution.finish(ended).await,
        Err(trouble) => match (trouble.kind, step.repeat) {
            (TroubleKind::Never, _) => execution.fail(&trouble).await,
            (TroubleKind::Lost, Repeat::Once) => {
                tracing::warn!(operation = %execution.operation.id, step = step.name, trouble = %trouble, "the outcome of a step is in doubt");
                execution.operation.doubt = Some(trouble.sentence());
                Ok(Flow::Go)
            }
            (TroubleKind::Again { .. } | TroubleKind::Lost, _) => again(execution, step, &trouble).await,
        },
    }
}

/// Trouble that may pass, and nothing happened: the step is open again after a pause, until it is given up.
async fn again(execution: &mut Execution<'_>, step: Step, trouble: &Trouble) -> Result<Flow, StoreError> {
    execution.operation.tries += 1;
    if execution.operation.tries >= MOST_TRIES {
        return execution.fail(trouble).await;
    }
    let tell = execution.operation.tries == TELL_AFTER;
    execution
        .postpone(
            step,
            trouble,
            pause(execution.operation.tries, trouble.kind),
            tell,
        )
        .await
}

fn pause(tries: u32, kind: TroubleKind) -> Duration {
    let backed_off = FIRST_PAUSE
        .saturating_mul(1 << tries.saturating_sub(1).min(10))
        .min(LONGEST_PAUSE);
    match kind {
        TroubleKind::Again { after: Some(asked) } => asked.min(LONGEST_ASKED).max(backed_off),
        _ => backed_off,
    }
}

async fn reconcile(execution: &mut Execution<'_>, step: Step) -> Result<Flow, StoreError> {
    let scrubber = &execution.context.scrubber;
    let found = execution.action.reconcile(step.name, &execution.run()).await;
    match found.map_err(|trouble| trouble.scrubbed(scrubber)) {
        Ok(Reconciled::Happened(value)) => execution.happened(step, value).await,
        Ok(Reconciled::NotHappened) => {
            let doubt = execution.operation.doubt.take();
            let because = doubt
                .map(|doubt| format!(": {}", doubt.trim_end_matches('.')))
                .unwrap_or_default();
            let trouble = Trouble::again(format!("\"{}\" did not happen{because}", step.name));
            again(execution, step, &trouble).await
        }
        Ok(Reconciled::Later(pause)) => {
            let (in_step, title) = (execution.run().in_step(), execution.title());
            let patience = if execution.operation.cancel.is_some() {
                IN_DOUBT_IF_CANCELLED
            } else {
                IN_DOUBT
            };
            if in_step >= patience {
                let saw = format!("nobody could tell for {}", span(in_step));
                return execution.unknown(step, saw).await;
            }
            let told = doubt::told(&mut execution.operation, in_step, &title);
            execution.look_again(pause, told).await
        }
        Ok(Reconciled::CannotTell(saw)) => execution.unknown(step, saw).await,
        Err(trouble) if trouble.kind == TroubleKind::Never => {
            execution
                .unknown(step, trouble.sentence().trim_end_matches('.').to_owned())
                .await
        }
        Err(trouble) => {
            execution.operation.tries += 1;
            if execution.operation.tries >= MOST_TRIES {
                return execution
                    .unknown(step, trouble.sentence().trim_end_matches('.').to_owned())
                    .await;
            }
            let pause = pause(execution.operation.tries, trouble.kind);
            execution.look_again(pause, None).await
        }
    }
}
