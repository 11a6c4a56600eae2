//! A bot in this process, on a store that is kept and at which it may die; a real pair of servers and a pretend Heroku, on
//! the way to which it may die too; and a clock that can be put forward.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use countersign::STORE_FILE;
use countersign::clock::SystemClock;
use countersign::config::{CONSOLE, Config};
use countersign::random::SystemRandom;
use countersign::wiring::{self, Parts};
use countersign_console::{Console, Output, Transcript, Where};
use countersign_core::access::{Access, State};
use countersign_core::approval;
use countersign_core::bot::Bot;
use countersign_core::operation;
use countersign_core::reply::plain;
use countersign_core::store::{AccessesWhere, OperationsWhere, RequestsWhere, Store};
use countersign_core::time::{Clock, Timestamp, after};
use countersign_store::Sqlite;
use serde_json::json;
use tempfile::TempDir;
use tokio::time::Instant;
use toml::{Table, Value};

use super::truth::AppUrl;
use crate::support::mortal::{Death, Doom, Mortal, Whose};
use crate::support::mysql::{ADMIN, Flavour, Pair, SCHEMA, Side};
use crate::support::programs::Sandbox;
use crate::support::road::{Fate, Roads};

const CONFIG: &str = include_str!("../../../deploy/treeherder.toml");
/// The database of the stories.
pub(super) const DATABASE: &str = "prod-db";
/// So much faster than real are things at Heroku.
const SPEED: u32 = 1000;
/// How long it may take until nothing goes on any more.
const REST: Duration = Duration::from_mins(1);
/// Who waits for so long waits for time alone, and so much of that passes at once: a request whose reply was lost is given
/// minutes to arrive, and here none is under way.
const BORED: Duration = Duration::from_secs(1);
const LEAP: Duration = Duration::from_secs(45);

/// The real time, and so many milliseconds more.
#[derive(Debug, Default)]
pub(super) struct Ahead(AtomicI64);

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        let millis = u64::try_from(self.0.load(Ordering::SeqCst)).unwrap();
        after(SystemClock.now(), Duration::from_millis(millis))
    }
}

impl Ahead {
    pub(super) fn forward(&self, span: Duration) {
        self.0
            .fetch_add(i64::try_from(span.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

/// How a bot dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At a write of its store.
    Write(Death),
    /// In a call to a server.
    Call(Fate),
    /// So long after it began, whatever it is at.
    At(Duration),
}

/// What all lives have in common.
pub(super) struct World {
    pub(super) pair: Pair,
    pub(super) sandbox: Sandbox,
    /// To the primary, to the replica, and to the pretend Heroku.
    pub(super) roads: Roads,
    config: String,
}

impl World {
    /// With `apps`, what is said to the pretend Heroku counts as well; else that is left to itself, because watching it is
    /// no part of the story.
    pub(super) async fn new(flavour: Flavour, apps: bool) -> Self {
        let pair = Pair::start(flavour).await;
        let sandbox = Sandbox::start(SPEED);
        let heroku: url::Url = sandbox.url.parse().unwrap();
        let servers = [pair.primary().1, pair.replica().1, heroku.port().unwrap()];
        let roads = Roads::to(&servers).await;
        let heroku = if apps {
            format!("http://127.0.0.1:{}", roads.port(servers.len() - 1))
        } else {
            sandbox.url.clone()
        };
        let config = configuration(&pair, &roads, &heroku);
        Self {
            pair,
            sandbox,
            roads,
            config,
        }
    }

    /// Where the bot finds a server, by the name in its certificate.
    pub(super) fn address(&self, side: Side) -> (&'static str, u16) {
        (self.pair.address(side).0, self.roads.port(side as usize))
    }

    /// A store that nobody has used, and what lives on it one after the other.
    pub(super) async fn begin(&self) -> House<'_> {
        self.sandbox.post("reset", json!({})).await;
        House {
            world: self,
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::default(),
            said: Transcript::new(),
        }
    }
}

fn configuration(pair: &Pair, roads: &Roads, url: &str) -> String {
    let mut config: Table = CONFIG.parse().unwrap();
    config["heroku"].as_table_mut().unwrap()["url"] = format!("{url}/").into();
    config["github"].as_table_mut().unwrap()["url"] = format!("{url}/github/").into();
    // Signatures have stories of their own; here they would only be more writes to die at.
    let rule = "[[rule]]\nname = \"all\"\ncommands = [\"*\"]\nroles = [\"deployer\", \"reader\"]\n";
    config["rule"] = rule.parse::<Table>().unwrap()["rule"].clone();
    let [(host, port), (replica, replica_port)] =
        Side::BOTH.map(|side| (pair.address(side).0, roads.port(side as usize)));
    let database = format!(
        "[[database]]\nname = \"{DATABASE}\"\napp = \"prod\"\nrooms = [\"#treeherder\"]\nschema = \"{SCHEMA}\"\n\
         primary = \"{host}:{port}\"\nreplica = \"{replica}:{replica_port}\"\nuser = \"{ADMIN}\"\n\
         password = {{ env = \"DB\" }}\nca = \"{ca}\"\nkill = \"rds\"\ndays = 30\nmax_days = 90\nremind = \"3 d\"\n\
         [database.tables]\nread = [\"job\", \"push\", \"repository\"]\nnever = [\"django_*\", \"auth_*\"]\n\
         columns = {{ auth_user = [\"id\", \"username\", \"email\"] }}\n\
         [[database.account]]\nname = \"activedata\"\nowner = \"carol\"\n\
         [[database.account]]\nname = \"th_admin\"\napp = \"prod\"\nvar = \"DATABASE_URL\"\n",
        ca = pair.ca().display(),
    );
    config["database"] = database.parse::<Table>().unwrap()["database"].clone();
    if let Value::Array(apps) = &mut config["app"] {
        apps.retain(|app| app["name"].as_str() == Some("prod"));
    }
    toml::to_string(&config).unwrap()
}

/// One store, and the bots that live on it one after the other.
pub(super) struct House<'w> {
    pub(super) world: &'w World,
    folder: TempDir,
    pub(super) clock: Arc<Ahead>,
    /// All that was said, by everybody.
    pub(super) said: Transcript,
}

impl House<'_> {
    /// Sets config vars of the app, as its owners would.
    pub(super) async fn sets(&self, vars: serde_json::Value) {
        let url = format!("{}/apps/treeherder-prod/config-vars", self.world.sandbox.url);
        let request = heroku(reqwest::Method::PATCH, &url).json(&vars);
        request.send().await.unwrap().error_for_status().unwrap();
    }

    /// The app's DATABASE_URL, and whether its release phase is switched off.
    pub(super) async fn config(&self) -> (AppUrl, bool) {
        let url = format!("{}/apps/treeherder-prod/config-vars", self.world.sandbox.url);
        let answer = heroku(reqwest::Method::GET, &url).send().await.unwrap();
        let vars: serde_json::Value = answer.error_for_status().unwrap().json().await.unwrap();
        let url = AppUrl(vars["DATABASE_URL"].as_str().unwrap().parse().unwrap());
        let skips = vars.get("SKIP_PREDEPLOY").is_some_and(|value| !value.is_null());
        (url, skips)
    }

    /// Starts a bot, to die then if at all.
    pub(super) async fn wakes(&self, end: Option<End>) -> Life {
        let folder = self.folder.path();
        let env = |name: &str| match name {
            "SEALING_KEY" => Some("5a".repeat(32)),
            "DB" => Some(self.world.pair.admin_password().to_owned()),
            "HEROKU_TOKEN" => Some("HRKU-sandbox".to_owned()),
            "GITHUB_TOKEN" => Some("ghp_sandbox".to_owned()),
            _ => Some("nobody-takes-this".to_owned()),
        };
        let config = Config::parse("test.toml", &self.world.config, folder, &env)
            .unwrap()
            .for_terminal();
        let store = Arc::new(Sqlite::open(folder.join(STORE_FILE)).await.unwrap());
        let doom = Doom::default();
        let kept = Arc::clone(&store) as Arc<dyn Store>;
        let kept = match end {
            Some(End::Write(death)) => Mortal::new(kept, death, Whose::Bot(doom.clone())),
            _ => Mortal::doomed(kept, doom.clone()),
        };
        let fate = match end {
            Some(End::Call(fate)) => Some(fate),
            _ => None,
        };
        self.world.roads.begin(fate, &doom);
        let output = Output::stream(self.said.clone());
        let console = Console::new(
            CONSOLE.into(),
            self.clock.now().as_millisecond().unsigned_abs(),
            Arc::clone(&self.clock) as _,
            output,
        );
        let console = Arc::new(console);
        let parts = Parts {
            store: Arc::new(kept),
            clock: Arc::clone(&self.clock) as _,
            random: Arc::new(SystemRandom),
            adapters: vec![Arc::clone(&console) as _],
            scrubber: Arc::default(),
            // One at a time has the store, so a new one goes on at once with what the last one held.
            replica: "test".into(),
        };
        let bot = wiring::bot(&config, parts).unwrap();
        Life {
            bot,
            store,
            console,
            clock: Arc::clone(&self.clock),
            doom,
            at: match end {
                Some(End::At(at)) => Some(at),
                _ => None,
            },
        }
    }
}

fn heroku(method: reqwest::Method, url: &str) -> reqwest::RequestBuilder {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    client
        .request(method, url)
        .bearer_auth("HRKU-sandbox")
        .header("accept", "application/vnd.heroku+json; version=3")
}

/// A bot, until it dies.
pub(super) struct Life {
    pub(super) bot: Bot,
    pub(super) store: Arc<Sqlite>,
    console: Arc<Console>,
    clock: Arc<Ahead>,
    doom: Doom,
    /// When it dies, if by the clock.
    at: Option<Duration>,
}

impl Life {
    /// Lives until this is over or it dies. Says whether it died.
    pub(super) async fn lives(&self, story: impl Future<Output = ()>) -> bool {
        let by_the_clock = async {
            match self.at {
                Some(at) => tokio::time::sleep(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = story => false,
            () = self.doom.struck() => true,
            () = by_the_clock => {
                self.doom.strike();
                true
            }
        }
    }

    /// Takes up what it finds.
    pub(super) async fn recovers(&self) {
        self.bot.recover().await.unwrap();
        self.rests().await;
    }

    /// Somebody says something in the room, and it is waited until nothing goes on any more.
    pub(super) async fn hears(&self, who: &str, text: &str) {
        let message = self
            .console
            .message(who, &Where::Room("#treeherder".into()), text);
        self.bot.hear(&message).await;
        self.rests().await;
    }

    /// Waits until nothing goes on by itself.
    pub(super) async fn rests(&self) {
        let mut worker = self.bot.worker();
        let mut began = Instant::now();
        let end = began + REST;
        loop {
            worker.drain().await.unwrap();
            let Some(why) = self.goes_on().await else {
                break;
            };
            assert!(Instant::now() < end, "it comes to no rest: {why}");
            if began.elapsed() > BORED {
                self.clock.forward(LEAP);
                began = Instant::now();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.console.flush().await.unwrap();
    }

    /// What goes on by itself, if anything does.
    async fn goes_on(&self) -> Option<String> {
        let store = &self.store;
        let open = store.operations(OperationsWhere::Open).await.unwrap();
        let running = open.iter().find(|one| one.state == operation::State::Running);
        if let Some(running) = running {
            let (id, step, doubt) = (&running.id, running.step, &running.doubt);
            return Some(format!("operation {id} at step {step}, {doubt:?}"));
        }
        let requests = store.requests(RequestsWhere::Open).await.unwrap();
        let approved = requests
            .iter()
            .find(|one| matches!(one.state, approval::State::Approved { .. }));
        if let Some(approved) = approved {
            return Some(format!("request {}", approved.id));
        }
        let accesses = self.accesses().await;
        let busy = accesses
            .iter()
            .find(|one| one.waits_for_the_server() || one.state == State::Preparing);
        busy.map(|busy| format!("access {busy:?}"))
    }

    /// What waits to be said.
    pub(super) async fn has_yet_to_say(&self) -> String {
        let waiting = self.store.outgoing(None, self.clock.now(), 99).await.unwrap();
        let lines = waiting.iter().flat_map(|one| plain(&one.post));
        lines.fold(String::new(), |said, line| said + &line + "\n")
    }

    /// The accesses that are not over.
    pub(super) async fn accesses(&self) -> Vec<Access> {
        let open = AccessesWhere::Open { database: None };
        self.store.accesses(open).await.unwrap()
    }

    /// It is gone: nothing of it is ever written or said again.
    pub(super) async fn ends(self) {
        drop(self.bot);
        self.store.close().await;
    }
}
