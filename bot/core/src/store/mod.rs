//! What core needs of a store. One implementation is SQLite; a PostgreSQL one must fit the same traits, so leases,
//! fencing and wake-ups are part of them.
//!
//! Everything is changed by one method, [`Store::commit`]: a [`Batch`] of preconditions, writes and audit entries
//! that happens whole or not at all. So the audit row is in the transaction of its change (invariant A16), and a
//! rule of core is a pure function from what was read to the batch that is written; if somebody else was faster,
//! the store answers [`StoreError::Conflict`] and core reads again.

mod batch;

use std::collections::BTreeSet;

use async_trait::async_trait;
use countersign_secrets::at_rest::KeyId;
use countersign_secrets::path_id::PathId;

use crate::access::Access;
use crate::approval::Request;
use crate::audit::Record;
use crate::digest::Digest;
use crate::drop_box::DropBox;
use crate::id::{AccessId, BoxId, LinkId, OperationId, PersonId, ReplicaId, RequestId, TargetName};
use crate::link::Link;
use crate::message::Place;
use crate::operation::{Entry, Fence, Operation};
use crate::time::{Duration, Timestamp};

pub use batch::{
    Batch, Conflict, Hold, Lock, MessageKey, Outgoing, OutgoingState, Receipt, Received, Require, Write,
};

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else was faster, or a precondition does not hold. Nothing was written. Read again and decide anew.
    #[error("{0}")]
    Conflict(Conflict),
    /// The store could not be reached or is full. Nothing is known to be written; trying again may work.
    #[error("the store did not answer: {words}")]
    Unavailable {
        /// What was tried.
        words: String,
        /// The error beneath.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What is stored cannot be read. Trying again will not help.
    #[error("{table} {key} in the store cannot be read")]
    Unreadable {
        /// The table.
        table: &'static str,
        /// The row.
        key: String,
        /// The error beneath.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Which requests to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestsWhere {
    /// Those that are not final, oldest first.
    Open,
    /// Those that ended, newest first.
    Ended {
        /// At most so many.
        limit: u32,
    },
}

/// Which operations to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperationsWhere {
    /// Those that are not final, oldest first.
    Open,
    /// All, newest first.
    Newest {
        /// At most so many.
        limit: u32,
        /// On this target only.
        target: Option<TargetName>,
    },
}

/// Which audit records to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditWhere {
    /// Of this person only.
    pub person: Option<PersonId>,
    /// On this target only.
    pub target: Option<TargetName>,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// At most so many, the newest.
    pub limit: u32,
}

/// Which secret links to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinksWhere {
    /// Those that this person asked for or may open, newest first.
    Of {
        /// Whose.
        person: PersonId,
        /// At most so many.
        limit: u32,
    },
    /// Those that something is to be done about, the longest waiting first.
    Due {
        /// By now.
        now: Timestamp,
        /// At most so many.
        limit: u32,
    },
}

/// Which drop boxes to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BoxesWhere {
    /// Those of this person, newest first.
    Of {
        /// Whose.
        person: PersonId,
        /// At most so many.
        limit: u32,
    },
    /// Those that were filled, and whose command was not run yet, oldest first.
    Unplanned,
    /// Those that something is to be done about, the longest waiting first.
    Due {
        /// By now.
        now: Timestamp,
        /// At most so many.
        limit: u32,
    },
}

/// Which accesses to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessesWhere {
    /// Those that have not ended, by database and account.
    Open {
        /// At this database only.
        database: Option<TargetName>,
    },
    /// Those that this person has or asked for, newest first.
    Of {
        /// Whose.
        person: PersonId,
        /// At most so many.
        limit: u32,
    },
    /// Those that ever had this account, newest first.
    Named {
        /// At this database.
        database: TargetName,
        /// The account, without its host.
        account: String,
        /// At most so many.
        limit: u32,
    },
    /// Those at a database that something is to be done about, the longest waiting first.
    Due {
        /// The database.
        database: TargetName,
        /// By now.
        now: Timestamp,
        /// At most so many.
        limit: u32,
    },
    /// All, newest first.
    Newest {
        /// At most so many.
        limit: u32,
    },
}

/// A right to do something alone for a while, such as watching an app for releases. The token grows with every
/// change of holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What it is a lease of.
    pub name: String,
    /// Which lease of it this is.
    pub token: u64,
    /// Until when.
    pub until: Timestamp,
}

/// Everything that must not be lost.
#[async_trait]
pub trait Store: Send + Sync {
    /// Writes a batch, whole or not at all. When this returns, it is on disk.
    async fn commit(&self, batch: Batch) -> Result<Receipt, StoreError>;

    /// A request.
    async fn request(&self, id: &RequestId) -> Result<Option<Request>, StoreError>;

    /// Requests.
    async fn requests(&self, which: RequestsWhere) -> Result<Vec<Request>, StoreError>;

    /// The request that was made most recently.
    async fn newest_request(&self) -> Result<Option<RequestId>, StoreError>;

    /// An operation.
    async fn operation(&self, id: &OperationId) -> Result<Option<Operation>, StoreError>;

    /// Operations.
    async fn operations(&self, which: OperationsWhere) -> Result<Vec<Operation>, StoreError>;

    /// The journal of an operation, in order.
    async fn journal(&self, id: &OperationId) -> Result<Vec<Entry>, StoreError>;

    /// Takes an operation for this process until then, if no other process has it. The fence goes with every batch
    /// that this process writes about it; once another process has claimed it, such batches are refused.
    async fn claim(
        &self,
        id: &OperationId,
        holder: &ReplicaId,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<Option<Fence>, StoreError>;

    /// All locks.
    async fn locks(&self) -> Result<Vec<Lock>, StoreError>;

    /// All holds.
    async fn holds(&self) -> Result<Vec<Hold>, StoreError>;

    /// Messages that were received and not dealt with: what a crash interrupted. Oldest first.
    async fn unhandled(&self) -> Result<Vec<Received>, StoreError>;

    /// A secret link.
    async fn link(&self, id: &LinkId) -> Result<Option<Link>, StoreError>;

    /// The secret link with this address.
    async fn link_at(&self, path: &PathId) -> Result<Option<Link>, StoreError>;

    /// What is locked in a link, while it is live.
    async fn link_content(&self, id: &LinkId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Secret links.
    async fn links(&self, which: LinksWhere) -> Result<Vec<Link>, StoreError>;

    /// A drop box.
    async fn drop_box(&self, id: &BoxId) -> Result<Option<DropBox>, StoreError>;

    /// The drop box with this address.
    async fn drop_box_at(&self, path: &PathId) -> Result<Option<DropBox>, StoreError>;

    /// Drop boxes.
    async fn drop_boxes(&self, which: BoxesWhere) -> Result<Vec<DropBox>, StoreError>;

    /// An access.
    async fn access(&self, id: &AccessId) -> Result<Option<Access>, StoreError>;

    /// The access that has this account at this database, if one that has not ended does.
    async fn access_of(&self, database: &TargetName, account: &str) -> Result<Option<Access>, StoreError>;

    /// Accesses.
    async fn accesses(&self, which: AccessesWhere) -> Result<Vec<Access>, StoreError>;

    /// The databases that have an access that something is to be done about.
    async fn waiting_databases(&self, now: Timestamp) -> Result<Vec<TargetName>, StoreError>;

    /// The keys that anything in the store is sealed with now.
    async fn sealed_with(&self) -> Result<BTreeSet<KeyId>, StoreError>;

    /// Posts that wait to be sent and are due, to one place or to any, oldest first. A post that is not due yet holds
    /// back those after it in its place.
    async fn outgoing(
        &self,
        place: Option<&Place>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Outgoing>, StoreError>;

    /// The places that have a post due, the longest waiting first.
    async fn waiting_places(&self, now: Timestamp) -> Result<Vec<Place>, StoreError>;

    /// When the earliest timer is due: of operations, requests, locks, posts, links, drop boxes and
    /// accesses.
    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError>;

    /// A small value kept under a name, such as how far a watcher has read.
    async fn note(&self, name: &str) -> Result<Option<String>, StoreError>;

    /// Whether something was announced already.
    async fn announced(&self, key: &str) -> Result<bool, StoreError>;

    /// Audit records, newest first.
    async fn audit(&self, which: AuditWhere) -> Result<Vec<Record>, StoreError>;

    /// Audit records from this number on, in order.
    async fn audit_from(&self, seq: u64, limit: u32) -> Result<Vec<Record>, StoreError>;

    /// The number, hash and time of the newest audit record.
    async fn audit_head(&self) -> Result<Option<(u64, Digest, Timestamp)>, StoreError>;

    /// Takes or renews a lease, if no other holder has it now.
    async fn lease(
        &self,
        name: &str,
        holder: &ReplicaId,
        now: Timestamp,
        span: Duration,
    ) -> Result<Option<Lease>, StoreError>;

    /// Changes whenever something was committed, by this process or another.
    fn wakeups(&self) -> tokio::sync::watch::Receiver<u64>;
}
