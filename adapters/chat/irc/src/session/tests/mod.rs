//! Stories: what the server says, and what the bot then says and tells.

mod hostile;
mod identity;
mod login;
mod messages;
mod nick;
mod registration;
mod rooms;

use std::sync::Arc;

use countersign_core::id::{AccountName, NetworkId, RoomName};
use countersign_core::message::{Account, Message, Place, Room};
use countersign_core::secret::Secret;
use countersign_core::time::{Duration, Timestamp, after};

use super::{Effect, Loss, Pause, Session};
use crate::settings::{LONGEST_PAUSE, Login, Pace, RoomSettings, Server, Settings, Tls};

/// What a server offers that has everything.
const CAPS: &str =
    "account-notify account-tag batch chghost echo-message extended-join message-tags server-time";

/// A bot on the network `libera`, and the server that it talks to.
struct Net {
    session: Session,
    now: Timestamp,
    effects: Vec<Effect>,
}

fn settings() -> Settings {
    Settings {
        network: NetworkId::from("libera"),
        servers: vec![Server {
            host: "irc.test".to_owned(),
            port: 6697,
        }],
        tls: Tls::System,
        nick: "bot".to_owned(),
        login: Login::None,
        nickserv: None,
        rooms: vec![room("#Ops"), room("#treeherder")],
        relays: vec!["Bridge[1]".to_owned()],
        longest_pause: LONGEST_PAUSE,
        pace: Pace::default(),
    }
}

fn with_password() -> Settings {
    Settings {
        login: Login::Password {
            account: "bot".to_owned(),
            password: Secret::from("hunter2"),
        },
        ..settings()
    }
}

fn room(name: &str) -> RoomSettings {
    RoomSettings {
        name: RoomName::from(name),
        key: None,
    }
}

fn account(name: &str) -> Account {
    Account {
        network: NetworkId::from("libera"),
        name: AccountName::from(name),
    }
}

fn in_room(name: &str) -> Place {
    Place::Room(Room {
        network: NetworkId::from("libera"),
        name: RoomName::from(name),
    })
}

fn direct(name: &str) -> Place {
    Place::Direct(account(name))
}

fn nick(nick: &str) -> Place {
    Place::Nick {
        network: NetworkId::from("libera"),
        nick: nick.to_owned(),
    }
}

impl Net {
    /// A connection that was just opened.
    fn with(settings: Settings) -> Self {
        Self::over(settings, true)
    }

    fn over(settings: Settings, encrypted: bool) -> Self {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let rooms = settings.rooms.clone();
        let mut session = Session::new(Arc::new(settings), rooms, encrypted, "c1".to_owned(), now);
        let mut effects = Vec::new();
        session.open(now, &mut effects);
        Self {
            session,
            now,
            effects,
        }
    }

    /// A connection of a bot without login to a server with these capabilities and features, in both rooms.
    fn ready(caps: &str, support: &str) -> Self {
        let mut net = Self::with(settings());
        net.hear(&format!(":irc.test CAP * LS :{caps}"));
        net.grant();
        net.welcome(support);
        net.let_in();
        assert!(net.session.is_ready());
        net.sent();
        net.effects.clear();
        net
    }

    fn hear(&mut self, line: &str) {
        self.session.hear(line, self.now, &mut self.effects);
    }

    /// The server grants all that was asked for.
    fn grant(&mut self) {
        for line in self.sent() {
            if let Some(asked) = line.strip_prefix("CAP REQ :") {
                self.hear(&format!(":irc.test CAP * ACK :{asked}"));
            }
        }
    }

    /// The server greets the bot.
    fn welcome(&mut self, support: &str) {
        self.hear(":irc.test 001 bot :Welcome");
        self.hear(&format!(
            ":irc.test 005 bot {support} :are supported by this server"
        ));
        self.hear(":irc.test 376 bot :End of MOTD");
    }

    /// The server lets the bot into the rooms that it asks for.
    fn let_in(&mut self) {
        for line in self.sent() {
            if let Some(rooms) = line.strip_prefix("JOIN ") {
                for room in rooms.split(' ').next().unwrap().split(',') {
                    self.hear(&format!(
                        ":{}!bot@bot.host JOIN {room}",
                        self.session.me.nick().to_owned()
                    ));
                }
            }
        }
    }

    /// Time passes, and the session is woken whenever it wants to be.
    fn later(&mut self, seconds: u64) {
        let end = after(self.now, Duration::from_secs(seconds));
        let mut wakes = 0;
        while let Some(at) = self.session.next_wake().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.session.wake(self.now, &mut self.effects);
            wakes += 1;
            assert!(wakes < 10_000, "it wants to be woken again and again at {at}");
        }
        self.now = end;
        self.session.wake(self.now, &mut self.effects);
    }

    /// What was sent since the last time.
    fn sent(&mut self) -> Vec<String> {
        self.take(|effect| match effect {
            Effect::Send(line) => Some(line.wire().to_owned()),
            _ => None,
        })
    }

    fn heard(&mut self) -> Vec<Message> {
        self.take(|effect| match effect {
            Effect::Heard(message) => Some(message.clone()),
            _ => None,
        })
    }

    fn troubles(&mut self) -> Vec<String> {
        self.take(|effect| match effect {
            Effect::Trouble(words) | Effect::RoomTrouble(_, words) => Some(words.clone()),
            _ => None,
        })
    }

    fn closed(&mut self) -> Option<(String, Pause)> {
        self.take(|effect| match effect {
            Effect::Close { reason, pause } => Some((reason.clone(), *pause)),
            _ => None,
        })
        .pop()
    }

    /// How often it said that messages flow.
    fn readies(&mut self) -> usize {
        self.take(|effect| matches!(effect, Effect::Ready).then_some(()))
            .len()
    }

    fn undelivered(&mut self) -> Vec<(String, String, Loss)> {
        self.take(|effect| match effect {
            Effect::Undelivered { target, reason, loss } => Some((target.clone(), reason.clone(), *loss)),
            _ => None,
        })
    }

    /// The account that the next message is proven to be of.
    fn account_in(&mut self, line: &str) -> Option<String> {
        self.hear(line);
        let mut heard = self.heard();
        assert_eq!(heard.len(), 1, "{line}");
        let sender = heard.remove(0).sender;
        let proven = sender.assurance == countersign_core::message::Assurance::Account;
        assert_eq!(proven, sender.account.is_some());
        sender.account.map(|account| account.name.to_string())
    }

    fn take<T>(&mut self, pick: impl Fn(&Effect) -> Option<T>) -> Vec<T> {
        let mut picked = Vec::new();
        self.effects.retain(|effect| match pick(effect) {
            Some(it) => {
                picked.push(it);
                false
            }
            None => true,
        });
        picked
    }
}
