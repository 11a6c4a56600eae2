//! The way out of `unknown`: two actions of core's own, `op-retry` and `op-skip`. Each is a plan like any other, under
//! the original command's rule, that names the operation, the step and what reconcile saw.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::{Action, Ended, Entry, Happening, Operation, Progress, Reconciled, Run, State, Step, Trouble};
use crate::id::OperationId;
use crate::plan::{Facts, Plan};
use crate::store::{Batch, Store, StoreError, Write};

/// The action that does the doubtful step again.
pub const RETRY: &str = "op-retry";
/// The action that goes on as if the doubtful step had been done.
pub const SKIP: &str = "op-skip";

const RESUME: &str = "resume";

/// Takes an operation out of `unknown`.
pub struct Resume {
    store: Arc<dyn Store>,
    skip: bool,
}

impl Resume {
    /// The action [`RETRY`].
    pub fn retry(store: Arc<dyn Store>) -> Self {
        Self { store, skip: false }
    }

    /// The action [`SKIP`].
    pub fn skip(store: Arc<dyn Store>) -> Self {
        Self { store, skip: true }
    }

    /// The facts that such a plan relies on.
    pub fn fingerprint(operation: &Operation) -> Facts {
        let state = operation.state.word();
        Facts::from([
            ("state".to_owned(), json!(state)),
            ("version".to_owned(), json!(operation.version)),
        ])
    }

    async fn operation(&self, plan: &Plan) -> Result<Operation, Trouble> {
        let id: OperationId = plan.parameter("operation")?;
        match self.store.operation(&id).await {
            Ok(Some(operation)) => Ok(operation),
            Ok(None) => Err(Trouble::never(format!("there is no operation {id}"))),
            Err(error) => Err(store_trouble(error)),
        }
    }
}

fn store_trouble(error: StoreError) -> Trouble {
    Trouble {
        source: Some(Box::new(error)),
        ..Trouble::again("the store did not answer")
    }
}

#[async_trait]
impl Action for Resume {
    fn name(&self) -> &'static str {
        if self.skip { SKIP } else { RETRY }
    }

    fn title(&self, plan: &Plan) -> String {
        plan.summary.clone()
    }

    fn steps(&self) -> &'static [Step] {
        const STEPS: &[Step] = &[Step::repeatable(RESUME)];
        STEPS
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        Ok(Self::fingerprint(&self.operation(plan).await?))
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        let operation = plan
            .parameters
            .get("operation")
            .and_then(Value::as_str)
            .unwrap_or("the operation");
        let state = found.get("state").and_then(Value::as_str).unwrap_or("gone");
        format!("op {operation} was unknown and is {state} now")
    }

    async fn run(&self, _step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        let mut operation = self.operation(run.plan()).await?;
        let State::Unknown { step, .. } = operation.state.clone() else {
            return Err(Trouble::never(format!(
                "op {} is not unknown any more",
                operation.id
            )));
        };
        let happening = if self.skip {
            Happening::Skipped
        } else {
            Happening::Retried
        };
        let entry = Entry {
            operation: operation.id.clone(),
            step,
            happening,
            at: run.now,
        };
        operation.state = State::Running;
        operation.tries = 0;
        operation.cancel = None;
        operation.doubt = None;
        operation.wake_at = None;
        let request = self
            .store
            .request(&operation.request)
            .await
            .map_err(store_trouble)?;
        let Some(request) = request else {
            return Err(Trouble::never(format!(
                "there is no request {}",
                operation.request
            )));
        };
        let goes_on = request.follow(&operation.state, run.now);
        let goes_on = goes_on.map_err(|error| Trouble {
            source: Some(Box::new(error)),
            ..Trouble::never("the request cannot go on")
        })?;
        let batch = goes_on.join(Batch::of(Write::Operation(operation)).write(Write::Journal(entry)));
        Ok(Progress::Record {
            value: Value::Null,
            writes: batch.writes,
            audit: batch.audit,
        })
    }

    async fn reconcile(&self, _step: &'static str, _run: &Run<'_>) -> Result<Reconciled, Trouble> {
        Ok(Reconciled::NotHappened)
    }

    fn ended(&self, _run: &Run<'_>) -> Result<Ended, Trouble> {
        Ok(Ended {
            good: true,
            words: "it goes on".to_owned(),
            announcement: None,
        })
    }
}

impl std::fmt::Debug for Resume {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
