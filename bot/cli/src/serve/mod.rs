//! `countersign serve`: the bot on its networks, until it is told to end.
//!
//! One task hears everything and puts it in order ([`turns`]); each command is dealt with in a task of its own
//! ([`hear`]), everything that is due by the worker ([`work`]). All that must not be lost is in the store, so the process
//! may be killed at any instant; SIGTERM only makes it polite ([`stop`]). SIGHUP makes a whole new bot of the
//! configuration and puts it in the place of the old one ([`reload`]).

mod folder;
mod hear;
mod reload;
mod signals;
mod stop;
mod turns;
mod work;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use countersign_core::bot::Bot;
use countersign_core::chat::Heard;
use countersign_core::message::{Place, Room};
use countersign_core::random::Random;
use countersign_core::reply::{Post, Reply, Tone};
use countersign_core::store::{Batch, Store, Write};
use countersign_core::time::{Clock, Duration, SteadyClock, Timestamp};
use countersign_store::Sqlite;
use tokio::sync::mpsc;

use self::hear::Hearing;
use self::work::{Pace, Work};
use crate::STORE_FILE;
use crate::args::Configured;
use crate::clock::SystemClock;
use crate::commands::Surroundings;
use crate::config::Config;
use crate::random::SystemRandom;
use crate::web_side::WebSide;
use crate::wiring::{self, Ears, Networks, Parts};

pub use self::signals::Order;

/// How much of what was heard may wait before the networks do.
const EARS: usize = 256;
/// The pause before a worker that broke off is replaced.
const PAUSE: Duration = Duration::from_secs(1);
/// One process at a time has the store, so a new one may go on at once with what the last one held.
const REPLICA: &str = "serve";

/// Runs until SIGTERM or SIGINT. `wrap` is put around the store: it is the store itself but for tests, which break it.
pub async fn run(
    args: &Configured,
    surroundings: Surroundings,
    wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
) -> anyhow::Result<()> {
    run_until(args, surroundings, wrap, signals::listen()?).await
}

/// The same for who gives the orders itself. Whoever drops the other end wants it to end.
pub async fn run_until(
    args: &Configured,
    surroundings: Surroundings,
    wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    mut orders: mpsc::Receiver<Order>,
) -> anyhow::Result<()> {
    let mut serve = Serve::start(args, surroundings, wrap).await?;
    serve.until_stopped(&mut orders).await;
    serve.stop(&mut orders).await;
    Ok(())
}

/// The bot at work.
struct Serve {
    path: PathBuf,
    surroundings: Surroundings,
    store: Arc<dyn Store>,
    /// The same, to be closed.
    sqlite: Arc<Sqlite>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    heard: mpsc::Receiver<Heard>,
    hearing: Hearing,
    // What follows is another when the configuration is.
    config: Config,
    networks: Networks,
    bot: Arc<Bot>,
    /// Absent if there is none, and once it was closed.
    web: Option<WebSide>,
    /// Absent once it was stopped.
    work: Option<Work>,
}

impl Serve {
    async fn start(
        args: &Configured,
        surroundings: Surroundings,
        wrap: impl FnOnce(Arc<dyn Store>) -> Arc<dyn Store>,
    ) -> anyhow::Result<Self> {
        let config = Config::load(&args.config, &*surroundings.environment)?;
        folder::make(&config.bot.data)?;
        let sqlite = Arc::new(Sqlite::open(config.bot.data.join(STORE_FILE)).await?);
        if let Err(wrong_key) = wiring::openable(&config, &*sqlite).await {
            // Nothing is left beside the store, and no network has seen the bot.
            sqlite.close().await;
            return Err(wrong_key);
        }
        let floor = sqlite.audit_head().await?.map_or(Timestamp::MIN, |(_, _, at)| at);
        let time = Arc::clone(&surroundings.time);
        let clock: Arc<dyn Clock> = Arc::new(SteadyClock::new(Arc::clone(&time), floor));
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let (sender, heard) = mpsc::channel(EARS);
        // Networks live in real time, whatever the bot's is.
        let ears = Ears {
            clock: Arc::new(SystemClock),
            random: Arc::clone(&random),
            heard: sender,
        };
        let networks = Networks::start(&config, ears).await?;
        let store = wrap(Arc::clone(&sqlite) as Arc<dyn Store>);
        let parts = Parts {
            store: Arc::clone(&store),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
            adapters: networks.adapters(),
            scrubber: Arc::clone(&surroundings.scrubber),
            replica: REPLICA.into(),
        };
        let bot = Arc::new(wiring::bot(&config, parts)?);
        bot.recover().await?;
        let adapters = networks.adapters();
        let web = WebSide::open(config.web.as_ref(), &bot, adapters, Arc::clone(&clock)).await?;
        tracing::info!(
            "countersign {} with {}: the store is in {}, the socket is {}",
            env!("CARGO_PKG_VERSION"),
            args.config.display(),
            config.bot.data.display(),
            config.local.socket.display()
        );
        Ok(Self {
            path: args.config.clone(),
            surroundings,
            store,
            sqlite,
            work: Some(Work::start(
                &bot,
                Pace {
                    clock: Arc::clone(&clock),
                    time,
                },
            )),
            clock,
            random,
            heard,
            hearing: Hearing::default(),
            config,
            networks,
            bot,
            web,
        })
    }

    /// A bot of this configuration, on the networks of now.
    fn make_bot(&self, config: &Config) -> anyhow::Result<Bot> {
        let parts = Parts {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
            adapters: self.networks.adapters(),
            scrubber: Arc::clone(&self.surroundings.scrubber),
            replica: REPLICA.into(),
        };
        wiring::bot(config, parts)
    }

    fn pace(&self) -> Pace {
        Pace {
            clock: Arc::clone(&self.clock),
            time: Arc::clone(&self.surroundings.time),
        }
    }

    async fn until_stopped(&mut self, orders: &mut mpsc::Receiver<Order>) {
        loop {
            tokio::select! {
                biased;
                order = orders.recv() => match order {
                    Some(Order::Reload) => self.reload().await,
                    Some(Order::Stop) | None => return,
                },
                next = self.hearing.ended() => if let Some(next) = next { self.begin(next) },
                Some(heard) = self.heard.recv(), if self.hearing.has_room() => self.hear(heard).await,
                () = ended(&mut self.work) => {
                    tokio::time::sleep(PAUSE).await;
                    self.work = Some(Work::start(&self.bot, self.pace()));
                }
            }
        }
    }
}

/// A worker never ends by itself. If one does, that was logged, and it is replaced.
async fn ended(work: &mut Option<Work>) {
    match work {
        Some(work) => work.ended().await,
        None => std::future::pending().await,
    }
}

/// Tells the people who look after the bot.
async fn tell(store: &dyn Store, rooms: &[Room], words: &str, tone: Tone) {
    let mut batch = Batch::default();
    for room in rooms {
        let post = Post::to(Place::Room(room.clone()), Reply::line(words).toned(tone));
        batch.writes.push(Write::Enqueue(post));
    }
    if batch.writes.is_empty() {
        return;
    }
    if let Err(error) = store.commit(batch).await {
        tracing::error!(%error, "the people who look after the bot were not told");
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serve")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
