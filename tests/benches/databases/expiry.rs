//! A great many accesses whose time is over in the same minute, and the bot's worker, which ends them at real servers.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use countersign_core::access::{Access, Found, Keeper, Tended};
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
use countersign_core::store::{AccessesWhere, Store as _};
use countersign_core::time::{ManualClock, Timestamp, after};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::hand::Hands;
use crate::records::{access, as_installed, made, recorded};
use crate::support::mysql::{Flavour, Pair, Side};

const SIZES: [usize; 3] = [500, 2_000, 10_000];
const MINUTE: Duration = Duration::from_mins(1);
/// So many are made in one go.
const TOGETHER: usize = 250;
/// Tables that each of them may read.
const TABLES: [&str; 3] = ["job", "push", "repository"];

pub(super) async fn figures(name: &str, flavour: Flavour, sizes: &[usize]) {
    println!("{name}: accesses that expire in one minute: until all are gone from both servers");
    for &many in if sizes.is_empty() { &SIZES } else { sizes } {
        let pair = Pair::with(flavour, as_installed(flavour)).await;
        let hands = Hands::new(&pair, None).await;
        prepared(&pair, &hands, many).await;
        let counting = Arc::new(Counting::of(countersign_databases::keeper(&hands.databases)));
        let began = Instant::now();
        all_end(&hands, Arc::clone(&counting)).await;
        let took = began.elapsed();
        let ended = counting.ended();
        assert_eq!(ended.len(), many, "all end");
        assert!(ended.values().all(|times| *times == 1), "none twice");
        pair.caught_up().await;
        for side in Side::BOTH {
            let left = "SELECT COUNT(*) FROM mysql.user WHERE User LIKE 'cs\\_%'";
            assert_eq!(
                pair.sql(side, left).await.trim(),
                "0",
                "none is left on the {}",
                side.name()
            );
        }
        println!("{many}: {:.1} s", took.as_secs_f64());
    }
}

fn account(number: usize) -> String {
    format!("cs_bench_{number:05}")
}

/// The accounts with what they may read, and their records.
async fn prepared(pair: &Pair, hands: &Hands, many: usize) {
    let names: Vec<String> = (0..many).map(account).collect();
    for some in names.chunks(TOGETHER) {
        let each = |name: &String| format!("{name}@'%'");
        let made = some
            .iter()
            .map(|name| format!("{} IDENTIFIED BY 'canary-{name}'", each(name)));
        let made = made.collect::<Vec<_>>().join(", ");
        let to = some.iter().map(each).collect::<Vec<_>>().join(", ");
        let grants = TABLES.map(|table| format!("GRANT SELECT ON treeherder.{table} TO {to};"));
        let sql = format!("CREATE USER {made} REQUIRE SSL;{}", grants.concat());
        pair.sql(Side::Primary, &sql).await;
    }
    pair.caught_up().await;
    let ends = |number: usize| {
        let seconds = u64::try_from(number % 60).unwrap();
        after(made(), Duration::from_hours(720) + Duration::from_secs(seconds))
    };
    recorded(
        hands,
        (0..many).map(|number| access(account(number), Some(ends(number)))),
    )
    .await;
}

/// The bot's worker, in the minute in which all of them are over.
async fn all_end(hands: &Hands, keeper: Arc<Counting>) {
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
        store: Arc::clone(&hands.store) as _,
        clock: Arc::new(ManualClock::new(after(
            made(),
            Duration::from_hours(720) + MINUTE,
        ))),
        random: Arc::new(SeededRandom::new(1)),
        actions: Actions::default(),
        scrubber: Arc::clone(&scrubber),
        pages: Arc::default(),
        notary: None,
        links: None,
        keeper: Some(keeper),
        replica: "bench".into(),
    };
    let bot = Bot::new(context, Registry::new(), Speaker::new([], scrubber), Vec::new());
    let (stop, stopped) = oneshot::channel::<()>();
    let mut changes = hands.store.wakeups();
    let worker = bot.worker();
    let working = tokio::spawn(async move {
        let never = |_| std::future::pending();
        worker.run(never, async { drop(stopped.await) }).await;
    });
    while !open(hands).await.is_empty() {
        changes.changed().await.unwrap();
    }
    stop.send(()).unwrap();
    working.await.unwrap();
}

async fn open(hands: &Hands) -> Vec<Access> {
    hands
        .store
        .accesses(AccessesWhere::Open { database: None })
        .await
        .unwrap()
}

/// The databases' keeper, and how often it ended which access.
struct Counting {
    inner: Arc<dyn Keeper>,
    ended: Mutex<BTreeMap<AccessId, u32>>,
}

impl Counting {
    fn of(inner: Arc<dyn Keeper>) -> Self {
        Self {
            inner,
            ended: Mutex::default(),
        }
    }

    fn ended(&self) -> BTreeMap<AccessId, u32> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Keeper for Counting {
    async fn tend(&self, due: &[Access], now: Timestamp) -> Vec<(AccessId, Result<Tended, Trouble>)> {
        let came = self.inner.tend(due, now).await;
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, tended) in &came {
            match tended {
                Ok(Tended::Ended) => *ended.entry(id.clone()).or_default() += 1,
                Ok(_) => {}
                Err(trouble) => println!("{id}: {}", trouble.words),
            }
        }
        drop(ended);
        came
    }

    async fn look(&self, now: Timestamp) -> Vec<(TargetName, Result<Vec<Found>, Trouble>)> {
        self.inner.look(now).await
    }

    fn rooms(&self, database: &TargetName) -> Vec<Room> {
        self.inner.rooms(database)
    }
}
