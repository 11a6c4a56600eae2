//! Where most stories are told: a network with accounts, a sandbox, and the bot in its room.

use std::time::Duration;

use crate::support::hunt::Hunt;
use crate::support::irc::{Address, InspIrcd, Line, Options, Person, Services};
use crate::support::programs::Sandbox;
use crate::support::serve::{ROOM, Serve, Setup};

/// So many times as fast as in real life things happen at the pretend Heroku and GitHub.
const SPEED: u32 = 100;
/// How long a deploy or rollback may take, with what the bot waits between two looks.
const RUN: Duration = Duration::from_mins(1);
/// What people are there besides the bot. Carol may read.
const ACCOUNTS: [&str; 6] = ["bot", "alice", "bob", "carol", "erin", "mallory"];

/// The network, the sandbox and the bot.
pub(crate) struct House {
    // The bot ends before what it uses.
    pub(crate) bot: Serve,
    pub(crate) sandbox: Sandbox,
    pub(crate) irc: InspIrcd,
}

impl House {
    pub(crate) async fn new(services: Services) -> Self {
        Self::with(Options::with(services), InspIrcd::tls, |setup| setup).await
    }

    /// A network on which everybody has an account, and nothing else yet.
    pub(crate) async fn network(options: Options) -> InspIrcd {
        let mut irc = InspIrcd::with(options).await;
        irc.accounts(&ACCOUNTS).await;
        irc
    }

    /// With a network and a bot that are not as in most stories.
    pub(crate) async fn with(
        options: Options,
        way: impl FnOnce(&InspIrcd) -> Address,
        setup: impl FnOnce(Setup) -> Setup,
    ) -> Self {
        Self::on(Self::network(options).await, way, setup).await
    }

    /// On a network that is there already.
    pub(crate) async fn on(
        irc: InspIrcd,
        way: impl FnOnce(&InspIrcd) -> Address,
        setup: impl FnOnce(Setup) -> Setup,
    ) -> Self {
        let sandbox = Sandbox::start(SPEED);
        let bot = Serve::start(&setup(Setup::on(way(&irc), &sandbox))).await;
        Self { bot, sandbox, irc }
    }

    /// Somebody with an account of the same name, in the bot's room.
    pub(crate) async fn person(&self, name: &str) -> Person {
        Person::join(self.irc.plain(), name, ROOM).await
    }

    /// How many rollbacks of production Heroku carried out.
    pub(crate) async fn rollbacks(&self) -> usize {
        self.sandbox.changes("POST /apps/treeherder-prod/releases").await
    }

    /// What Heroku has under this name, asked of it without the bot.
    pub(crate) async fn config_var(&self, target: &str, name: &str) -> Option<String> {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("{}/apps/treeherder-{target}/config-vars", self.sandbox.url);
        let answer = client
            .get(url)
            .bearer_auth("HRKU-sandbox")
            .header("accept", "application/vnd.heroku+json; version=3")
            .send()
            .await
            .unwrap();
        let vars: serde_json::Value = answer.error_for_status().unwrap().json().await.unwrap();
        vars[name].as_str().map(ToOwned::to_owned)
    }

    /// Waits until the bot has looked twice for releases of an app that others made: what it finds it tells between. Only
    /// a bot that logs all says when it looks.
    pub(crate) async fn looks_at_releases_again(&self, target: &str) {
        let call = format!("GET /apps/treeherder-{target}/releases");
        for _ in 0..2 {
            self.bot.logs_after(self.bot.mark(), &call).await;
        }
    }

    /// None of it is in what the bot logged, in its folder, in a backup, in the audit and in the numbers for machines.
    pub(crate) async fn keeps_nothing_of(&self, hunt: &Hunt) {
        let log = self.bot.log();
        for (nth, line) in log.lines().enumerate() {
            if let Some(name) = hunt.found_in(line.as_bytes()) {
                panic!("{name} is in line {nth} of the log");
            }
        }
        let files = hunt.is_not_in_files(&self.bot.data());
        for file in ["countersign.sqlite", "countersign.sqlite-wal"] {
            assert!(files.iter().any(|it| it == file), "{file} is not among {files:?}");
        }
        let folder = tempfile::tempdir().unwrap();
        let copy = folder.path().join("copy.db");
        let (good, said) = self.bot.run("backup", &["--to", copy.to_str().unwrap()]).await;
        assert!(good, "{said}");
        assert_eq!(hunt.is_not_in_files(folder.path()), ["copy.db"]);
        let audit = self.bot.audit().await;
        hunt.is_not_in("the audit", serde_json::to_string(&audit).unwrap());
        let metrics = reqwest::get(format!("{}/metrics", self.bot.admin()))
            .await
            .unwrap();
        hunt.is_not_in("the metrics", metrics.text().await.unwrap());
    }
}

/// Asks for a rollback of production. Says which request that is.
pub(crate) async fn asks_for_rollback(person: &Person) -> String {
    person.says(ROOM, "!rollback prod --reason \"500s on /api/push\"");
    let line = person
        .hears_in(ROOM, &format!("{}: request R-", person.nick()))
        .await;
    let words = line.text().split_whitespace();
    let id = words
        .into_iter()
        .find(|word| word.starts_with("R-"))
        .unwrap()
        .to_owned();
    person.hears_in(ROOM, &format!("signature on {id}")).await;
    id
}

/// Signs, and waits until it is carried out.
pub(crate) async fn signs(person: &Person, id: &str) -> Line {
    person.says(ROOM, &format!("!approve {id}"));
    person.hears_in(ROOM, &format!("{}: signed", person.nick())).await;
    is_done(person, "rollback prod: done").await
}

/// Waits for the end of something long.
pub(crate) async fn is_done(person: &Person, words: &str) -> Line {
    let is_it = |line: &Line| line.is_speech() && line.from == "bot" && line.text().contains(words);
    person.sees_within(RUN, &format!("{words:?}"), is_it).await
}
