//! A network, a pretend Heroku and GitHub, and two people: what all lives and deaths of a bot have in common.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use toml::{Table, Value};

use super::child::Bot;
use super::world::OnDisk;
use crate::support::irc::{InspIrcd, Line, Person, Services};
use crate::support::mortal::Death;
use crate::support::programs::Sandbox;
use crate::support::serve::{ROOM, Setup};

/// So many times as fast as in real life everything goes.
const SPEED: u32 = 100;

/// Where stories are told again and again.
pub(super) struct Lane {
    pub(super) alice: Person,
    pub(super) bob: Person,
    pub(super) sandbox: Sandbox,
    config: String,
    _irc: InspIrcd,
}

/// Signatures last, and messages do not grow old, although the bot's time is far ahead of the network's.
fn patient(config: &mut Table) {
    let bot = config["bot"].as_table_mut().unwrap();
    bot.insert("stale_after".into(), "10000 h".into());
    for rule in config["rule"].as_array_mut().unwrap() {
        let rule = rule.as_table_mut().unwrap();
        for time in ["pending", "valid"] {
            if rule.contains_key(time) {
                rule.insert(time.into(), Value::from("100 h"));
            }
        }
    }
}

impl Lane {
    pub(super) async fn new() -> Self {
        let mut irc = InspIrcd::start(Services::Atheme).await;
        irc.accounts(&["bot", "alice", "bob"]).await;
        let sandbox = Sandbox::start(SPEED);
        let config = Setup::on(irc.plain(), &sandbox).but(patient).configuration();
        let (alice, bob) = tokio::join!(
            Person::join(irc.plain(), "alice", ROOM),
            Person::join(irc.plain(), "bob", ROOM)
        );
        Self {
            alice,
            bob,
            sandbox,
            config,
            _irc: irc,
        }
    }

    /// A new life, in a world that is as it was in the beginning.
    pub(super) async fn life(&self, death: Option<Death>) -> Life<'_> {
        self.sandbox.post("reset", json!({})).await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("countersign.toml"), &self.config).unwrap();
        Life {
            born: self.alice.mark(),
            death,
            bot: Bot::start(folder.path(), SPEED, death),
            lane: self,
            folder,
        }
    }
}

/// One store, and the bots that live on it one after the other.
pub(super) struct Life<'l> {
    pub(super) lane: &'l Lane,
    pub(super) bot: Bot,
    /// What alice had heard before.
    born: usize,
    /// How the first of them was to die.
    death: Option<Death>,
    folder: tempfile::TempDir,
}

/// What came first.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Came {
    /// One of the lines that were waited for: which, and what it says.
    Line(usize, String),
    /// The bot is dead.
    Death,
}

impl Life<'_> {
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) async fn on_disk(&self) -> Option<OnDisk> {
        OnDisk::read(&self.data()).await
    }

    /// Another bot on the same store, which dies only if it is killed.
    pub(super) fn again(&mut self) {
        self.bot.kill();
        self.bot = Bot::start(self.folder.path(), SPEED, None);
    }

    /// Waits until the bot is in the room, or dead.
    pub(super) async fn comes(&mut self, mark: usize) -> Came {
        self.first(mark, |line| (line.is("JOIN") && is_bot(line)).then_some(0))
            .await
    }

    /// Waits for the first of these texts of the bot's after a mark, or its death.
    pub(super) async fn hears(&mut self, mark: usize, texts: &[&str]) -> Came {
        self.first(mark, |line| {
            (line.is_speech() && is_bot(line))
                .then(|| texts.iter().position(|text| line.text().contains(text)))
                .flatten()
        })
        .await
    }

    async fn first(&mut self, mark: usize, which: impl Fn(&Line) -> Option<usize>) -> Came {
        let end = tokio::time::Instant::now() + Duration::from_mins(1);
        loop {
            // Dead first: what it said before is heard all the same, by whoever looks again.
            let dead = self.bot.is_dead().is_some();
            let found = self
                .lane
                .alice
                .since(mark)
                .iter()
                .find_map(|line| Some((which(line)?, line.text().to_owned())));
            if let Some((nth, text)) = found {
                return Came::Line(nth, text);
            }
            if dead {
                return Came::Death;
            }
            assert!(
                tokio::time::Instant::now() < end,
                "nothing comes\n{}",
                self.told()
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// All that was said in the room in this life.
    pub(super) fn said(&self) -> String {
        let lines = self.lane.alice.since(self.born);
        let spoken = lines.iter().filter(|line| {
            (line.is_speech() && line.target() == ROOM) || (line.ours && line.command == "PRIVMSG")
        });
        let mut said = String::new();
        for line in spoken {
            let who = if line.ours { "alice" } else { &line.from };
            said.extend([who, "> ", line.text(), "\n"]);
        }
        said
    }

    /// For whoever has to find out why.
    pub(super) fn told(&self) -> String {
        let death = self.death;
        format!("--- {death:?}\n{}--- log\n{}", self.said(), self.bot.log())
    }
}

/// Whether the bot sent it. Its nick may still be taken by who it was before it died.
fn is_bot(line: &Line) -> bool {
    line.from.starts_with("bot")
}
