//! What every store promises, written once against the trait; a new store is one line in [`each_store`].
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

mod accesses;
mod audit;
mod batches;
mod drop_boxes;
mod fencing;
mod formats;
mod inbox;
mod leases;
mod links;
mod locks;
mod notes;
mod operations;
mod outbox;
mod racing;
mod requests;
mod sample;
mod timers;

use std::ops::Deref;
use std::sync::Arc;

use countersign_core::store::{Batch, Conflict, Store, StoreError};
use countersign_store::Sqlite;
use tempfile::TempDir;

/// A store with nothing in it.
struct Fresh {
    store: Arc<dyn Store>,
    _folder: TempDir,
}

impl Deref for Fresh {
    type Target = Arc<dyn Store>;

    fn deref(&self) -> &Self::Target {
        &self.store
    }
}

/// One of each kind.
async fn each_store() -> Vec<Fresh> {
    vec![sqlite().await]
}

async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("store.db")).await.unwrap();
    Fresh {
        store: Arc::new(store),
        _folder: folder,
    }
}

/// Commits what must not be refused.
async fn done(store: &Arc<dyn Store>, batch: Batch) -> u64 {
    store.commit(batch).await.unwrap().audited
}

/// Commits what must be refused, and says why it was.
async fn refused(store: &Arc<dyn Store>, batch: Batch) -> Conflict {
    match store.commit(batch).await {
        Err(StoreError::Conflict(conflict)) => conflict,
        other => panic!("expected a conflict, got {other:?}"),
    }
}
