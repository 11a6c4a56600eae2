//! What time does to drop boxes: they expire, and long after their end they are forgotten.

use super::{State, posts};
use crate::audit::Event;
use crate::context::Context;
use crate::store::{Batch, BoxesWhere, Conflict, StoreError, Write};

/// Boxes dealt with in one go.
const BATCH: u32 = 200;

/// Deals with the boxes that are due.
pub(crate) async fn sweep(context: &Context) -> Result<(), StoreError> {
    let now = context.now();
    let due = context
        .store
        .drop_boxes(BoxesWhere::Due { now, limit: BATCH })
        .await?;
    let mut batch = Batch::default();
    for drop_box in due {
        if let Some(expired) = drop_box.expire(now) {
            let words = format!("drop box {} ({}) expired", expired.id, expired.purpose);
            batch.audit.push(expired.record(now, Event::Expired, words));
            if drop_box.state == State::Open {
                batch.writes.push(Write::Enqueue(posts::expired(&expired)));
            }
            batch.writes.push(Write::Box(Box::new(expired)));
        } else if matches!(drop_box.state, State::Closed { .. } | State::Expired { .. }) {
            batch.writes.push(Write::ForgetBox(drop_box.id));
        }
    }
    if batch.writes.is_empty() {
        return Ok(());
    }
    match context.store.commit(batch).await {
        // Somebody filled one of them in the same instant: the others are dealt with next time.
        Ok(_) | Err(StoreError::Conflict(Conflict::Box(_))) => Ok(()),
        Err(other) => Err(other),
    }
}
