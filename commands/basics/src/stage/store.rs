//! The store that the tests of these commands play on: it answers what it is told to.

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
    Receipt, Received, RequestsWhere, Store, StoreError, Write,
};
use countersign_core::time::{Duration, Timestamp};
use countersign_secrets::at_rest::KeyId;
use countersign_secrets::path_id::PathId;
use tokio::sync::watch;

use super::Shelf;

type Answer<T> = Result<T, StoreError>;

#[async_trait]
impl Store for Shelf {
    async fn commit(&self, batch: Batch) -> Answer<Receipt> {
        let posts = batch.writes.into_iter().filter_map(|write| match write {
            Write::Enqueue(post) => Some(post),
            _ => None,
        });
        self.posts.lock().unwrap().extend(posts);
        Ok(Receipt { audited: 0 })
    }

    async fn request(&self, id: &RequestId) -> Answer<Option<Request>> {
        Ok(self.requests.iter().find(|request| request.id == *id).cloned())
    }

    async fn requests(&self, _: RequestsWhere) -> Answer<Vec<Request>> {
        Ok(self.requests.clone())
    }

    async fn newest_request(&self) -> Answer<Option<RequestId>> {
        Ok(None)
    }

    async fn operation(&self, id: &OperationId) -> Answer<Option<Operation>> {
        Ok(self
            .operations
            .iter()
            .find(|operation| operation.id == *id)
            .cloned())
    }

    async fn operations(&self, _: OperationsWhere) -> Answer<Vec<Operation>> {
        Ok(self.operations.clone())
    }

    async fn journal(&self, _: &OperationId) -> Answer<Vec<Entry>> {
        Ok(self.journal.clone())
    }

    async fn claim(
        &self,
        _: &OperationId,
        _: &ReplicaId,
        _: Timestamp,
        _: Timestamp,
    ) -> Answer<Option<Fence>> {
        Ok(None)
    }

    async fn locks(&self) -> Answer<Vec<Lock>> {
        Ok(self.locks.clone())
    }

    async fn holds(&self) -> Answer<Vec<Hold>> {
        Ok(self.holds.clone())
    }

    async fn unhandled(&self) -> Answer<Vec<Received>> {
        Ok(Vec::new())
    }

    async fn link(&self, id: &LinkId) -> Answer<Option<Link>> {
        Ok(self.links.iter().find(|link| link.id == *id).cloned())
    }

    async fn link_at(&self, _: &PathId) -> Answer<Option<Link>> {
        Ok(None)
    }

    async fn link_content(&self, _: &LinkId) -> Answer<Option<Vec<u8>>> {
        Ok(None)
    }

    async fn links(&self, which: LinksWhere) -> Answer<Vec<Link>> {
        let LinksWhere::Of { person, .. } = which else {
            return Ok(Vec::new());
        };
        let theirs = self.links.iter().filter(|link| link.concerns(&person));
        Ok(theirs.cloned().collect())
    }

    async fn drop_box(&self, id: &BoxId) -> Answer<Option<DropBox>> {
        Ok(self.boxes.iter().find(|drop_box| drop_box.id == *id).cloned())
    }

    async fn drop_box_at(&self, _: &PathId) -> Answer<Option<DropBox>> {
        Ok(None)
    }

    async fn drop_boxes(&self, which: BoxesWhere) -> Answer<Vec<DropBox>> {
        let BoxesWhere::Of { person, .. } = which else {
            return Ok(Vec::new());
        };
        let theirs = self.boxes.iter().filter(|drop_box| drop_box.owner == person);
        Ok(theirs.cloned().collect())
    }

    async fn access(&self, _: &AccessId) -> Answer<Option<Access>> {
        Ok(None)
    }

    async fn access_of(&self, _: &TargetName, _: &str) -> Answer<Option<Access>> {
        Ok(None)
    }

    async fn accesses(&self, _: AccessesWhere) -> Answer<Vec<Access>> {
        Ok(Vec::new())
    }

    async fn waiting_databases(&self, _: Timestamp) -> Answer<Vec<TargetName>> {
        Ok(Vec::new())
    }

    async fn sealed_with(&self) -> Answer<BTreeSet<KeyId>> {
        Ok(BTreeSet::new())
    }

    async fn outgoing(&self, _: Option<&Place>, _: Timestamp, _: u32) -> Answer<Vec<Outgoing>> {
        Ok(Vec::new())
    }

    async fn waiting_places(&self, _: Timestamp) -> Answer<Vec<Place>> {
        Ok(Vec::new())
    }

    async fn next_due(&self) -> Answer<Option<Timestamp>> {
        Ok(None)
    }

    async fn note(&self, _: &str) -> Answer<Option<String>> {
        Ok(None)
    }

    async fn announced(&self, _: &str) -> Answer<bool> {
        Ok(false)
    }

    async fn audit(&self, _: AuditWhere) -> Answer<Vec<Record>> {
        Ok(self.records.clone())
    }

    async fn audit_from(&self, _: u64, _: u32) -> Answer<Vec<Record>> {
        Ok(self.records.clone())
    }

    async fn audit_head(&self) -> Answer<Option<(u64, Digest, Timestamp)>> {
        Ok(None)
    }

    async fn lease(&self, _: &str, _: &ReplicaId, _: Timestamp, _: Duration) -> Answer<Option<Lease>> {
        Ok(None)
    }

    fn wakeups(&self) -> watch::Receiver<u64> {
        watch::Sender::new(0).subscribe()
    }
}
