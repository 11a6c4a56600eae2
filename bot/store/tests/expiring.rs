//! A great many accesses that end in the same minute: all of them end, none twice, in few transactions, and meanwhile the
//! bot does its other work.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::access::{Access, Found, Keeper, Kind, NewAccess, State, Tended};
use countersign_core::bot::Bot;
use countersign_core::command::Registry;
use countersign_core::context::{Actions, Context};
use countersign_core::id::{AccessId, TargetName};
use countersign_core::message::Room;
use countersign_core::operation::Trouble;
use countersign_core::person::Directory;
use countersign_core::policy::Policy;
use countersign_core::random::SeededRandom;
use countersign_core::secret::Scrubber;
use countersign_core::settings::Settings;
use countersign_core::speaker::Speaker;
use countersign_core::store::{AccessesWhere, Batch, Lock, Store, Write};
use countersign_core::time::{Duration, ManualClock, Timestamp, from_millis};
use countersign_store::Sqlite;
use tokio::sync::oneshot;

const MANY: i64 = 10_000;
const END: i64 = 3600;

fn at(seconds: i64) -> Timestamp {
    from_millis(1_790_000_000_000 + seconds * 1000)
}

/// Says yes to everything, and remembers to what.
#[derive(Default)]
struct Willing {
    ended: Mutex<BTreeMap<AccessId, u32>>,
    rounds: Mutex<Vec<usize>>,
}

#[async_trait]
impl Keeper for Willing {
    async fn tend(&self, due: &[Access], _: Timestamp) -> Vec<(AccessId, Result<Tended, Trouble>)> {
        self.rounds.lock().unwrap().push(due.len());
        let mut ended = self.ended.lock().unwrap();
        let end = |access: &Access| {
            assert!(matches!(access.state, State::Ending { .. }));
            *ended.entry(access.id.clone()).or_default() += 1;
            (access.id.clone(), Ok(Tended::Ended))
        };
        due.iter().map(end).collect()
    }

    async fn look(&self, _: Timestamp) -> Vec<(TargetName, Result<Vec<Found>, Trouble>)> {
        Vec::new()
    }

    fn rooms(&self, _: &TargetName) -> Vec<Room> {
        Vec::new()
    }
}

fn access(n: i64) -> Access {
    let draft = NewAccess {
        id: format!("A{n:05}").into(),
        database: "prod-db".into(),
        account: format!("cs_{n}"),
        kind: Kind::Person,
        owner: None,
        requester: None,
        request: None,
        operation: None,
        asked_in: None,
        tables: None,
        made: at(0),
        ends: Some(at(END + n % 60)),
        latest_end: Some(at(END + 60)),
        remind_at: None,
    };
    Access::found(draft)
}

fn bot(store: Arc<dyn Store>, clock: Arc<ManualClock>, keeper: Arc<Willing>) -> Bot {
    let scrubber = Arc::new(Scrubber::default());
    let context = Context {
        settings: Arc::new(Settings {
            prefix: "!".to_owned(),
            names: Vec::new(),
            directory: Directory::default(),
            policy: Policy::default(),
            targets: BTreeMap::new(),
            stale_after: Duration::from_hours(1),
        }),
        store,
        clock,
        random: Arc::new(SeededRandom::new(1)),
        actions: Actions::default(),
        scrubber: Arc::clone(&scrubber),
        pages: Arc::default(),
        notary: None,
        links: None,
        keeper: Some(keeper),
        replica: "test".into(),
    };
    let speaker = Speaker::new([], scrubber);
    Bot::new(context, Registry::new(), speaker, Vec::new())
}

/// A lock that has run out already.
async fn locks(store: &Sqlite) {
    let lock = Lock {
        target: "stage".into(),
        holder: "alice".into(),
        reason: "load test".into(),
        since: at(0),
        until: Some(at(1)),
        place: countersign_core::message::Place::Room(Room {
            network: "irc".into(),
            name: "#ops".into(),
        }),
    };
    store.commit(Batch::of(Write::Lock(lock))).await.unwrap();
}

/// How many have not ended.
async fn left(store: &Sqlite) -> usize {
    let open = AccessesWhere::Open { database: None };
    store.accesses(open).await.unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_end_none_twice_and_other_work_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Sqlite::open(folder.path().join("store.db")).await.unwrap());
    let mut batch = Batch::default();
    batch
        .writes
        .extend((0..MANY).map(|n| Write::NewAccess(Box::new(access(n)))));
    store.commit(batch).await.unwrap();
    let clock = Arc::new(ManualClock::new(at(END + 60)));
    let keeper = Arc::new(Willing::default());
    let bot = bot(Arc::clone(&store) as _, Arc::clone(&clock), Arc::clone(&keeper));

    let (stop, stopped) = oneshot::channel::<()>();
    let mut changes = store.wakeups();
    let worker = bot.worker();
    let working = tokio::spawn(async move {
        let never = |_| std::future::pending();
        worker.run(never, async { drop(stopped.await) }).await;
    });
    // Something else becomes due while they end.
    let mut lasted = BTreeSet::new();
    changes.changed().await.unwrap();
    locks(&store).await;
    while left(&store).await > 0 {
        if store.locks().await.unwrap().is_empty() {
            lasted.insert(left(&store).await);
        }
        changes.changed().await.unwrap();
    }
    assert!(
        lasted.last().is_some_and(|left| *left > 0),
        "the lock was taken off before all of them had ended"
    );
    stop.send(()).unwrap();
    working.await.unwrap();

    let ended = keeper.ended.lock().unwrap().clone();
    assert_eq!(ended.len(), usize::try_from(MANY).unwrap());
    assert!(ended.values().all(|times| *times == 1), "none twice");
    let rounds = keeper.rounds.lock().unwrap().clone();
    assert!(
        rounds.len() <= 25 && rounds.iter().all(|round| *round <= 500),
        "{rounds:?}"
    );
    assert_eq!(store.waiting_databases(Timestamp::MAX).await.unwrap(), []);
    store.close().await;
}
