//! The journal of an operation: what was begun, what came of it. What a step is at is a pure function of its
//! entries, and recovery after a crash goes through the same function.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::id::OperationId;
use crate::time::Timestamp;

/// What the journal can say of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// It is about to be done. On disk before its effect.
    Began,
    /// It was done and returned this.
    Succeeded(Value),
    /// It was tried and nothing happened, for this reason.
    Failed(String),
    /// Its outcome was in doubt and reconcile found this, in words.
    Reconciled(String),
    /// A person decided to do it again although its outcome was unknown.
    Retried,
    /// A person decided to go on without it.
    Skipped,
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The operation.
    pub operation: OperationId,
    /// The step's name.
    pub step: String,
    /// What happened.
    pub happening: Happening,
    /// When.
    pub at: Timestamp,
}

/// What a step is at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepStatus {
    /// Not begun, or begun and known not to have happened.
    Open,
    /// Begun, with no word of its end: in flight, or lost in a crash.
    InFlight,
    /// Done, or skipped.
    Done,
}

/// What the journal says a step is at.
pub fn status(journal: &[Entry], step: &str) -> StepStatus {
    journal
        .iter()
        .filter(|entry| entry.step == step)
        .fold(StepStatus::Open, |status, entry| match &entry.happening {
            Happening::Began => StepStatus::InFlight,
            Happening::Succeeded(_) | Happening::Skipped => StepStatus::Done,
            Happening::Failed(_) | Happening::Retried => StepStatus::Open,
            Happening::Reconciled(_) => status,
        })
}

/// What a step returned.
pub(super) fn result<'j>(journal: &'j [Entry], step: &str) -> Option<&'j Value> {
    journal
        .iter()
        .rev()
        .filter(|entry| entry.step == step)
        .find_map(|entry| match &entry.happening {
            Happening::Succeeded(value) => Some(value),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::from_millis;

    fn journal(happenings: &[Happening]) -> Vec<Entry> {
        let entry = |happening: &Happening| Entry {
            operation: "7F3K".into(),
            step: "move".into(),
            happening: happening.clone(),
            at: from_millis(0),
        };
        happenings.iter().map(entry).collect()
    }

    #[test]
    fn a_step_that_began_is_in_flight_until_its_end_is_known() {
        let mut happenings = vec![Happening::Began];
        assert_eq!(status(&journal(&happenings), "move"), StepStatus::InFlight);
        assert_eq!(status(&journal(&happenings), "other"), StepStatus::Open);
        happenings.push(Happening::Reconciled("cannot tell".into()));
        assert_eq!(status(&journal(&happenings), "move"), StepStatus::InFlight);
        happenings.push(Happening::Retried);
        assert_eq!(status(&journal(&happenings), "move"), StepStatus::Open);
        happenings.extend([Happening::Began, Happening::Succeeded(Value::from(3))]);
        assert_eq!(status(&journal(&happenings), "move"), StepStatus::Done);
        assert_eq!(result(&journal(&happenings), "move"), Some(&Value::from(3)));
    }
}
