//! Where these stories are told: a network with accounts, the bot in its room, and a database with a replica.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::irc::house::House;
use crate::support::browser::Browser;
use crate::support::http;
use crate::support::irc::{InspIrcd, Line, Options, Person, Services};
use crate::support::mysql::{Flavour, Pair, Side};
use crate::support::serve::{ROOM, Setup};
use crate::web::asking::{Letter, asks, hears_the_phrase, signs};

/// How long something at two servers may take that the bot does step by step.
const RUN: Duration = Duration::from_secs(90);

/// The network, the bot and its database.
pub(super) struct Place {
    // The bot ends before what it uses.
    pub(super) house: House,
    pub(super) pair: Pair,
}

impl Place {
    pub(super) async fn new(flavour: Flavour) -> Self {
        Self::with(flavour, |setup| setup).await
    }

    /// With a bot that is not as in most stories.
    pub(super) async fn with(flavour: Flavour, setup: impl FnOnce(Setup) -> Setup) -> Self {
        Self::on(Pair::start(flavour), setup).await
    }

    /// With servers that are not as in most stories.
    pub(super) async fn on(pair: impl Future<Output = Pair>, setup: impl FnOnce(Setup) -> Setup) -> Self {
        let network = House::network(Options::with(Services::Atheme));
        let (irc, pair) = tokio::join!(network, pair);
        let with = |plain: Setup| setup(plain.with_web().with_database(&pair));
        let house = House::on(irc, InspIrcd::tls, with).await;
        Self { house, pair }
    }

    /// These people, in the bot's room.
    pub(super) async fn people<const N: usize>(&self, names: [&str; N]) -> [Person; N] {
        let all = names.map(|name| self.house.person(name));
        futures_util::future::join_all(all).await.try_into().ok().unwrap()
    }

    /// Whether a server has an account of this name, and whether that is locked.
    pub(super) async fn account(&self, side: Side, user: &str) -> Option<bool> {
        let found = format!("SELECT COUNT(*) FROM mysql.user WHERE user = '{user}'");
        if self.pair.sql(side, &found).await == "0" {
            return None;
        }
        let shown = self
            .pair
            .sql(side, &format!("SHOW CREATE USER '{user}'@'%'"))
            .await;
        Some(shown.contains("ACCOUNT LOCK"))
    }

    /// The accounts of the bot's on the primary.
    pub(super) async fn accounts(&self) -> String {
        let ours = "SELECT user FROM mysql.user WHERE user LIKE 'cs\\\\_%' ORDER BY user";
        self.pair.sql(Side::Primary, ours).await
    }

    /// Waits until no other account of ours is there: the twin goes when it has served.
    pub(super) async fn has_only(&self, account: &str) {
        let end = Instant::now() + RUN;
        loop {
            let there = self.accounts().await;
            if there == account {
                break;
            }
            assert!(Instant::now() < end, "{there:?} are there");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// Waits for a line of the bot's in its room.
pub(super) async fn hears(person: &Person, words: &str) -> Line {
    let is_it = |line: &Line| {
        line.is_speech() && line.from == "bot" && line.target() == ROOM && line.text().contains(words)
    };
    person
        .sees_within(RUN, &format!("{words:?} in {ROOM}"), is_it)
        .await
}

/// Waits for the end of an operation, and says all of what is told of it: that may be more than one line holds.
pub(super) async fn hears_the_end(person: &Person, words: &str) -> String {
    let first = hears(person, words).await;
    let mut told = first.text().to_owned();
    while !told.split_once("[op").is_some_and(|(_, id)| id.contains(']')) {
        told = format!("{told} {}", hears(person, "").await.text());
    }
    told
}

/// Waits for a line of the bot's where nobody else reads.
pub(super) async fn hears_directly(person: &Person, words: &str) -> Line {
    let nick = person.nick();
    let is_it = |line: &Line| {
        line.is_speech() && line.from == "bot" && line.target() == nick && line.text().contains(words)
    };
    person
        .sees_within(RUN, &format!("{words:?} for {nick} alone"), is_it)
        .await
}

/// One asks, another signs.
pub(super) async fn asks_and_signs(asks_it: &Person, signs_it: &Person, line: &str) -> String {
    let request = asks(asks_it, line).await;
    signs(signs_it, &request).await;
    request
}

/// Alice asks for something that comes by a link, bob signs, and it comes.
pub(super) async fn gets_a_link(alice: &Person, bob: &Person, line: &str) -> Letter {
    asks_and_signs(alice, bob, line).await;
    is_sent_a_link(alice).await
}

/// Waits for a link.
pub(super) async fn is_sent_a_link(alice: &Person) -> Letter {
    let delivered = hears_directly(alice, " opens once, within ").await;
    let (_, id) = delivered.text().rsplit_once("phrase ").unwrap();
    let id: String = id.chars().take_while(char::is_ascii_alphanumeric).collect();
    Letter::of(&delivered, &id)
}

/// Opens a link without a browser, and leaves what is in it where it is.
pub(super) async fn opens(alice: &Person, letter: &Letter) {
    let phrase = hears_the_phrase(alice, letter).await;
    let body = serde_json::from_str(&letter.redemption(&phrase)).unwrap();
    let reply = http::post(&letter.origin(), &format!("{}/redeem", letter.path()), &body).await;
    assert_eq!(reply.status(), 200, "{}", reply.head);
}

/// What was in a link, in a folder as the page saves it.
pub(super) struct Login {
    pub(super) fields: Value,
    pub(super) words: String,
    folder: TempDir,
    options: String,
}

impl Login {
    /// Opens the link in a browser, and saves its files.
    pub(super) async fn from(browser: &Browser, alice: &Person, letter: &Letter) -> Self {
        let phrase = hears_the_phrase(alice, letter).await;
        Self::opened(browser, letter, &phrase).await
    }

    pub(super) async fn opened(browser: &Browser, letter: &Letter, phrase: &str) -> Self {
        let tab = browser.open(&letter.url, &[]).await;
        tab.shows("ready", "1-ready").await;
        tab.phrase(phrase).await;
        let words = tab.shows("opened", "2-opened").await;
        let fields = tab.fields().await;
        let folder = tempfile::tempdir().unwrap();
        let options = format!("{}.cnf", fields["user"].as_str().unwrap());
        for name in ["ca.pem", &options] {
            let text = tab.saved(&format!("Save {name}")).await;
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self {
            fields,
            words,
            folder,
            options,
        }
    }

    pub(super) fn field(&self, label: &str) -> &str {
        self.fields[label]
            .as_str()
            .unwrap_or_else(|| panic!("no {label}"))
    }

    /// The option file.
    pub(super) fn file(&self) -> PathBuf {
        self.folder.path().join(&self.options)
    }

    /// The text of the option file.
    pub(super) fn text(&self) -> String {
        std::fs::read_to_string(self.file()).unwrap()
    }

    /// The same file, but for another port on this machine.
    pub(super) fn at_port(&self, port: u16) -> PathBuf {
        let other = self.folder.path().join(format!("{port}.cnf"));
        let text = self.text().replace(
            &format!("port = {}", self.field("port")),
            &format!("port = {port}"),
        );
        std::fs::write(&other, text).unwrap();
        other
    }
}
