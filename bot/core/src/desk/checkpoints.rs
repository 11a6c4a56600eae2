//! Checkpoints of the audit, made when somebody asks for one.

use super::{Desk, answered};
use crate::announce;
use crate::command::{Ask, Outcome};
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::store::{Conflict, StoreError};

impl Desk {
    /// Posts a checkpoint in the room for them.
    pub async fn checkpoint(&self, ask: &Ask<'_>) -> Result<Outcome, Refusal> {
        let Some(notary) = &self.context.notary else {
            return Err(Refusal::new("no room is configured for checkpoints")
                .hint("See [audit] in countersign config explain."));
        };
        let Some((checkpoint, announcement)) = notary.checkpoint(ask.now).await? else {
            return Err(Refusal::new("nothing was recorded yet"));
        };
        let words = format!(
            "the checkpoint of record {} is posted in {}.",
            checkpoint.head.seq,
            notary.room()
        );
        let posted = announce::batch(&announcement, ask.now, None);
        match self
            .context
            .store
            .commit(posted.and(answered(ask, Reply::line(words))))
            .await
        {
            Ok(_) => Ok(Outcome::Said),
            Err(StoreError::Conflict(Conflict::Announced(_))) => Err(Refusal::new(format!(
                "the checkpoint of record {} is posted in {} already, and nothing was recorded since",
                checkpoint.head.seq,
                notary.room()
            ))),
            Err(other) => Err(other.into()),
        }
    }
}
