//! What is there before it is measured: the servers, and records of accesses as grants of long ago have left them.

use countersign_core::access::{Access, Kind, NewAccess};
use countersign_core::store::{Batch, Store as _, Write};
use countersign_core::time::{Timestamp, from_millis};

use crate::hand::{DATABASE, Hands};
use crate::support::mysql::Flavour;

/// The memory that a server has unless it is told otherwise, and no log of every statement: the tests' servers have less of
/// the one, and the other.
pub(super) fn as_installed(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::MariaDb => {
            "general-log = 0\ninnodb-buffer-pool-size = 128M\ninnodb-log-file-size = 96M\nkey-buffer-size = 128M\n\
             aria-pagecache-buffer-size = 128M\n"
        }
        Flavour::MySql => {
            "general-log = 0\ninnodb-buffer-pool-size = 128M\ninnodb-redo-log-capacity = 100M\nkey-buffer-size = 8M\n"
        }
    }
}

/// When all of them were made.
pub(super) fn made() -> Timestamp {
    from_millis(1_800_000_000_000)
}

/// One in use.
pub(super) fn access(account: String, ends: Option<Timestamp>) -> Access {
    Access::found(NewAccess {
        id: format!("A-{account}").as_str().into(),
        database: DATABASE.into(),
        account,
        kind: Kind::Person,
        owner: Some("carol".into()),
        requester: None,
        request: None,
        operation: None,
        asked_in: None,
        tables: None,
        made: made(),
        ends,
        latest_end: ends,
        remind_at: None,
    })
}

pub(super) async fn recorded(hands: &Hands, accesses: impl Iterator<Item = Access>) {
    let writes = accesses.map(|access| Write::NewAccess(Box::new(access)));
    let batch = Batch {
        writes: writes.collect(),
        ..Batch::default()
    };
    hands.store.commit(batch).await.unwrap();
}
