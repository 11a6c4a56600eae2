//! One batch, inside the writer's transaction: what must be so, what is written, what is recorded, in this order.

use countersign_core::link;
use countersign_core::store::{Batch, Require, StoreError, Write};
use sqlx::SqliteConnection;

use crate::audit::Head;
use crate::{accesses, audit, drop_boxes, inbox, links, locks, notes, operations, outbox, requests};

/// Does all of it and says what the head of the audit is then. After an error the caller rolls back.
pub(crate) async fn write(
    db: &mut SqliteConnection,
    batch: Batch,
    mut head: Head,
) -> Result<Head, StoreError> {
    for require in &batch.require {
        check(db, require).await?;
    }
    for write in batch.writes {
        apply(db, write).await?;
    }
    for entry in batch.audit {
        head = audit::append(db, head, entry).await?;
    }
    Ok(head)
}

/// Whether something is forgotten with it that must not stay in the log either.
pub(crate) fn erases(batch: &Batch) -> bool {
    batch.writes.iter().any(|write| match write {
        Write::Link(link) => link.state != link::State::Live,
        Write::Box(drop_box) => drop_box.content.is_none(),
        Write::Access(access) => access.password.is_none(),
        Write::EmptyBox { .. } | Write::ForgetLink(_) | Write::ForgetBox(_) => true,
        _ => false,
    })
}

async fn check(db: &mut SqliteConnection, require: &Require) -> Result<(), StoreError> {
    match require {
        Require::Fence(fence) => operations::fenced(db, fence).await,
        Require::NotLocked { target, except, now } => locks::not_locked(db, target, except, *now).await,
        Require::NotHeld(target) => locks::not_held(db, target).await,
        Require::Idle { target, except } => operations::idle(db, target, except).await,
    }
}

async fn apply(db: &mut SqliteConnection, write: Write) -> Result<(), StoreError> {
    match write {
        Write::NewRequest(request) => requests::insert(db, &request).await,
        Write::Request(request) => requests::update(db, request).await,
        Write::NewOperation(operation) => operations::insert(db, &operation).await,
        Write::Operation(operation) => operations::update(db, operation).await,
        Write::Unclaim(fence) => operations::unclaim(db, &fence).await,
        Write::Journal(entry) => operations::append(db, &entry).await,
        Write::Lock(lock) => locks::lock(db, &lock).await,
        Write::Unlock { target, since } => locks::unlock(db, &target, since).await,
        Write::Hold(hold) => locks::hold(db, &hold).await,
        Write::ReleaseHold(target) => locks::release(db, &target).await,
        Write::Receive(received) => inbox::receive(db, &received).await,
        Write::Handled(key) => inbox::handled(db, &key).await,
        Write::Enqueue(post) => outbox::enqueue(db, &post).await,
        Write::Sending(id) => outbox::sending(db, id).await,
        Write::Sent(id) => outbox::sent(db, id).await,
        Write::Postpone { id, due } => outbox::postpone(db, id, due).await,
        Write::Announce { key, at } => notes::announce(db, key, at).await,
        Write::NewLink { link, content } => links::insert(db, &link, &content).await,
        Write::Link(link) => links::update(db, *link).await,
        Write::ForgetLink(id) => links::forget(db, &id).await,
        Write::NewBox(drop_box) => drop_boxes::insert(db, &drop_box).await,
        Write::Box(drop_box) => drop_boxes::update(db, *drop_box).await,
        Write::EmptyBox { id, at } => drop_boxes::empty(db, &id, at).await,
        Write::ForgetBox(id) => drop_boxes::forget(db, &id).await,
        Write::NewAccess(access) => accesses::insert(db, &access).await,
        Write::Access(access) => accesses::update(db, *access).await,
        Write::Note { name, value } => notes::write_note(db, &name, &value).await,
    }
}
