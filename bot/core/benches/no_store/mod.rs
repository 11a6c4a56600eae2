//! A store that is never asked: reads wait for no disk, and a bench that touched it would say so.

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
use countersign_core::time::{Duration, Timestamp};
use countersign_secrets::at_rest::KeyId;
use countersign_secrets::path_id::PathId;
use tokio::sync::watch;

pub(crate) struct NoStore(watch::Sender<u64>);

impl Default for NoStore {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

type Answer<T> = Result<T, StoreError>;

#[async_trait]
impl Store for NoStore {
    async fn commit(&self, _: Batch) -> Answer<Receipt> {
        unreachable!()
    }
    async fn request(&self, _: &RequestId) -> Answer<Option<Request>> {
        unreachable!()
    }
    async fn requests(&self, _: RequestsWhere) -> Answer<Vec<Request>> {
        unreachable!()
    }
    async fn newest_request(&self) -> Answer<Option<RequestId>> {
        unreachable!()
    }
    async fn operation(&self, _: &OperationId) -> Answer<Option<Operation>> {
        unreachable!()
    }
    async fn operations(&self, _: OperationsWhere) -> Answer<Vec<Operation>> {
        unreachable!()
    }
    async fn journal(&self, _: &OperationId) -> Answer<Vec<Entry>> {
        unreachable!()
    }
    async fn claim(
        &self,
        _: &OperationId,
        _: &ReplicaId,
        _: Timestamp,
        _: Timestamp,
    ) -> Answer<Option<Fence>> {
        unreachable!()
    }
    async fn locks(&self) -> Answer<Vec<Lock>> {
        unreachable!()
    }
    async fn holds(&self) -> Answer<Vec<Hold>> {
        unreachable!()
    }
    async fn unhandled(&self) -> Answer<Vec<Received>> {
        unreachable!()
    }
    async fn link(&self, _: &LinkId) -> Answer<Option<Link>> {
        unreachable!()
    }
    async fn link_at(&self, _: &PathId) -> Answer<Option<Link>> {
        unreachable!()
    }
    async fn link_content(&self, _: &LinkId) -> Answer<Option<Vec<u8>>> {
        unreachable!()
    }
    async fn links(&self, _: LinksWhere) -> Answer<Vec<Link>> {
        unreachable!()
    }
    async fn drop_box(&self, _: &BoxId) -> Answer<Option<DropBox>> {
        unreachable!()
    }
    async fn drop_box_at(&self, _: &PathId) -> Answer<Option<DropBox>> {
        unreachable!()
    }
    async fn drop_boxes(&self, _: BoxesWhere) -> Answer<Vec<DropBox>> {
        unreachable!()
    }
    async fn access(&self, _: &AccessId) -> Answer<Option<Access>> {
        unreachable!()
    }
    async fn access_of(&self, _: &TargetName, _: &str) -> Answer<Option<Access>> {
        unreachable!()
    }
    async fn accesses(&self, _: AccessesWhere) -> Answer<Vec<Access>> {
        unreachable!()
    }
    async fn waiting_databases(&self, _: Timestamp) -> Answer<Vec<TargetName>> {
        unreachable!()
    }
    async fn sealed_with(&self) -> Answer<BTreeSet<KeyId>> {
        unreachable!()
    }
    async fn outgoing(&self, _: Option<&Place>, _: Timestamp, _: u32) -> Answer<Vec<Outgoing>> {
        unreachable!()
    }
    async fn waiting_places(&self, _: Timestamp) -> Answer<Vec<Place>> {
        unreachable!()
    }

    async fn next_due(&self) -> Answer<Option<Timestamp>> {
        unreachable!()
    }
    async fn note(&self, _: &str) -> Answer<Option<String>> {
        unreachable!()
    }
    async fn announced(&self, _: &str) -> Answer<bool> {
        unreachable!()
    }
    async fn audit(&self, _: AuditWhere) -> Answer<Vec<Record>> {
        unreachable!()
    }
    async fn audit_from(&self, _: u64, _: u32) -> Answer<Vec<Record>> {
        unreachable!()
    }
    async fn audit_head(&self) -> Answer<Option<(u64, Digest, Timestamp)>> {
        unreachable!()
    }
    async fn lease(&self, _: &str, _: &ReplicaId, _: Timestamp, _: Duration) -> Answer<Option<Lease>> {
        unreachable!()
    }
    fn wakeups(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}
