#![doc = include_str!("../README.md")]

mod accesses;
mod audit;
mod backup;
mod batch;
mod drop_boxes;
mod inbox;
mod links;
mod locks;
mod migrations;
mod notes;
mod open;
mod operations;
mod outbox;
#[cfg(test)]
mod plans;
mod requests;
mod words;
mod writer;

use std::collections::BTreeSet;

use async_trait::async_trait;
use countersign_core::access::Access;
use countersign_core::approval::Request;
use countersign_core::audit::Record;
use countersign_core::digest::Digest;
use countersign_core::drop_box::DropBox;
use countersign_core::id::{AccessId, BoxId, LinkId, OperationId, ReplicaId, RequestId, TargetName};
use countersign_core::link::Link;
use countersign_core::message::Place;
use countersign_core::operation::{Entry, Fence, Operation};
use countersign_core::store::{
    AccessesWhere, AuditWhere, Batch, BoxesWhere, Hold, Lease, LinksWhere, Lock, OperationsWhere, Outgoing,
    Receipt, Received, RequestsWhere, Store, StoreError,
};
use countersign_core::time::{Duration, Timestamp, after};
use countersign_secrets::at_rest::KeyId;
use countersign_secrets::path_id::PathId;
use sqlx::SqlitePool;
use tokio::sync::{Mutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

pub use backup::{BackupError, Copy};
pub use open::OpenError;

use notes::LeaseAsk;
use operations::Claim;
use writer::{Order, Outcome, Work};

/// The store in one SQLite file.
#[derive(Debug)]
pub struct Sqlite {
    readers: SqlitePool,
    orders: mpsc::Sender<Order>,
    wakeups: watch::Sender<u64>,
    writer: Mutex<Option<JoinHandle<()>>>,
    version: String,
}

impl Sqlite {
    /// The version of SQLite that is built in.
    pub fn sqlite_version(&self) -> &str {
        &self.version
    }

    /// Writes what was handed over before, and lets go of the file: when this returns, another process may open it.
    /// Whatever comes later is refused.
    pub async fn close(&self) {
        // The writer's connection is the last: closing it moves everything into the one file.
        self.readers.close().await;
        // Refused only if it has ended already.
        self.ask(Work::Close).await.ok();
        if let Some(writer) = self.writer.lock().await.take()
            && let Err(error) = writer.await
        {
            tracing::error!(%error, "the store's writer ended badly");
        }
    }

    async fn ask(&self, work: Work) -> Outcome {
        let (reply, outcome) = oneshot::channel();
        self.orders
            .send(Order { work, reply })
            .await
            .map_err(|_| words::closed())?;
        outcome.await.map_err(|_| words::closed())?
    }
}

#[async_trait]
impl Store for Sqlite {
    async fn commit(&self, batch: Batch) -> Result<Receipt, StoreError> {
        let newest = self.ask(Work::Commit(batch)).await?;
        Ok(Receipt {
            audited: newest.unwrap_or(0),
        })
    }

    async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError> {
        requests::one(&self.readers, id).await
    }

    async fn requests(&self, which: RequestsWhere) -> Result<Vec<Request>, StoreError> {
        requests::list(&self.readers, which).await
    }

    async fn newest_request(&self) -> Result<Option<RequestId>, StoreError> {
        requests::newest(&self.readers).await
    }

    async fn operation(&self, id: &OperationId) -> Result<Option<Operation>, StoreError> {
        operations::one(&self.readers, id).await
    }

    async fn operations(&self, which: OperationsWhere) -> Result<Vec<Operation>, StoreError> {
        operations::list(&self.readers, which).await
    }

    async fn journal(&self, id: &OperationId) -> Result<Vec<Entry>, StoreError> {
        operations::journal(&self.readers, id).await
    }

    async fn claim(
        &self,
        id: &OperationId,
        holder: &ReplicaId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Fence>, StoreError> {
        let claim = Claim {
            operation: id.clone(),
            holder: holder.clone(),
            now,
            until,
        };
        let token = self.ask(Work::Claim(claim)).await?;
        Ok(token.map(|token| Fence {
            operation: id.clone(),
            token,
            holder: holder.clone(),
        }))
    }

    async fn locks(&self) -> Result<Vec<Lock>, StoreError> {
        locks::all_locks(&self.readers).await
    }

    async fn holds(&self) -> Result<Vec<Hold>, StoreError> {
        locks::all_holds(&self.readers).await
    }

    async fn unhandled(&self) -> Result<Vec<Received>, StoreError> {
        inbox::unhandled(&self.readers).await
    }

    async fn link(&self, id: &LinkId) -> Result<Option<Link>, StoreError> {
        links::one(&self.readers, id).await
    }

    async fn link_at(&self, path: &PathId) -> Result<Option<Link>, StoreError> {
        links::at(&self.readers, path).await
    }

    async fn link_content(&self, id: &LinkId) -> Result<Option<Vec<u8>>, StoreError> {
        links::content(&self.readers, id).await
    }

    async fn links(&self, which: LinksWhere) -> Result<Vec<Link>, StoreError> {
        links::list(&self.readers, which).await
    }

    async fn drop_box(&self, id: &BoxId) -> Result<Option<DropBox>, StoreError> {
        drop_boxes::one(&self.readers, id).await
    }

    async fn drop_box_at(&self, path: &PathId) -> Result<Option<DropBox>, StoreError> {
        drop_boxes::at(&self.readers, path).await
    }

    async fn drop_boxes(&self, which: BoxesWhere) -> Result<Vec<DropBox>, StoreError> {
        drop_boxes::list(&self.readers, which).await
    }

    async fn access(&self, id: &AccessId) -> Result<Option<Access>, StoreError> {
        accesses::one(&self.readers, id).await
    }

    async fn access_of(&self, database: &TargetName, account: &str) -> Result<Option<Access>, StoreError> {
        accesses::of(&self.readers, database, account).await
    }

    async fn accesses(&self, which: AccessesWhere) -> Result<Vec<Access>, StoreError> {
        accesses::list(&self.readers, which).await
    }

    async fn waiting_databases(&self, now: Timestamp) -> Result<Vec<TargetName>, StoreError> {
        accesses::waiting(&self.readers, now).await
    }

    async fn sealed_with(&self) -> Result<BTreeSet<KeyId>, StoreError> {
        links::sealed_with_any(&self.readers).await
    }

    async fn outgoing(
        &self,
        place: Option<&Place>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Outgoing>, StoreError> {
        outbox::due(&self.readers, place, now, limit).await
    }

    async fn waiting_places(&self, now: Timestamp) -> Result<Vec<Place>, StoreError> {
        outbox::places(&self.readers, now).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        notes::next_due(&self.readers).await
    }

    async fn note(&self, name: &str) -> Result<Option<String>, StoreError> {
        notes::note(&self.readers, name).await
    }

    async fn announced(&self, key: &str) -> Result<bool, StoreError> {
        notes::announced(&self.readers, key).await
    }

    async fn audit(&self, which: AuditWhere) -> Result<Vec<Record>, StoreError> {
        audit::find(&self.readers, which).await
    }

    async fn audit_from(&self, seq: u64, limit: u32) -> Result<Vec<Record>, StoreError> {
        audit::from(&self.readers, seq, limit).await
    }

    async fn audit_head(&self) -> Result<Option<(u64, Digest, Timestamp)>, StoreError> {
        audit::newest(&self.readers).await
    }

    async fn lease(
        &self,
        name: &str,
        holder: &ReplicaId,
        now: Timestamp,
        span: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        let until = after(now, span);
        let ask = LeaseAsk {
            name: name.to_owned(),
            holder: holder.clone(),
            now,
            until,
        };
        let token = self.ask(Work::Lease(ask)).await?;
        Ok(token.map(|token| Lease {
            name: name.to_owned(),
            token,
            until,
        }))
    }

    fn wakeups(&self) -> watch::Receiver<u64> {
        self.wakeups.subscribe()
    }
}
