//! What time does to links: they expire, and long after their end they are forgotten.

use super::{State, ended};
use crate::access;
use crate::audit::Event;
use crate::context::Context;
use crate::store::{Batch, Conflict, LinksWhere, StoreError, Write};

/// Links dealt with in one go: one transaction each would make a thousand that end together take a thousand flushes.
const BATCH: u32 = 200;

/// Deals with the links that are due.
pub(crate) async fn sweep(context: &Context) -> Result<(), StoreError> {
    let now = context.now();
    let due = context.store.links(LinksWhere::Due { now, limit: BATCH }).await?;
    let mut batch = Batch::default();
    for link in due {
        if let Some(expired) = link.expire(now) {
            let words = format!("link {} ({}) expired unopened", link.id, link.title);
            batch.audit.push(expired.record(now, Event::Expired, words));
            batch = batch.and(access::with_link(&*context.store, &expired, now).await?);
            batch
                .writes
                .extend(ended(&expired).into_iter().map(Write::Enqueue));
            batch.writes.push(Write::Link(Box::new(expired)));
        } else if link.state != State::Live {
            batch.writes.push(Write::ForgetLink(link.id));
        }
    }
    if batch.writes.is_empty() {
        return Ok(());
    }
    match context.store.commit(batch).await {
        // Somebody opened or burned one of them in the same instant: the others are dealt with next time.
        Ok(_) | Err(StoreError::Conflict(Conflict::Link(_) | Conflict::Access(_))) => Ok(()),
        Err(other) => Err(other),
    }
}
