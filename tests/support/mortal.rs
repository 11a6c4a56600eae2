//! A store at which whoever uses it dies: before or after the write of a given number. So it dies between any two steps
//! that it remembers; deaths within a call to a provider are those of `tests/kill`, and of [`super::road`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
use tokio::sync::Notify;

/// When the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Death {
    /// Before the write with this number, counted from 0.
    Before(u64),
    /// After it: it is on disk, and nobody was told.
    After(u64),
}

impl Death {
    /// As the process is told it: `before 7`.
    pub(crate) fn words(self) -> String {
        match self {
            Self::Before(n) => format!("before {n}"),
            Self::After(n) => format!("after {n}"),
        }
    }

    pub(crate) fn read(words: &str) -> Self {
        let (when, n) = words.split_once(' ').unwrap();
        let n = n.parse().unwrap();
        match when {
            "before" => Self::Before(n),
            "after" => Self::After(n),
            other => panic!("{other} is no time to die"),
        }
    }
}

/// What dies.
#[derive(Clone, Debug)]
pub(crate) enum Whose {
    /// The whole process.
    Process,
    /// Only a bot in this process: it waits for ever, and whoever started it throws it away.
    Bot(Doom),
}

impl Whose {
    fn is_dead(&self) -> bool {
        matches!(self, Self::Bot(doom) if doom.is_dead())
    }
}

/// Whether a bot is dead, for all that it dies at: whichever strikes first, nothing is done for it any more at any of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Doom(Arc<Struck>);

#[derive(Debug, Default)]
struct Struck {
    dead: AtomicBool,
    told: Notify,
}

impl Doom {
    pub(crate) fn strike(&self) {
        self.0.dead.store(true, Ordering::SeqCst);
        self.0.told.notify_one();
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.0.dead.load(Ordering::SeqCst)
    }

    /// Waits for it, for the one who throws the bot away.
    pub(crate) async fn struck(&self) {
        self.0.told.notified().await;
    }
}

pub(crate) struct Mortal {
    store: Arc<dyn Store>,
    death: Option<Death>,
    whose: Whose,
    writes: AtomicU64,
}

impl Mortal {
    pub(crate) fn new(store: Arc<dyn Store>, death: Death, whose: Whose) -> Self {
        Self {
            store,
            death: Some(death),
            whose,
            writes: AtomicU64::new(0),
        }
    }

    /// The store of a bot that dies elsewhere, if at all: from then on nothing is written.
    pub(crate) fn doomed(store: Arc<dyn Store>, doom: Doom) -> Self {
        Self {
            store,
            death: None,
            whose: Whose::Bot(doom),
            writes: AtomicU64::new(0),
        }
    }

    async fn die(&self) {
        match &self.whose {
            Whose::Process => std::process::abort(),
            Whose::Bot(doom) => {
                doom.strike();
                std::future::pending::<()>().await;
            }
        }
    }

    async fn write<T>(&self, write: impl Future<Output = T>) -> T {
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        if self.whose.is_dead() || self.death == Some(Death::Before(number)) {
            self.die().await;
        }
        let written = write.await;
        if self.whose.is_dead() || self.death == Some(Death::After(number)) {
            self.die().await;
        }
        written
    }
}

type Answer<T> = Result<T, StoreError>;

#[async_trait]
impl Store for Mortal {
    async fn commit(&self, batch: Batch) -> Answer<Receipt> {
        self.write(self.store.commit(batch)).await
    }

    async fn claim(
        &self,
        id: &OperationId,
        holder: &ReplicaId,
        now: Timestamp,
        until: Timestamp,
    ) -> Answer<Option<Fence>> {
        self.write(self.store.claim(id, holder, now, until)).await
    }

    async fn lease(
        &self,
        name: &str,
        holder: &ReplicaId,
        now: Timestamp,
        span: Duration,
    ) -> Answer<Option<Lease>> {
        self.write(self.store.lease(name, holder, now, span)).await
    }

    async fn request(&self, id: &RequestId) -> Answer<Option<Request>> {
        self.store.request(id).await
    }

    async fn requests(&self, which: RequestsWhere) -> Answer<Vec<Request>> {
        self.store.requests(which).await
    }

    async fn newest_request(&self) -> Answer<Option<RequestId>> {
        self.store.newest_request().await
    }

    async fn operation(&self, id: &OperationId) -> Answer<Option<Operation>> {
        self.store.operation(id).await
    }

    async fn operations(&self, which: OperationsWhere) -> Answer<Vec<Operation>> {
        self.store.operations(which).await
    }

    async fn journal(&self, id: &OperationId) -> Answer<Vec<Entry>> {
        self.store.journal(id).await
    }

    async fn link(&self, id: &LinkId) -> Answer<Option<Link>> {
        self.store.link(id).await
    }

    async fn link_at(&self, path: &PathId) -> Answer<Option<Link>> {
        self.store.link_at(path).await
    }

    async fn link_content(&self, id: &LinkId) -> Answer<Option<Vec<u8>>> {
        self.store.link_content(id).await
    }

    async fn links(&self, which: LinksWhere) -> Answer<Vec<Link>> {
        self.store.links(which).await
    }

    async fn drop_box(&self, id: &BoxId) -> Answer<Option<DropBox>> {
        self.store.drop_box(id).await
    }

    async fn drop_box_at(&self, path: &PathId) -> Answer<Option<DropBox>> {
        self.store.drop_box_at(path).await
    }

    async fn drop_boxes(&self, which: BoxesWhere) -> Answer<Vec<DropBox>> {
        self.store.drop_boxes(which).await
    }

    async fn access(&self, id: &AccessId) -> Answer<Option<Access>> {
        self.store.access(id).await
    }

    async fn access_of(&self, database: &TargetName, account: &str) -> Answer<Option<Access>> {
        self.store.access_of(database, account).await
    }

    async fn accesses(&self, which: AccessesWhere) -> Answer<Vec<Access>> {
        self.store.accesses(which).await
    }

    async fn waiting_databases(&self, now: Timestamp) -> Answer<Vec<TargetName>> {
        self.store.waiting_databases(now).await
    }

    async fn sealed_with(&self) -> Answer<BTreeSet<KeyId>> {
        self.store.sealed_with().await
    }

    async fn locks(&self) -> Answer<Vec<Lock>> {
        self.store.locks().await
    }

    async fn holds(&self) -> Answer<Vec<Hold>> {
        self.store.holds().await
    }

    async fn unhandled(&self) -> Answer<Vec<Received>> {
        self.store.unhandled().await
    }

    async fn outgoing(&self, place: Option<&Place>, now: Timestamp, limit: u32) -> Answer<Vec<Outgoing>> {
        self.store.outgoing(place, now, limit).await
    }

    async fn waiting_places(&self, now: Timestamp) -> Answer<Vec<Place>> {
        self.store.waiting_places(now).await
    }

    async fn next_due(&self) -> Answer<Option<Timestamp>> {
        self.store.next_due().await
    }

    async fn note(&self, name: &str) -> Answer<Option<String>> {
        self.store.note(name).await
    }

    async fn announced(&self, key: &str) -> Answer<bool> {
        self.store.announced(key).await
    }

    async fn audit(&self, which: AuditWhere) -> Answer<Vec<Record>> {
        self.store.audit(which).await
    }

    async fn audit_from(&self, seq: u64, limit: u32) -> Answer<Vec<Record>> {
        self.store.audit_from(seq, limit).await
    }

    async fn audit_head(&self) -> Answer<Option<(u64, Digest, Timestamp)>> {
        self.store.audit_head().await
    }

    fn wakeups(&self) -> tokio::sync::watch::Receiver<u64> {
        self.store.wakeups()
    }
}
