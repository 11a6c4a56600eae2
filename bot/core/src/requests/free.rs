//! Whether a target is free: not somebody else's, not held, and nothing going on there. Asked before anything is
//! planned, and again by the batches that ask and begin.

use super::Requests;
use crate::command::Ask;
use crate::id::{CommandPath, OperationId, TargetName};
use crate::operation::Operation;
use crate::refusal::Refusal;
use crate::store::{OperationsWhere, StoreError};
use crate::text::ago;

impl Requests {
    /// Whether the target is free for this command of the asker's, in words if it is not. What resumes an operation is
    /// not held up by that operation.
    pub(crate) async fn free(
        &self,
        ask: &Ask<'_>,
        command: &CommandPath,
        target: Option<&TargetName>,
        resumes: bool,
    ) -> Result<(), Refusal> {
        let Some(target) = target else {
            return Ok(());
        };
        let now = ask.now;
        let not_done = |words: String| Refusal::new(format!("not done: {words}"));
        let store = &self.context.store;
        if let Some(lock) = store
            .locks()
            .await?
            .into_iter()
            .find(|lock| lock.target == *target)
            && ask.person.is_none_or(|person| lock.holder != person.id)
            && lock.until.is_none_or(|until| until > now)
        {
            let words = format!(
                "{target} was locked by {} {} (\"{}\")",
                lock.holder,
                ago(lock.since, now),
                lock.reason
            );
            return Err(not_done(words).hint(format!(
                "Ask {}, or wait; {} shows how long",
                lock.holder,
                ask.type_("locks")
            )));
        }
        if self.stopped_by_hold(command)
            && let Some(hold) = store
                .holds()
                .await?
                .into_iter()
                .find(|hold| hold.target == *target)
        {
            let why = hold
                .reason
                .map(|reason| format!(" (\"{reason}\")"))
                .unwrap_or_default();
            let words = format!(
                "{target} is held at {} since {} rolled it back {}{why}",
                hold.at,
                hold.by,
                ago(hold.since, now)
            );
            let release = ask.type_(&format!("release-hold {target} <why>"));
            return Err(not_done(words).hint(format!("Fix it first, then {release}")));
        }
        match self.open_on(target).await?.busy.into_iter().next() {
            Some(operation) if !resumes => {
                let words = format!(
                    "op {} is going on on {target} ({}, asked by {})",
                    operation.id, operation.plan.summary, operation.plan.requester
                );
                Err(not_done(words).hint(format!("See {}", ask.type_(&format!("op {}", operation.id)))))
            }
            _ => Ok(()),
        }
    }
    /// Whether a plan of this action does something to its target. What nobody knows any more may.
    pub(super) fn needs_its_target(&self, action: &str) -> bool {
        let action = self.context.actions.get(action);
        action.is_none_or(|action| action.needs_the_target())
    }

    /// The operations that are open on a target.
    pub(super) async fn open_on(&self, target: &TargetName) -> Result<OpenOn, StoreError> {
        let open = self.context.store.operations(OperationsWhere::Open).await?;
        let (busy, beside): (Vec<_>, Vec<_>) = open
            .into_iter()
            .filter(|operation| operation.plan.targets().any(|one| one == target))
            .partition(|operation| self.needs_its_target(&operation.plan.action));
        Ok(OpenOn {
            busy,
            beside: beside.into_iter().map(|operation| operation.id).collect(),
        })
    }
}

/// What is going on on a target.
pub(super) struct OpenOn {
    /// What others have to wait for.
    pub(super) busy: Vec<Operation>,
    /// What only writes our own records down, and is in nobody's way.
    pub(super) beside: Vec<OperationId>,
}
