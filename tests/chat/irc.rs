//! IRC, on InspIRCd with services, behind a proxy.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use countersign::clock::SystemClock;
use countersign::random::SystemRandom;
use countersign_core::chat::{Adapter, Heard};
use countersign_core::message::{Account, Place, Room};
use countersign_core::secret::Secret;
use countersign_irc::{Irc, LONGEST_PAUSE, Login, Pace, RoomSettings, Server, Settings, Tls};
use tokio::sync::mpsc;

use super::promises;
use super::rig::{Cuttable, OTHER, ROOM, Rig, Where, Who};
use crate::support::irc::{InspIrcd, Line, Options, Person, Services, password};
use crate::support::proxy::{Cut, Proxy, Way, Weather};

const NETWORK: &str = "testnet";
const BOT: &str = "countersign";

struct Network {
    adapter: Arc<Irc>,
    heard: mpsc::Receiver<Heard>,
    alice: Person,
    bob: Person,
    stranger: Person,
    proxy: Proxy,
    server: InspIrcd,
    /// Lines of the bot's that were read, by where.
    read: HashMap<String, usize>,
}

impl Network {
    fn person(&self, who: Who) -> &Person {
        match who {
            Who::Alice => &self.alice,
            Who::Bob => &self.bob,
            Who::Stranger => &self.stranger,
        }
    }
}

impl Rig for Network {
    async fn start() -> Self {
        let options = Options {
            lines: "<module name=\"botmode\">\n",
            ..Options::with(Services::Atheme)
        };
        let mut server = InspIrcd::with(options).await;
        server.accounts(&["alice", "bob", BOT]).await;
        let alice = Person::join(server.plain(), "alice", ROOM).await;
        let bob = Person::join(server.plain(), "bob", ROOM).await;
        let stranger = Person::nobody(server.plain(), "alice_").await;
        stranger.joins(ROOM).await;
        alice.joins(OTHER).await;
        let proxy = Proxy::before(server.plain().port).await;
        let (ears, heard) = mpsc::channel(256);
        let room = |name: &str| RoomSettings {
            name: name.into(),
            key: None,
        };
        let settings = Settings {
            network: NETWORK.into(),
            servers: vec![Server {
                host: "127.0.0.1".into(),
                port: proxy.address().port,
            }],
            tls: Tls::Off,
            nick: BOT.into(),
            login: Login::Password {
                account: BOT.into(),
                password: Secret::from(password(BOT)),
            },
            nickserv: None,
            rooms: vec![room(ROOM), room(OTHER)],
            relays: Vec::new(),
            longest_pause: LONGEST_PAUSE,
            // The server of the suite has no limits: what is promised is order and fairness, not slowness.
            pace: Pace {
                burst: 5,
                every: Duration::from_millis(5),
            },
        };
        let adapter = Irc::start(settings, Arc::new(SystemClock), Arc::new(SystemRandom), ears);
        let mut network = Self {
            adapter,
            heard,
            alice,
            bob,
            stranger,
            proxy,
            server,
            read: HashMap::new(),
        };
        let ready = async { while !matches!(network.next().await, Heard::Ready(_)) {} };
        tokio::time::timeout(super::rig::PATIENCE, ready)
            .await
            .expect("the bot is not ready");
        network
    }

    fn adapter(&self) -> &dyn Adapter {
        &*self.adapter
    }

    async fn say(&mut self, who: Who, place: Where, text: &str) {
        let target = match place {
            Where::Room(name) => name,
            Where::Alone => BOT,
        };
        self.person(who).says(target, text);
    }

    async fn next(&mut self) -> Heard {
        self.heard.recv().await.expect("the adapter goes on for ever")
    }

    async fn read(&mut self, place: Where) -> String {
        let target = match place {
            Where::Room(name) => name.to_owned(),
            Where::Alone => self.alice.nick(),
        };
        let nth = self.read.entry(target.clone()).or_default();
        let line = self.alice.nth_of(BOT, &target, *nth).await;
        *nth += 1;
        line.text().to_owned()
    }

    fn place(&self, place: Where) -> Place {
        match place {
            Where::Room(name) => Place::Room(Room {
                network: NETWORK.into(),
                name: name.into(),
            }),
            Where::Alone => Place::Direct(Account {
                network: NETWORK.into(),
                name: "alice".into(),
            }),
        }
    }
}

impl Cuttable for Network {
    async fn cut(&mut self) {
        assert!(self.proxy.cut(Cut::Reset).await > 0, "there was nothing to cut");
    }

    async fn log_out(&mut self, who: Who) {
        self.person(who).logs_out().await;
    }

    async fn echo(&mut self) {
        let said = |line: &str| line.contains(" PRIVMSG ");
        let weather = Weather {
            twice: Some(said),
            ..Weather::default()
        };
        self.proxy.weather(Way::ToBot, weather);
    }

    async fn bots_say(&mut self, text: &str) {
        let other = Person::known(self.server.plain(), "otherbot", "bob").await;
        other.raw("MODE otherbot +B");
        other.sees("its mode", |line: &Line| line.is("MODE")).await;
        other.joins(ROOM).await;
        other.says(ROOM, text);
        other.raw(&format!("NOTICE {ROOM} :{text}"));
        self.alice.hears(text).await;
    }
}

promises!(
    Network: identity, strangers, ids, deliveries, order, splitting, long_output, injection, direct, reconnects, bots, urgency,
);
