//! The bot in a process that dies when it is told to: this very test binary, started with the configuration and the time of
//! its death in its environment.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;

use countersign::args::{Configured, LogFormat};
use countersign::clock::{SpeedClock, SystemClock};
use countersign::commands::Surroundings;
use countersign::{STORE_FILE, logs, serve};
use countersign_core::secret::Scrubber;
use countersign_core::store::Store;
use countersign_core::time::{Clock as _, Timestamp};
use countersign_store::Sqlite;

use crate::support::irc::password;
use crate::support::mortal::{Death, Mortal, Whose};

const CONFIG: &str = "COUNTERSIGN_CRASH_CONFIG";
const DEATH: &str = "COUNTERSIGN_CRASH_AT";
const SPEED: &str = "COUNTERSIGN_CRASH_SPEED";

/// The bot, alive until it dies or is killed.
pub(super) struct Bot {
    child: Child,
    log: PathBuf,
}

impl Bot {
    /// Starts it on a folder with a configuration, at so many times the speed of real life, to die then if at all.
    pub(super) fn start(folder: &Path, speed: u32, death: Option<Death>) -> Self {
        let log = folder.join("log");
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "crash::child::the_bot", "--ignored", "--nocapture"])
            .env(CONFIG, folder.join("countersign.toml"))
            .env(SPEED, speed.to_string())
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        match death {
            Some(death) => command.env(DEATH, death.words()),
            None => command.env_remove(DEATH),
        };
        Self {
            child: command.spawn().unwrap(),
            log,
        }
    }

    /// Whether it is dead, and how it died.
    pub(super) fn is_dead(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Kill -9.
    pub(super) fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().unwrap();
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        self.kill();
    }
}

fn setting(name: &str) -> Option<String> {
    match name {
        "HEROKU_TOKEN" => Some("HRKU-sandbox".to_owned()),
        "GITHUB_TOKEN" => Some("ghp_sandbox".to_owned()),
        "IRC_PASSWORD" => Some(password("bot")),
        _ => None,
    }
}

/// A clock that goes on from the last time that the store has seen: what goes fast is ahead of real time.
async fn clock(data: &Path, speed: f64) -> SpeedClock {
    let path = data.join(STORE_FILE);
    let mut begin = SystemClock.now();
    // A store whose making was cut short has seen nothing; the bot makes it whole.
    if let Ok(store) = Sqlite::open_read_only(path).await {
        let seen = store
            .audit_head()
            .await
            .unwrap()
            .map_or(Timestamp::MIN, |(_, _, at)| at);
        begin = begin.max(seen);
    }
    SpeedClock::starting_at(begin, speed)
}

#[tokio::test]
#[ignore = "a process of its own, which the other tests of this folder start and kill"]
async fn the_bot() {
    rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .ok();
    let scrubber = Arc::new(Scrubber::default());
    logs::start("warn,countersign=info", LogFormat::Text, Arc::clone(&scrubber));
    let config = PathBuf::from(std::env::var(CONFIG).unwrap());
    let speed = std::env::var(SPEED).unwrap().parse().unwrap();
    let death = std::env::var(DEATH).ok().map(|words| Death::read(&words));
    let time = clock(&config.parent().unwrap().join("data"), speed).await;
    let surroundings = Surroundings {
        scrubber,
        environment: Arc::new(setting),
        time: Arc::new(time),
    };
    let wrap = |store: Arc<dyn Store>| -> Arc<dyn Store> {
        match death {
            Some(death) => Arc::new(Mortal::new(store, death, Whose::Process)),
            None => store,
        }
    };
    Box::pin(serve::run(&Configured { config }, surroundings, wrap))
        .await
        .unwrap();
}
