//! `[[irc]]`: the IRC networks that the bot is on.

mod login;
mod server;

use std::collections::BTreeMap;
use std::path::PathBuf;

use countersign_core::id::NetworkId;
use countersign_core::message::Room;
use countersign_core::secret::Secret;
use countersign_core::time::Duration;
use countersign_irc::{LONGEST_PAUSE, Login, Pace, RoomSettings, Settings, Tls};
use schemars::JsonSchema;
use serde::Deserialize;

use super::document::{Key, Problems, did_you_mean};
use super::network::{CONSOLE, DIRECT, LOCAL, Networks, check_room};
use super::secret::{SecretSource, Sources};
use super::{check_name, span};

pub(super) use self::login::has_certificates;
use self::login::line;

/// An IRC network that the bot is on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IrcSection {
    /// What the configuration calls it: accounts name it, and rooms do if there are several networks.
    #[schemars(with = "String", example = &"libera")]
    pub(super) network: NetworkId,
    /// Its servers, tried in turn: a name or an address, and a port if it is not 6697 (6667 without TLS). An IPv6
    /// address stands in brackets.
    #[schemars(example = ["irc.libera.chat:6697"])]
    servers: Vec<String>,
    /// Whether the connection is encrypted and the server's certificate checked. Only for servers on this machine it
    /// can be false.
    #[serde(default = "yes")]
    tls: bool,
    /// A file of certificates (PEM): the server's must be vouched for by one of them. The ones that the operating
    /// system trusts if absent. A relative path starts at the folder of the configuration.
    #[serde(default)]
    #[schemars(example = &"/etc/countersign/ca.pem")]
    ca: Option<PathBuf>,
    /// The nick that the bot wants. The bot's name if absent.
    #[serde(default)]
    #[schemars(example = &"countersign")]
    nick: Option<String>,
    /// The services account that is the bot's own; it logs in to it with `password`.
    #[serde(default)]
    #[schemars(example = &"countersign")]
    account: Option<String>,
    /// Where the password of `account` is.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "env": "LIBERA_PASSWORD" }))]
    password: Option<SecretSource>,
    /// A file with the bot's own certificate (PEM), to log in with instead of a password; services know its
    /// fingerprint (`/msg NickServ CERT ADD`). A relative path starts at the folder of the configuration.
    #[serde(default)]
    #[schemars(example = &"/etc/countersign/libera.pem")]
    certificate: Option<PathBuf>,
    /// Where the private key of `certificate` is (PEM).
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "file": "/run/secrets/libera.key" }))]
    key: Option<SecretSource>,
    /// The services' nick and server: where the password is sent if the network offers no SASL at the moment. Without
    /// it the password is never sent to a nick, because a nick alone could be anybody's.
    #[serde(default)]
    #[schemars(example = &"NickServ@services.libera.chat")]
    nickserv: Option<String>,
    /// Rooms that the bot is in besides those that other sections name.
    #[serde(default)]
    #[schemars(example = ["#treeherder-ops"])]
    rooms: Vec<String>,
    /// Where the keys are of rooms that nobody enters without one (mode +k), by room.
    #[serde(default)]
    #[schemars(example = serde_json::json!({ "#treeherder-ops": { "env": "OPS_ROOM_KEY" } }))]
    room_keys: BTreeMap<String, SecretSource>,
    /// Nicks that speak for people on other networks, such as bridges: nothing that they say carries an identity.
    #[serde(default)]
    #[schemars(example = ["matrixbridge"])]
    relays: Vec<String>,
    /// How many lines the bot may say at once before it waits. More than the network allows gets it thrown out.
    #[serde(default = "burst")]
    burst: u32,
    /// How long it waits between two lines after that. A length of time.
    #[serde(default = "every", with = "span")]
    #[schemars(with = "String")]
    every: Duration,
    /// The longest pause between two attempts to connect; the pauses double until then. A server that does not want the
    /// bot is left alone for a minute at least. A length of time.
    #[serde(default = "longest_pause", with = "span")]
    #[schemars(with = "String")]
    longest_pause: Duration,
}

fn yes() -> bool {
    true
}

fn burst() -> u32 {
    Pace::default().burst
}

fn every() -> Duration {
    Pace::default().every
}

fn longest_pause() -> Duration {
    LONGEST_PAUSE
}

impl IrcSection {
    /// What its adapter is told, without the rooms that other sections name and without the rooms' keys.
    fn resolve(mut self, name: &str, key: &Key, sources: &mut Sources<'_, '_>) -> Settings {
        self.check(name, key, sources.problems);
        let rooms = std::mem::take(&mut self.rooms).into_iter().enumerate();
        let rooms = rooms
            .filter(|(at, room)| check_room(room, &key.field("rooms").item(*at), sources.problems))
            .map(|(_, room)| RoomSettings {
                name: room.into(),
                key: None,
            });
        Settings {
            rooms: rooms.collect(),
            servers: self.servers(key, sources.problems),
            tls: self.tls(key, sources),
            login: self.login(key, sources),
            nick: self.nick.unwrap_or_else(|| name.to_owned()),
            network: self.network,
            nickserv: self.nickserv,
            relays: self.relays,
            longest_pause: self.longest_pause,
            pace: Pace {
                burst: self.burst,
                every: self.every,
            },
        }
    }

    fn check(&self, name: &str, key: &Key, problems: &mut Problems<'_>) {
        check_network(self.network.as_str(), &key.field("network"), problems);
        match &self.nick {
            Some(nick) => check_nick(nick, &key.field("nick"), problems),
            None if is_nick(name) => {}
            None => problems.add(
                &key.field("nick"),
                format!("{name:?}, the bot's name, is no nick on IRC"),
                "write nick = \"…\" with the one it takes there",
            ),
        }
        for (at, relay) in self.relays.iter().enumerate() {
            check_nick(relay, &key.field("relays").item(at), problems);
        }
        let services = self.nickserv.as_deref().map(|written| written.split_once('@'));
        match services {
            Some(Some((nick, server))) if is_nick(nick) && !server.is_empty() && one_word(server) => {}
            None => {}
            Some(_) => problems.add(
                &key.field("nickserv"),
                "this is not a nick with its server; without the server it could be anybody's",
                "write it like \"NickServ@services.libera.chat\"",
            ),
        }
        if self.burst == 0 {
            problems.add(
                &key.field("burst"),
                "with 0 lines the bot could never speak",
                "write 1 or more, or leave it out",
            );
        }
    }

    fn tls(&self, key: &Key, sources: &mut Sources<'_, '_>) -> Tls {
        let at = key.field("ca");
        match (&self.ca, self.tls) {
            (None, true) => Tls::System,
            (None, false) => Tls::Off,
            (Some(_), false) => {
                sources.problems.add(
                    &at,
                    "without TLS no certificate is looked at",
                    "take ca out, or take tls = false out",
                );
                Tls::Off
            }
            (Some(path), true) => Tls::Own(sources.certificates(path, &at)),
        }
    }
}

/// What the adapters of the networks are told. `name` is the bot's; `named` are the rooms that
/// other sections name.
pub(super) fn resolve(
    written: Vec<IrcSection>,
    name: &str,
    named: &[Room],
    names: &Networks,
    sources: &mut Sources<'_, '_>,
) -> Vec<Settings> {
    let networks = written.into_iter().enumerate().map(|(index, mut section)| {
        let key = Key::of("irc").item(index);
        let keys = std::mem::take(&mut section.room_keys);
        let mut network = section.resolve(name, &key, sources);
        for (at, room) in network.rooms.iter().enumerate() {
            let room = Room {
                network: network.network.clone(),
                name: room.name.clone(),
            };
            names.check_spelling(&room, &key.field("rooms").item(at), sources.problems);
        }
        enter(&mut network, named);
        unlock(&mut network, &keys, &key.field("room_keys"), sources);
        network
    });
    let networks: Vec<Settings> = networks.collect();
    check_names(&networks, sources.problems);
    networks
}

/// The secrets of a network.
pub(super) fn secrets(network: &Settings) -> impl Iterator<Item = &Secret> {
    let login = match &network.login {
        Login::None => None,
        Login::Password { password: secret, .. } | Login::Certificate { key: secret, .. } => Some(secret),
    };
    login
        .into_iter()
        .chain(network.rooms.iter().filter_map(|room| room.key.as_ref()))
}

/// Puts the network's part of the rooms that other sections name to the ones that it names itself.
fn enter(network: &mut Settings, named: &[Room]) {
    for room in named.iter().filter(|room| room.network == network.network) {
        if network.rooms.iter().all(|known| known.name != room.name) {
            network.rooms.push(RoomSettings {
                name: room.name.clone(),
                key: None,
            });
        }
    }
}

/// Gives the rooms their keys.
fn unlock(
    network: &mut Settings,
    keys: &BTreeMap<String, SecretSource>,
    key: &Key,
    sources: &mut Sources<'_, '_>,
) {
    for (room, source) in keys {
        let at = key.field(room);
        let secret = line(sources, source, &at);
        if let Some(known) = network.rooms.iter_mut().find(|known| known.name.as_str() == room) {
            known.key = Some(secret);
            continue;
        }
        let known: Vec<&str> = network.rooms.iter().map(|room| room.name.as_str()).collect();
        sources.problems.add(
            &at,
            format!("the bot is not in {room}"),
            did_you_mean(room, &known),
        );
    }
}

fn check_network(name: &str, key: &Key, problems: &mut Problems<'_>) {
    check_name("a network", name, key, problems);
    let taken = match name {
        CONSOLE => Some("the terminal of the demo"),
        LOCAL => Some("this machine"),
        DIRECT => Some("direct messages"),
        _ => None,
    };
    if let Some(taken) = taken {
        problems.add(
            key,
            format!("{name} stands for {taken}"),
            "give the network another name",
        );
    }
    if name.contains(['/', '#']) {
        problems.add(
            key,
            format!("{name:?} is not a name for a network"),
            "it stands before rooms, as in \"libera/#ops\": use neither / nor #",
        );
    }
}

/// Checks that each network has a name of its own.
fn check_names(networks: &[Settings], problems: &mut Problems<'_>) {
    for (index, network) in networks.iter().enumerate() {
        if networks[..index]
            .iter()
            .any(|other| other.network == network.network)
        {
            problems.add(
                &Key::of("irc").item(index).field("network"),
                format!("there are two networks called {}", network.network),
                "give one of them another name; several servers of one network go into its servers",
            );
        }
    }
}

fn check_nick(nick: &str, key: &Key, problems: &mut Problems<'_>) {
    if !is_nick(nick) {
        problems.add(
            key,
            format!("{nick:?} is not a nick"),
            "use letters, digits and -_[]\\^{}|`, and no digit or - at the beginning",
        );
    }
}

fn is_nick(nick: &str) -> bool {
    let may_begin = |c: char| c.is_ascii_alphabetic() || "_[]\\^{}|`".contains(c);
    nick.starts_with(may_begin)
        && nick
            .chars()
            .all(|c| may_begin(c) || c.is_ascii_digit() || c == '-')
}

fn one_word(text: &str) -> bool {
    !text.contains(|c: char| c.is_whitespace() || c.is_control())
}
