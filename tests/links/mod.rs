//! Secret links on the real store, through the bot's own door: races, kills in between, and thieves who try.
#![expect(
    clippy::print_stdout,
    reason = "the process that is killed says what it has won as it wins it"
)]

mod http;
mod keys;
mod kills;
pub(crate) mod made;
mod races;
mod thief;

use std::sync::Arc;

use countersign_core::door::Door;
use countersign_core::link::State;
use countersign_core::store::Store as _;
use countersign_core::time::ManualClock;
use countersign_store::Sqlite;

/// A store in a folder, and the door to it.
async fn at(folder: &std::path::Path) -> (Arc<Sqlite>, Door) {
    let store = Arc::new(Sqlite::open(folder.join("store.db")).await.unwrap());
    let door = made::door(Arc::clone(&store) as _, Arc::new(ManualClock::new(made::now())));
    (store, door)
}

/// Each of so many links was opened, and nothing is in it any more.
async fn all_were_opened(folder: &std::path::Path, links: u64) {
    let store = Sqlite::open_read_only(folder.join("store.db")).await.unwrap();
    for n in 0..links {
        let found = store.link(&made::link(n).id).await.unwrap().unwrap();
        assert!(
            matches!(found.state, State::Redeemed { .. }),
            "{n} is {:?}",
            found.state
        );
        assert_eq!(store.link_content(&found.id).await.unwrap(), None);
    }
    store.close().await;
}

/// L1, on the store that is used: exactly one of any number.
#[tokio::test(flavor = "multi_thread")]
async fn of_2_of_16_and_of_256_who_open_a_link_at_once_one_does() {
    let folder = tempfile::tempdir().unwrap();
    let (store, door) = at(folder.path()).await;
    made::make(&*store, 0..3_120).await;
    races::races(&door, 0..3_000, 2, 64).await;
    races::races(&door, 3_000..3_100, 16, 8).await;
    races::races(&door, 3_100..3_120, 256, 1).await;
    store.close().await;
}
