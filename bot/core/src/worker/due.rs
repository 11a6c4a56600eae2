//! What is due by what the store says.

use super::Work;
use crate::context::Context;
use crate::operation;
use crate::requests::Requests;
use crate::store::{BoxesWhere, LinksWhere, OperationsWhere, RequestsWhere, StoreError};
use crate::time::Timestamp;

/// How many that are due are looked at: one that cannot be read must not hide the others.
const LOOK: u32 = 200;

pub(super) async fn stored(context: &Context, now: Timestamp) -> Result<Vec<Work>, StoreError> {
    let store = &context.store;
    let mut due = Vec::new();
    let places = store.waiting_places(now).await?;
    due.extend(places.into_iter().map(Work::Outbox));
    let locks = store.locks().await?;
    if locks
        .iter()
        .any(|lock| lock.until.is_some_and(|until| until <= now))
    {
        due.push(Work::Targets);
    }
    for request in store.requests(RequestsWhere::Open).await? {
        if Requests::is_due(&request, now) {
            due.push(Work::Request(request.id));
        }
    }
    for operation in store.operations(OperationsWhere::Open).await? {
        if operation.state == operation::State::Running && operation.wake_at.is_none_or(|at| at <= now) {
            due.push(Work::Operation(operation.id));
        }
    }
    let links = LinksWhere::Due { now, limit: LOOK };
    if !store.links(links).await?.is_empty() {
        due.push(Work::Links);
    }
    let boxes = BoxesWhere::Due { now, limit: LOOK };
    if !store.drop_boxes(boxes).await?.is_empty() {
        due.push(Work::Boxes);
    }
    let filled = store.drop_boxes(BoxesWhere::Unplanned).await?;
    due.extend(filled.into_iter().map(|drop_box| Work::Box(drop_box.id)));
    let databases = store.waiting_databases(now).await?;
    due.extend(databases.into_iter().map(Work::Accesses));
    Ok(due)
}
