//! What differs from one configuration to another, in words: for whoever reloads it. No secret is ever among them.

mod databases;
mod web;

use std::collections::BTreeSet;
use std::fmt::Display;

use countersign_core::id::NetworkId;
use countersign_core::message::Room;
use countersign_core::person::Person;
use countersign_core::policy::Rule;
use countersign_core::secret::Secret;
use countersign_core::text;
use countersign_irc::{Login, RoomSettings, Settings, Tls};
use secrecy::ExposeSecret as _;

use super::{App, Audit, Config, Secrets};

/// What a new configuration means for an IRC network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IrcChange {
    /// It is new: connect.
    New,
    /// It is not named any more: leave it.
    Gone,
    /// How to connect changed: leave it and connect anew.
    Reconnect,
    /// Only its rooms or their keys changed: enter and leave rooms.
    Rooms,
}

impl Config {
    /// What is different in a new one, a line each.
    pub fn changes(&self, new: &Self) -> Vec<String> {
        let mut lines = Vec::new();
        self.changes_of_the_bot(new, &mut lines);
        self.changes_of_services(new, &mut lines);
        compare(
            &self.irc,
            &new.irc,
            |irc| name("irc", &irc.network),
            irc,
            &mut lines,
        );
        audit(self.audit.as_ref(), new.audit.as_ref(), &mut lines);
        secrets(self.secrets.as_ref(), new.secrets.as_ref(), &mut lines);
        compare(
            &self.apps,
            &new.apps,
            |app| name("app", &app.name),
            app,
            &mut lines,
        );
        compare(
            &self.databases,
            &new.databases,
            |database| name("database", &database.name),
            databases::differences,
            &mut lines,
        );
        let people = |config: &Self| -> Vec<Person> {
            let people = config.directory.people().iter();
            people.map(|person| Person::clone(person)).collect()
        };
        compare(
            &people(self),
            &people(new),
            |one| name("person", &one.id),
            person,
            &mut lines,
        );
        rules("forbid", &self.policy.forbid, &new.policy.forbid, &mut lines);
        rules("rule", &self.policy.allow, &new.policy.allow, &mut lines);
        lines
    }

    /// What is different in the web side of a new one, which only a restart changes.
    pub fn web_changes(&self, new: &Self) -> Vec<String> {
        web::changes(self.web.as_ref(), new.web.as_ref())
    }

    /// What a new one means for the IRC networks; those for which nothing changes are not among them.
    pub fn irc_changes(&self, new: &Self) -> Vec<(NetworkId, IrcChange)> {
        let find =
            |networks: &'_ [Settings], name: &NetworkId| networks.iter().position(|irc| irc.network == *name);
        let gone = self
            .irc
            .iter()
            .filter(|irc| find(&new.irc, &irc.network).is_none());
        let gone = gone.map(|irc| (irc.network.clone(), IrcChange::Gone));
        let others = new.irc.iter().filter_map(|after| {
            let change = match find(&self.irc, &after.network).map(|at| &self.irc[at]) {
                None => IrcChange::New,
                Some(before) if !connection(before, after).is_empty() => IrcChange::Reconnect,
                Some(before) if !same_rooms(&before.rooms, &after.rooms) => IrcChange::Rooms,
                Some(_) => return None,
            };
            Some((after.network.clone(), change))
        });
        gone.chain(others).collect()
    }

    fn changes_of_the_bot(&self, new: &Self, lines: &mut Vec<String>) {
        let (old, bot) = (&self.bot, &new.bot);
        let told = |rooms: &[Room]| text::list(rooms.iter().map(place));
        let (before, after) = (text::span(old.stale_after), text::span(bot.stale_after));
        let found = [
            became("name", &old.name, &bot.name),
            became("prefix", &old.prefix, &bot.prefix),
            became("stale_after", before, after),
            became("tell", told(&old.tell), told(&bot.tell)),
            fixed("data", old.data.display(), bot.data.display()),
        ];
        lines.extend(found.into_iter().flatten().map(|words| format!("bot.{words}")));
        let sockets = (&self.local.socket, &new.local.socket);
        lines.extend(fixed("local.socket", sockets.0.display(), sockets.1.display()));
    }

    fn changes_of_services(&self, new: &Self, lines: &mut Vec<String>) {
        let (old, heroku) = (&self.heroku, &new.heroku);
        let found = [
            became("url", &old.url, &heroku.url),
            another("token", &old.token, &heroku.token),
            became("poll", text::span(old.poll), text::span(heroku.poll)),
            became("timeout", text::span(old.timeout), text::span(heroku.timeout)),
        ];
        lines.extend(found.into_iter().flatten().map(|words| format!("heroku.{words}")));
        let (old, github) = (&self.github, &new.github);
        let found = [
            became("url", &old.url, &github.url),
            another("token", &old.token, &github.token),
            became("timeout", text::span(old.timeout), text::span(github.timeout)),
        ];
        lines.extend(found.into_iter().flatten().map(|words| format!("github.{words}")));
    }
}

fn name(kind: &str, name: impl Display) -> String {
    format!("{kind} {name}")
}

fn place(room: &Room) -> String {
    format!("{}/{}", room.network, room.name)
}

/// `prefix: ! → ?`.
fn became(key: &str, before: impl Display, after: impl Display) -> Option<String> {
    let (before, after) = (before.to_string(), after.to_string());
    let said = |text: String| if text.is_empty() { "none".to_owned() } else { text };
    (before != after).then(|| format!("{key}: {} → {}", said(before), said(after)))
}

/// The same of what stays as it is until the bot is started again.
fn fixed(key: &str, before: impl Display, after: impl Display) -> Option<String> {
    became(key, before, after).map(|words| format!("{words} (only a restart changes that)"))
}

fn another(key: &str, before: &Secret, after: &Secret) -> Option<String> {
    (!same(before, after)).then(|| format!("{key}: another"))
}

fn same(one: &Secret, other: &Secret) -> bool {
    one.expose_secret() == other.expose_secret()
}

/// Compares things that have names: which are new, which are gone, and how those of both differ.
fn compare<T>(
    before: &[T],
    after: &[T],
    name: impl Fn(&T) -> String,
    differences: impl Fn(&T, &T) -> Vec<String>,
    lines: &mut Vec<String>,
) {
    let find = |among: &'_ [T], one: &T| among.iter().position(|other| name(other) == name(one));
    for old in before.iter().filter(|old| find(after, old).is_none()) {
        lines.push(format!("{}: gone", name(old)));
    }
    for new in after {
        match find(before, new) {
            None => lines.push(format!("{}: new", name(new))),
            Some(at) => {
                let found = differences(&before[at], new);
                if !found.is_empty() {
                    lines.push(format!("{}: {}", name(new), found.join("; ")));
                }
            }
        }
    }
}

/// Compares sets: `roles reader → deployer` if one took the place of another, else what was added and taken away.
fn sets(what: &str, before: &BTreeSet<String>, after: &BTreeSet<String>) -> Option<String> {
    let words = |names: Vec<&String>| text::list(names);
    let (gone, new): (Vec<_>, Vec<_>) = (
        before.difference(after).collect(),
        after.difference(before).collect(),
    );
    match (gone.is_empty(), new.is_empty()) {
        (true, true) => None,
        (false, false) => Some(format!("{what} {} → {}", words(gone), words(new))),
        (true, false) => Some(format!("{what} + {}", words(new))),
        (false, true) => Some(format!("{what} - {}", words(gone))),
    }
}

fn texts<T: Display>(values: impl IntoIterator<Item = T>) -> BTreeSet<String> {
    values.into_iter().map(|value| value.to_string()).collect()
}

fn person(before: &Person, after: &Person) -> Vec<String> {
    let roles = sets("roles", &texts(&before.roles), &texts(&after.roles));
    let accounts = sets("accounts", &texts(&before.accounts), &texts(&after.accounts));
    roles.into_iter().chain(accounts).collect()
}

fn app(before: &App, after: &App) -> Vec<String> {
    let from = |app: &App| app.deploys_from.clone().unwrap_or_default();
    let found = [
        became("heroku", &before.heroku, &after.heroku),
        became("repository", &before.repository, &after.repository),
        became("branch", &before.branch, &after.branch),
        became("deploys_from", from(before), from(after)),
        became("auto_deploy", before.auto_deploy, after.auto_deploy),
        became("site", &before.site, &after.site),
        became(
            "starts_within",
            text::span(before.starts_within),
            text::span(after.starts_within),
        ),
        sets(
            "migrations",
            &texts(&before.migrations),
            &texts(&after.migrations),
        ),
        sets(
            "rooms",
            &texts(before.rooms.iter().map(place)),
            &texts(after.rooms.iter().map(place)),
        ),
    ];
    found.into_iter().flatten().collect()
}

fn rules(kind: &str, before: &[Rule], after: &[Rule], lines: &mut Vec<String>) {
    let differences = |old: &Rule, new: &Rule| {
        let changed = (old != new).then(|| "changed".to_owned());
        changed.into_iter().collect()
    };
    compare(before, after, |rule| name(kind, &rule.name), differences, lines);
    // The first that matches decides, so their order means something.
    let order = |rules: &[Rule], others: &[Rule]| -> Vec<String> {
        let kept = rules
            .iter()
            .filter(|rule| others.iter().any(|other| other.name == rule.name));
        kept.map(|rule| rule.name.to_string()).collect()
    };
    if order(before, after) != order(after, before) {
        lines.push(format!("{kind}: in another order"));
    }
}

fn audit(before: Option<&Audit>, after: Option<&Audit>, lines: &mut Vec<String>) {
    let room = |audit: &Audit| audit.room.as_ref().map(place).unwrap_or_default();
    match (before, after) {
        (None, None) => {}
        (Some(_), None) => lines.push("audit: no checkpoints any more".to_owned()),
        (None, Some(_)) => lines.push("audit: checkpoints".to_owned()),
        (Some(before), Some(after)) => {
            let found = [
                became("room", room(before), room(after)),
                became("every", text::span(before.every), text::span(after.every)),
                another("key", &before.key, &after.key),
            ];
            lines.extend(found.into_iter().flatten().map(|words| format!("audit.{words}")));
        }
    }
}

fn secrets(before: Option<&Secrets>, after: Option<&Secrets>, lines: &mut Vec<String>) {
    let (Some(before), Some(after)) = (before, after) else {
        return;
    };
    let keys = |secrets: &Secrets| text::list(secrets.keys.ids());
    let found = [
        became("keys", keys(before), keys(after)),
        became(
            "links_valid",
            text::span(before.links_valid),
            text::span(after.links_valid),
        ),
        became(
            "boxes_valid",
            text::span(before.boxes_valid),
            text::span(after.boxes_valid),
        ),
    ];
    lines.extend(
        found
            .into_iter()
            .flatten()
            .map(|words| format!("secrets.{words}")),
    );
}

fn irc(before: &Settings, after: &Settings) -> Vec<String> {
    let connection = connection(before, after);
    let connection =
        (!connection.is_empty()).then(|| format!("{} changed (it reconnects)", text::list(connection)));
    let names = |network: &Settings| texts(network.rooms.iter().map(|room| &room.name));
    let rooms = sets("rooms", &names(before), &names(after));
    let keys = before.rooms.iter().filter(|old| {
        let new = after.rooms.iter().find(|new| new.name == old.name);
        new.is_some_and(|new| !same_key(old, new))
    });
    let keys = keys.map(|room| format!("the key of {}: another", room.name));
    connection.into_iter().chain(rooms).chain(keys).collect()
}

/// The keys that changed of those that a connection is made with.
fn connection(before: &Settings, after: &Settings) -> Vec<String> {
    let changed = [
        ("servers", before.servers != after.servers),
        ("tls", before.tls != after.tls),
        ("nick", before.nick != after.nick),
        ("login", !same_login(&before.login, &after.login)),
        ("nickserv", before.nickserv != after.nickserv),
        ("relays", before.relays != after.relays),
        ("pace", before.pace != after.pace),
        ("longest_pause", before.longest_pause != after.longest_pause),
    ];
    let changed = changed.into_iter().filter(|(_, changed)| *changed);
    changed
        .map(|(key, _)| match (key, &after.tls) {
            ("tls", Tls::Own(_)) => "ca".to_owned(),
            _ => key.to_owned(),
        })
        .collect()
}

fn same_login(before: &Login, after: &Login) -> bool {
    match (before, after) {
        (Login::None, Login::None) => true,
        (
            Login::Password { account, password },
            Login::Password {
                account: other,
                password: second,
            },
        ) => account == other && same(password, second),
        (
            Login::Certificate { chain, key },
            Login::Certificate {
                chain: other,
                key: second,
            },
        ) => chain == other && same(key, second),
        _ => false,
    }
}

/// In whatever order.
fn same_rooms(before: &[RoomSettings], after: &[RoomSettings]) -> bool {
    let has = |rooms: &[RoomSettings], one: &RoomSettings| {
        rooms
            .iter()
            .any(|other| other.name == one.name && same_key(other, one))
    };
    before.len() == after.len() && before.iter().all(|room| has(after, room))
}

fn same_key(one: &RoomSettings, other: &RoomSettings) -> bool {
    match (&one.key, &other.key) {
        (None, None) => true,
        (Some(one), Some(other)) => same(one, other),
        _ => false,
    }
}
