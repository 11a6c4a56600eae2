//! The bot without a demo around it: its own store and clock, a console that is read back, and providers that are away.

use std::path::Path;
use std::sync::Arc;

use countersign::config::{CONSOLE, Config};
use countersign::wiring::{self, Parts};
use countersign_console::{Console, Output, Transcript, Where};
use countersign_core::bot::Bot;
use countersign_core::message::Message;
use countersign_core::random::SeededRandom;
use countersign_core::time::{ManualClock, from_millis};
use countersign_store::Sqlite;

const CONFIG: &str = include_str!("../../deploy/treeherder.toml");

/// The text of a configuration without its databases: nobody is there to answer for them.
pub(crate) fn without_databases(text: &str) -> String {
    let mut within = false;
    let kept = text.lines().filter(|line| {
        if line.starts_with('[') {
            within = line.starts_with("[[database") || line.starts_with("[database");
        }
        !within
    });
    kept.flat_map(|line| [line, "\n"]).collect()
}

/// A bot that is started and stopped by hand.
pub(crate) struct Lonely {
    pub(crate) bot: Bot,
    pub(crate) store: Arc<Sqlite>,
    pub(crate) console: Arc<Console>,
    transcript: Transcript,
}

impl Lonely {
    pub(crate) async fn start(data: &Path) -> Self {
        let clock = Arc::new(ManualClock::new(from_millis(1_800_000_000_000)));
        let transcript = Transcript::new();
        let output = Output::stream(transcript.clone());
        let console = Arc::new(Console::new(CONSOLE.into(), 1, Arc::clone(&clock) as _, output));
        let store = Arc::new(Sqlite::open(data.join("store")).await.unwrap());
        let env = |name: &str| match name {
            "SEALING_KEY" => Some("5a".repeat(32)),
            _ => Some("a-token-that-nobody-takes".to_owned()),
        };
        let mut config = Config::parse("treeherder.toml", &without_databases(CONFIG), data, &env)
            .unwrap()
            .for_terminal();
        // Nobody listens there.
        config.heroku.url = "http://127.0.0.1:9/".parse().unwrap();
        config.github.url = config.heroku.url.clone();
        let parts = Parts {
            store: Arc::clone(&store) as _,
            clock: Arc::clone(&clock) as _,
            random: Arc::new(SeededRandom::new(1)),
            adapters: vec![Arc::clone(&console) as _],
            scrubber: Arc::default(),
            replica: "test".into(),
        };
        let bot = wiring::bot(&config, parts).unwrap();
        bot.recover().await.unwrap();
        Self {
            bot,
            store,
            console,
            transcript,
        }
    }

    /// A message of alice's in #treeherder, as if she had just said it.
    pub(crate) fn says(&self, text: &str) -> Message {
        self.console
            .message("alice", &Where::Room("#treeherder".into()), text)
    }

    /// What the bot said since the last time.
    pub(crate) async fn heard(&self, message: &Message) -> String {
        self.bot.hear(message).await;
        // Answers of decisions come out of the outbox.
        self.bot.worker().drain().await.unwrap();
        self.transcript.take()
    }

    /// Stops it as a kill would: nothing is said or written any more.
    pub(crate) async fn stop(self) {
        drop(self.bot);
        self.store.close().await;
    }
}
