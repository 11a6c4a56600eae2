//! Where most stories are told: a network with accounts, a sandbox, and the bot in its room.

use std::time::Duration;

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
pub(super) struct House {
    // The bot ends before what it uses.
    pub(super) bot: Serve,
    pub(super) sandbox: Sandbox,
    pub(super) irc: InspIrcd,
}

impl House {
    pub(super) async fn new(services: Services) -> Self {
        Self::with(Options::with(services), InspIrcd::tls, |setup| setup).await
    }

    /// A network on which everybody has an account, and nothing else yet.
    pub(super) async fn network(options: Options) -> InspIrcd {
        let mut irc = InspIrcd::with(options).await;
        irc.accounts(&ACCOUNTS).await;
        irc
    }

    /// With a network and a bot that are not as in most stories.
    pub(super) async fn with(
        options: Options,
        way: impl FnOnce(&InspIrcd) -> Address,
        setup: impl FnOnce(Setup) -> Setup,
    ) -> Self {
        Self::on(Self::network(options).await, way, setup).await
    }

    /// On a network that is there already.
    pub(super) async fn on(
        irc: InspIrcd,
        way: impl FnOnce(&InspIrcd) -> Address,
        setup: impl FnOnce(Setup) -> Setup,
    ) -> Self {
        let sandbox = Sandbox::start(SPEED);
        let bot = Serve::start(&setup(Setup::on(way(&irc), &sandbox))).await;
        Self { bot, sandbox, irc }
    }

    /// Somebody with an account of the same name, in the bot's room.
    pub(super) async fn person(&self, name: &str) -> Person {
        Person::join(self.irc.plain(), name, ROOM).await
    }

    /// How many rollbacks of production Heroku carried out.
    pub(super) async fn rollbacks(&self) -> usize {
        self.sandbox.changes("POST /apps/treeherder-prod/releases").await
    }
}

/// Asks for a rollback of production. Says which request that is.
pub(super) async fn asks_for_rollback(person: &Person) -> String {
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
pub(super) async fn signs(person: &Person, id: &str) -> Line {
    person.says(ROOM, &format!("!approve {id}"));
    person.hears_in(ROOM, &format!("{}: signed", person.nick())).await;
    is_done(person, "rollback prod: done").await
}

/// Waits for the end of something long.
pub(super) async fn is_done(person: &Person, words: &str) -> Line {
    let is_it = |line: &Line| line.is_speech() && line.from == "bot" && line.text().contains(words);
    person.sees_within(RUN, &format!("{words:?}"), is_it).await
}
