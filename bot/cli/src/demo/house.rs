//! What a demo is played in: a sandbox (its own, or one that runs elsewhere), a store, a clock, a console.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use countersign_console::{Console, Output};
use countersign_core::bot::Bot;
use countersign_core::random::{Random, SeededRandom};
use countersign_core::secret::Scrubber;
use countersign_core::store::Store as _;
use countersign_core::time::{Duration, ManualClock, SteadyClock, Timestamp};
use countersign_sandbox::{Call, Sandbox, Tokens};
use countersign_store::Sqlite;
use url::Url;

use super::databases::{GET_ONE, Installed, Pair};
use super::pace::Pace;
use crate::STORE_FILE;
use crate::args::Demo;
use crate::clock::SpeedClock;
use crate::config::{CONSOLE, Config};
use crate::random::SystemRandom;
use crate::web_side::WebSide;
use crate::wiring::{self, Parts};

/// The configuration of the demo is the example that the project ships.
const CONFIG: &str = include_str!("../../../../deploy/treeherder.toml");
/// The sandbox is on this machine: what it does not answer by then, it does not answer.
const PATIENCE: Duration = Duration::from_secs(1);
/// A Monday morning.
const SCRIPTS_BEGIN: &str = "2026-11-02T09:00:00Z";
/// So much faster than real do things go in front of people: a deploy of six minutes takes eighteen seconds.
const SPEED: f64 = 20.0;

/// What it is played for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A script, on a store that may have seen others.
    Script,
    /// A script on a new store, the same every time.
    Story,
    /// Somebody at a terminal.
    Live,
}

/// What a demo is played in.
pub(super) struct House {
    pub(super) pace: Pace,
    pub(super) config: Box<Config>,
    pub(super) sandbox: Url,
    console: Arc<Console>,
    random: Arc<dyn Random>,
    scrubber: Arc<Scrubber>,
    data: PathBuf,
    own: Option<Sandbox>,
    databases: Option<Pair>,
    // Goes away with the house.
    _throw_away: Option<tempfile::TempDir>,
}

impl House {
    pub(super) async fn open(
        args: &Demo,
        kind: Kind,
        output: Output,
        scrubber: Arc<Scrubber>,
    ) -> anyhow::Result<Self> {
        let (data, throw_away) = folder(args.data.as_deref())?;
        let floor = last_time(&data).await?;
        let (pace, own, sandbox) = world(args, kind, floor).await?;
        // A store that is kept has seen ids already: then they are drawn, and not the same every time.
        let same = kind == Kind::Story || (kind == Kind::Script && args.data.is_none());
        let random: Arc<dyn Random> = if same {
            Arc::new(SeededRandom::new(1))
        } else {
            Arc::new(SystemRandom)
        };
        let first = if same { 1 } else { first_id(&*random) };
        let console = Console::new(CONSOLE.into(), first, pace.clock(), output);
        let console = Arc::new(console);
        let databases = databases(args, kind, &console).await?;
        let mut config = Box::new(config(&sandbox, databases.as_ref())?);
        if kind == Kind::Live {
            config.web = Some(web()?);
        }
        Ok(Self {
            pace,
            config,
            sandbox,
            console,
            random,
            scrubber,
            data,
            own,
            databases,
            _throw_away: throw_away,
        })
    }

    /// Whether there are databases.
    pub(super) fn has_databases(&self) -> bool {
        self.databases.is_some()
    }

    pub(super) fn console(&self) -> Arc<Console> {
        Arc::clone(&self.console)
    }

    /// Starts the bot on the house's store.
    pub(super) async fn start_bot(&self) -> anyhow::Result<(Bot, Arc<Sqlite>)> {
        let store = Arc::new(Sqlite::open(self.data.join(STORE_FILE)).await?);
        let floor = store.audit_head().await?.map_or(Timestamp::MIN, |(_, _, at)| at);
        let parts = Parts {
            store: Arc::clone(&store) as Arc<dyn countersign_core::store::Store>,
            clock: Arc::new(SteadyClock::new(self.pace.clock(), floor)),
            random: Arc::clone(&self.random),
            adapters: vec![self.console() as Arc<dyn countersign_core::chat::Adapter>],
            scrubber: Arc::clone(&self.scrubber),
            // One process at a time has the store, so a new one may go on at once with what the last one held.
            replica: "demo".into(),
        };
        let bot = wiring::bot(&self.config, parts)?;
        bot.recover().await?;
        Ok((bot, store))
    }

    /// Opens the web side for somebody who is there to look at it.
    pub(super) async fn open_web(&self, bot: &Bot) -> anyhow::Result<Option<WebSide>> {
        let adapters: Vec<Arc<dyn countersign_core::chat::Adapter>> = vec![self.console()];
        WebSide::open(self.config.web.as_ref(), bot, adapters, self.pace.clock()).await
    }

    /// Ends it, and says what its own sandbox was asked to change.
    pub(super) async fn close(self) -> Vec<Call> {
        if let Some(databases) = self.databases {
            databases.end().await;
        }
        let Some(sandbox) = self.own else {
            return Vec::new();
        };
        let calls = sandbox.calls();
        sandbox.stop().await;
        calls
    }
}

fn folder(data: Option<&Path>) -> anyhow::Result<(PathBuf, Option<tempfile::TempDir>)> {
    let Some(path) = data else {
        let folder = tempfile::tempdir().context("no temporary folder can be made")?;
        return Ok((folder.path().to_owned(), Some(folder)));
    };
    std::fs::create_dir_all(path).with_context(|| format!("the folder {} cannot be made", path.display()))?;
    Ok((path.to_owned(), None))
}

/// The last time that the store has seen: the clock of a script goes on from there.
async fn last_time(data: &Path) -> anyhow::Result<Option<Timestamp>> {
    let path = data.join(STORE_FILE);
    if !path.exists() {
        return Ok(None);
    }
    let store = Sqlite::open(path).await?;
    let head = store.audit_head().await?;
    store.close().await;
    Ok(head.map(|(_, _, at)| at))
}

/// The sandbox and the clock: with a sandbox of its own a script's clock leaps; somebody else's sandbox says how its
/// time passes, and the bot follows it.
async fn world(
    args: &Demo,
    kind: Kind,
    floor: Option<Timestamp>,
) -> anyhow::Result<(Pace, Option<Sandbox>, Url)> {
    if let Some(url) = &args.sandbox {
        ensure!(
            args.speed.is_none(),
            "--speed goes with a sandbox of the demo's own; the one at {url} has its own speed"
        );
        let clock = crate::clock::follow(url).await?;
        return Ok((Pace::Flows(Arc::new(clock)), None, url.clone()));
    }
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let (pace, sandbox) = match (kind, args.speed) {
        (Kind::Script | Kind::Story, None) => {
            let begin: Timestamp = SCRIPTS_BEGIN.parse()?;
            let clock = Arc::new(ManualClock::new(floor.map_or(begin, |floor| floor.max(begin))));
            let time = Arc::new(crate::clock::Shared(Arc::clone(&clock)));
            (
                Pace::Leaps(clock),
                Sandbox::start(listen, time, Tokens::default()).await?,
            )
        }
        (_, speed) => {
            let clock = Arc::new(SpeedClock::starting_now(speed.unwrap_or(SPEED)));
            (
                Pace::Flows(Arc::clone(&clock)),
                Sandbox::start(listen, clock, Tokens::default()).await?,
            )
        }
    };
    let url = sandbox.heroku_url().parse()?;
    Ok((pace, Some(sandbox), url))
}

/// A database and its replica: for whoever is there to look at them, if a MariaDB is installed.
async fn databases(args: &Demo, kind: Kind, console: &Console) -> anyhow::Result<Option<Pair>> {
    let wanted = kind == Kind::Live || args.databases;
    match Installed::find(&args.path).filter(|_| wanted) {
        Some(installed) if kind == Kind::Live => {
            console.note(["Starting a MariaDB and its replica, a few seconds …"])?;
            match Pair::start(&installed, &SystemRandom).await {
                Ok(pair) => Ok(Some(pair)),
                // The rest of the demo needs none.
                Err(error) => {
                    console.note([format!("{error:#}")])?;
                    Ok(None)
                }
            }
        }
        Some(installed) => Ok(Some(Pair::start(&installed, &SystemRandom).await?)),
        None if args.databases => bail!("there is no MariaDB here: {GET_ONE}"),
        None => Ok(None),
    }
}

fn config(sandbox: &Url, databases: Option<&Pair>) -> anyhow::Result<Config> {
    let tokens = Tokens::default();
    let env = |name: &str| match name {
        "PROD_DB_PASSWORD" => databases.map(|databases| databases.password().to_owned()),
        "HEROKU_TOKEN" => Some(tokens.heroku.clone()),
        "GITHUB_TOKEN" => Some(tokens.github.clone()),
        // The demo's secrets are worth nothing.
        "SEALING_KEY" => Some("0".repeat(64)),
        // The demo is on no network, so nothing is ever logged in to with it.
        _ => Some("none".to_owned()),
    };
    let mut written: toml::Table = CONFIG.parse()?;
    match databases {
        Some(databases) => databases.take_part(&mut written)?,
        // Nobody would answer for them.
        None => drop(written.remove("database")),
    }
    let text = toml::to_string(&written)?;
    let mut config = Config::parse("deploy/treeherder.toml", &text, Path::new(""), &env)?.for_terminal();
    config.heroku.url = sandbox.clone();
    config.github.url = sandbox.join("github/")?;
    config.heroku.timeout = PATIENCE;
    config.github.timeout = PATIENCE;
    Ok(config)
}

/// A web side on this machine alone, on a port that is free.
fn web() -> anyhow::Result<countersign_web::Settings> {
    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    let listen = free.local_addr()?;
    let url = format!("http://{listen}/").parse()?;
    Ok(countersign_web::Settings::new(listen, url))
}

fn first_id(random: &dyn Random) -> u64 {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    // Half of the range is plenty, and counting on from it never wraps.
    u64::from_le_bytes(bytes) / 2
}
