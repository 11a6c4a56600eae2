//! A store in memory, which says at every question and every write: somebody else first. So whoever polls the futures
//! decides what happens between any two of them. It can fail, and it can lose its answer.

#[path = "disk.rs"]
mod disk;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use async_trait::async_trait;
use countersign_core::access::Access;
use countersign_core::approval::Request;
use countersign_core::audit::Record;
use countersign_core::digest::Digest;
use countersign_core::drop_box::{self, DropBox};
use countersign_core::id::{AccessId, BoxId, LinkId, OperationId, ReplicaId, RequestId, TargetName};
use countersign_core::link::Link;
use countersign_core::message::Place;
use countersign_core::operation::{Entry, Fence, Operation};
use countersign_core::reply::Post;
use countersign_core::store::{
    AccessesWhere, AuditWhere, Batch, BoxesWhere, Hold, Lease, LinksWhere, Lock, OperationsWhere, Outgoing,
    OutgoingState, Receipt, Received, RequestsWhere, Store, StoreError,
};
use countersign_core::time::{Duration, Timestamp, from_millis};
use countersign_secrets::at_rest::KeyId;
use countersign_secrets::path_id::PathId;
use tokio::sync::watch;

pub(crate) use disk::Disk;

/// How the next commit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing is written.
    Before,
    /// It is written, and whoever waits is told that the store does not answer.
    After,
}

#[derive(Debug)]
pub(crate) struct Memory {
    pub(crate) disk: Mutex<Disk>,
    pub(crate) fault: Mutex<Option<Fault>>,
    changes: watch::Sender<u64>,
}

type Answer<T> = Result<T, StoreError>;

/// Somebody else first.
#[derive(Default)]
pub(crate) struct Pause(bool);

impl Future for Pause {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.0, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Memory {
    pub(crate) fn new() -> Self {
        Self {
            disk: Mutex::default(),
            fault: Mutex::default(),
            changes: watch::Sender::new(0),
        }
    }

    pub(crate) fn disk(&self) -> Disk {
        self.disk.lock().unwrap().clone()
    }

    async fn read<T>(&self, read: impl FnOnce(&Disk) -> T + Send) -> Answer<T> {
        Pause::default().await;
        let found = read(&self.disk.lock().unwrap());
        Pause::default().await;
        Ok(found)
    }
}

fn lost() -> StoreError {
    StoreError::Unavailable {
        words: "the disk is full".into(),
        source: "a test".into(),
    }
}

#[async_trait]
impl Store for Memory {
    async fn commit(&self, batch: Batch) -> Answer<Receipt> {
        Pause::default().await;
        let fault = self.fault.lock().unwrap().take();
        if fault == Some(Fault::Before) {
            return Err(lost());
        }
        let audited = {
            let mut disk = self.disk.lock().unwrap();
            let mut next = disk.clone();
            for write in batch.writes {
                next.write(write).map_err(StoreError::Conflict)?;
            }
            next.audit.extend(batch.audit);
            *disk = next;
            disk.audit.len() as u64
        };
        self.changes.send_modify(|changes| *changes += 1);
        Pause::default().await;
        match fault {
            Some(_) => Err(lost()),
            None => Ok(Receipt { audited }),
        }
    }

    async fn link(&self, id: &LinkId) -> Answer<Option<Link>> {
        self.read(|disk| disk.links.get(id).cloned()).await
    }

    async fn link_at(&self, path: &PathId) -> Answer<Option<Link>> {
        self.read(|disk| disk.links.values().find(|link| link.path == *path).cloned())
            .await
    }

    async fn link_content(&self, id: &LinkId) -> Answer<Option<Vec<u8>>> {
        self.read(|disk| disk.contents.get(id).cloned()).await
    }

    async fn links(&self, which: LinksWhere) -> Answer<Vec<Link>> {
        let wanted = |link: &&Link| match &which {
            LinksWhere::Of { person, .. } => link.concerns(person),
            LinksWhere::Due { now, .. } => link.due() <= *now,
        };
        self.read(|disk| disk.links.values().filter(wanted).cloned().collect())
            .await
    }

    async fn drop_box(&self, id: &BoxId) -> Answer<Option<DropBox>> {
        self.read(|disk| disk.boxes.get(id).cloned()).await
    }

    async fn drop_box_at(&self, path: &PathId) -> Answer<Option<DropBox>> {
        self.read(|disk| disk.boxes.values().find(|found| found.path == *path).cloned())
            .await
    }

    async fn drop_boxes(&self, which: BoxesWhere) -> Answer<Vec<DropBox>> {
        let wanted = |found: &&DropBox| match &which {
            BoxesWhere::Of { person, .. } => found.owner == *person,
            BoxesWhere::Due { now, .. } => found.due() <= *now,
            BoxesWhere::Unplanned => matches!(found.state, drop_box::State::Filled { planned: false, .. }),
        };
        self.read(|disk| disk.boxes.values().filter(wanted).cloned().collect())
            .await
    }

    async fn request(&self, id: &RequestId) -> Answer<Option<Request>> {
        self.read(|disk| disk.requests.get(id).cloned()).await
    }

    async fn requests(&self, which: RequestsWhere) -> Answer<Vec<Request>> {
        let wanted = |request: &&Request| request.state.is_final() != (which == RequestsWhere::Open);
        self.read(|disk| disk.requests.values().filter(wanted).cloned().collect())
            .await
    }

    async fn newest_request(&self) -> Answer<Option<RequestId>> {
        self.read(|disk| disk.requests.keys().next_back().cloned()).await
    }

    async fn outgoing(&self, place: Option<&Place>, _: Timestamp, _: u32) -> Answer<Vec<Outgoing>> {
        let there = |post: &Post| place.is_none_or(|place| post.place == *place);
        let outgoing = |(id, post): (&u64, &Post)| Outgoing {
            id: *id,
            post: post.clone(),
            state: OutgoingState::Queued,
            tries: 0,
            due: from_millis(0),
        };
        self.read(|disk| {
            disk.posts
                .iter()
                .filter(|(_, post)| there(post))
                .map(outgoing)
                .collect()
        })
        .await
    }

    async fn access(&self, id: &AccessId) -> Answer<Option<Access>> {
        self.read(|disk| disk.accesses.get(id).cloned()).await
    }

    async fn access_of(&self, database: &TargetName, account: &str) -> Answer<Option<Access>> {
        self.read(|disk| {
            let mut open = disk.accesses.values().filter(|access| !access.state.is_final());
            open.find(|access| access.database == *database && access.account == account)
                .cloned()
        })
        .await
    }

    async fn accesses(&self, which: AccessesWhere) -> Answer<Vec<Access>> {
        let wanted = |access: &&Access| match &which {
            AccessesWhere::Open { database } => {
                !access.state.is_final() && database.as_ref().is_none_or(|name| access.database == *name)
            }
            AccessesWhere::Of { person, .. } => access.concerns(person),
            AccessesWhere::Named {
                database, account, ..
            } => access.database == *database && access.account == *account,
            AccessesWhere::Due { database, now, .. } => {
                access.database == *database && access.due().is_some_and(|due| due <= *now)
            }
            AccessesWhere::Newest { .. } => true,
        };
        let limit = match &which {
            AccessesWhere::Open { .. } => u32::MAX,
            AccessesWhere::Of { limit, .. }
            | AccessesWhere::Named { limit, .. }
            | AccessesWhere::Due { limit, .. }
            | AccessesWhere::Newest { limit } => *limit,
        };
        self.read(|disk| {
            let newest_first = disk.made.iter().rev().map(|id| &disk.accesses[id]);
            newest_first
                .filter(wanted)
                .take(limit as usize)
                .cloned()
                .collect()
        })
        .await
    }

    async fn waiting_databases(&self, now: Timestamp) -> Answer<Vec<TargetName>> {
        self.read(|disk| {
            let due = |access: &&Access| access.due().is_some_and(|due| due <= now);
            let waiting: BTreeSet<_> = disk
                .accesses
                .values()
                .filter(due)
                .map(|access| access.database.clone())
                .collect();
            waiting.into_iter().collect()
        })
        .await
    }

    async fn sealed_with(&self) -> Answer<BTreeSet<KeyId>> {
        Ok(BTreeSet::new())
    }
    async fn operation(&self, id: &OperationId) -> Answer<Option<Operation>> {
        self.read(|disk| disk.operations.get(id).cloned()).await
    }
    async fn operations(&self, _: OperationsWhere) -> Answer<Vec<Operation>> {
        Ok(Vec::new())
    }
    async fn journal(&self, _: &OperationId) -> Answer<Vec<Entry>> {
        Ok(Vec::new())
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
        Ok(Vec::new())
    }
    async fn holds(&self) -> Answer<Vec<Hold>> {
        Ok(Vec::new())
    }
    async fn unhandled(&self) -> Answer<Vec<Received>> {
        Ok(Vec::new())
    }
    /// Nobody is spoken to: posts stay where they can be looked at.
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
        Ok(Vec::new())
    }
    async fn audit_from(&self, _: u64, _: u32) -> Answer<Vec<Record>> {
        Ok(Vec::new())
    }
    async fn audit_head(&self) -> Answer<Option<(u64, Digest, Timestamp)>> {
        Ok(None)
    }
    async fn lease(&self, _: &str, _: &ReplicaId, _: Timestamp, _: Duration) -> Answer<Option<Lease>> {
        Ok(None)
    }
    fn wakeups(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}
