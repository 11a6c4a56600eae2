//! Decisions: votes, locks and holds. (being written)
use crate::command::Ask;
use crate::id::{OperationId, RequestId, TargetName};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::time::Duration;

/// Takes decisions, each in one audited transaction.
#[derive(Debug)]
pub struct Desk {}

impl Desk {
    /// Signs a request.
    pub async fn approve(
        &self,
        _ask: &Ask<'_>,
        _id: &RequestId,
        _plan: Option<&str>,
        _note: Option<String>,
    ) -> Result<Reply, Refusal> {
        Err(Refusal::new("unwritten"))
    }
    /// Refuses a request for good.
    pub async fn deny(&self, _ask: &Ask<'_>, _id: &RequestId, _reason: String) -> Result<Reply, Refusal> {
        Err(Refusal::new("unwritten"))
    }
    /// Takes the asker's signature back.
    pub async fn withdraw(&self, _ask: &Ask<'_>, _id: &RequestId) -> Result<Reply, Refusal> {
        Err(Refusal::new("unwritten"))
    }
    /// Takes the asker's own request back.
    pub async fn cancel_request(&self, _ask: &Ask<'_>, _id: &RequestId) -> Result<Reply, Refusal> {
        Err(Refusal::new("unwritten"))
    }
    /// Stops an operation at the next safe point.
    pub async fn cancel_operation(&self, _ask: &Ask<'_>, _id: &OperationId) -> Result<Reply, Refusal> {
        Err(Refusal::new("unwritten"))
    }
    /// Gives up an operation whose outcome is unknown.
    pub async fn abandon(&self, _ask: &Ask<'_>, _id: &OperationId) -> Result<Reply, Refusal> {
        Err(Refusal::new("unwritten"))
    }
    /// Sends all of a plan to where it was asked for, and remembers that it was shown there.
    pub async fn show(&self, _ask: &Ask<'_>, _id: &RequestId) -> Result<Reply, Refusal> {
        Err(Refusal::new("unwritten"))
    }
    /// Reserves a target.
    pub async fn lock(
        &self,
        _ask: &Ask<'_>,
        _target: &TargetName,
        _reason: String,
        _span: Option<Duration>,
    ) -> Result<Reply, Refusal> {
        Err(Refusal::new("unwritten"))
    }
    /// Ends a reservation.
    pub async fn unlock(&self, _ask: &Ask<'_>, _target: &TargetName) -> Result<Reply, Refusal> {
        Err(Refusal::new("unwritten"))
    }
    /// Ends a hold.
    pub async fn release_hold(
        &self,
        _ask: &Ask<'_>,
        _target: &TargetName,
        _why: String,
    ) -> Result<Reply, Refusal> {
        Err(Refusal::new("unwritten"))
    }
}
