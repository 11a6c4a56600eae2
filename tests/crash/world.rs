//! What is so, seen from outside: what the bot has on disk, what the providers were asked to do, what the room was told.

use std::path::Path;

use countersign::STORE_FILE;
use countersign_core::operation::{Operation, State};
use countersign_core::store::{OperationsWhere, RequestsWhere, Store as _};
use countersign_core::time::Timestamp;
use countersign_core::{approval, id::RequestId};
use countersign_store::Sqlite;

/// What the bot has on disk.
#[derive(Debug)]
pub(super) struct OnDisk {
    /// Messages that it took and has not dealt with.
    pub(super) unhandled: usize,
    /// Posts that wait.
    pub(super) unsaid: usize,
    /// Requests that wait for a signature, and the votes that they have.
    pub(super) pending: Vec<(RequestId, usize)>,
    /// Requests that have all signatures and have not begun.
    pub(super) approved: usize,
    /// All operations, newest first.
    pub(super) operations: Vec<Operation>,
}

impl OnDisk {
    /// Nothing, if the bot never got as far as to make its store.
    pub(super) async fn read(data: &Path) -> Option<Self> {
        let path = data.join(STORE_FILE);
        if !path.exists() {
            return None;
        }
        let store = Sqlite::open_read_only(path).await.ok()?;
        let open = store.requests(RequestsWhere::Open).await.unwrap();
        let pending = open
            .iter()
            .filter(|request| request.state == approval::State::Pending)
            .map(|request| (request.id.clone(), request.votes.len()));
        let newest = OperationsWhere::Newest {
            limit: 50,
            target: None,
        };
        let on_disk = Self {
            unhandled: store.unhandled().await.unwrap().len(),
            unsaid: store.outgoing(None, Timestamp::MAX, 99).await.unwrap().len(),
            pending: pending.collect(),
            approved: open
                .iter()
                .filter(|request| matches!(request.state, approval::State::Approved { .. }))
                .count(),
            operations: store.operations(newest).await.unwrap(),
        };
        store.close().await;
        Some(on_disk)
    }

    /// Whether nothing goes on by itself any more.
    pub(super) fn is_at_rest(&self) -> bool {
        let running = |operation: &Operation| operation.state == State::Running;
        self.unhandled == 0 && self.unsaid == 0 && self.approved == 0 && !self.operations.iter().any(running)
    }

    /// Operations that came to their good end.
    pub(super) fn succeeded(&self) -> usize {
        let good = |operation: &&Operation| matches!(operation.state, State::Succeeded { .. });
        self.operations.iter().filter(good).count()
    }

    /// Operations of which nobody knows what a step did.
    pub(super) fn unknown(&self) -> usize {
        let unknown = |operation: &&Operation| matches!(operation.state, State::Unknown { .. });
        self.operations.iter().filter(unknown).count()
    }
}
