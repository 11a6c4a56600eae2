//! Being in rooms: getting in, being put out, getting back in.

use countersign_core::text;
use countersign_core::time::{Duration, Timestamp};
use secrecy::ExposeSecret;

use super::{Effect, NoTarget, Session};
use crate::line::Line;
use crate::settings::RoomSettings;

/// JOIN lines that may be unanswered at a time.
const LINES: usize = 10;
/// The most bytes of names and keys in one JOIN.
const BYTES: usize = 480;
/// The pauses before the bot goes back, at first.
const AFTER_KICK: Duration = Duration::from_secs(5);
const AFTER_CROWD: Duration = Duration::from_secs(15);
const AFTER_REFUSAL: Duration = Duration::from_mins(1);

impl Session {
    /// Takes over in which rooms the bot is to be: joins the new ones and leaves those that are gone.
    pub(crate) fn be_in(&mut self, rooms: Vec<RoomSettings>, now: Timestamp, out: &mut Vec<Effect>) {
        for (key, name) in self.rooms.told(rooms, self.support.case, now) {
            self.roster.closed(&key);
            self.send(Line::new("PART", &[&name]), out);
        }
        self.advance(now, out);
    }

    pub(super) fn target_of_room(&self, name: &str) -> Result<String, NoTarget> {
        match self.rooms.get(&self.fold(name)) {
            Some(room) if room.is_in() => Ok(room.settings.name.to_string()),
            Some(room) => Err(NoTarget::NotThere {
                reason: match &room.obstacle {
                    Some(obstacle) => format!("the bot is not in {name}: {obstacle}"),
                    None => format!("the bot is not in {name} yet"),
                },
            }),
            None => Err(NoTarget::Never {
                reason: format!("the bot is not told to be in {name}"),
            }),
        }
    }

    /// Asks to be let into the rooms whose turn it is.
    pub(super) fn join_due(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        for key in self.rooms.unanswered(now) {
            self.kept_out(&key, "the server did not answer", AFTER_REFUSAL, now, out);
        }
        let due = self.rooms.due(LINES * self.support.rooms_per_join(), now);
        let (mut names, mut keys) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        for settings in &due {
            let name = settings.name.as_str();
            let secret = settings.key.as_ref().map(ExposeSecret::expose_secret);
            if !self.can_join(name, secret) {
                self.never(name, out);
                continue;
            }
            let more = name.len() + secret.map_or(0, str::len) + 2;
            if names.len() >= self.support.rooms_per_join() || bytes + more > BYTES {
                self.join(&mut names, &mut keys, out);
                bytes = 0;
            }
            bytes += more;
            names.push(name);
            keys.extend(secret);
        }
        self.join(&mut names, &mut keys, out);
    }

    fn join(&self, names: &mut Vec<&str>, keys: &mut Vec<&str>, out: &mut Vec<Effect>) {
        let (rooms, secrets) = (names.join(","), keys.join(","));
        match (names.is_empty(), keys.is_empty()) {
            (true, _) => return,
            (false, true) => self.send(Line::new("JOIN", &[&rooms]), out),
            (false, false) => self.send(Line::new("JOIN", &[&rooms, &secrets]).map(Line::secret), out),
        }
        names.clear();
        keys.clear();
    }

    /// Whether a JOIN can name this room, and only it, with this key.
    fn can_join(&self, name: &str, key: Option<&str>) -> bool {
        let breaks = |c: char| c.is_whitespace() || c.is_control() || c == ',';
        self.support.is_room(name)
            && !name.contains(breaks)
            && key.is_none_or(|key| !key.is_empty() && !key.starts_with(':') && !key.contains(breaks))
    }

    fn never(&mut self, name: &str, out: &mut Vec<Effect>) {
        let key = self.fold(name);
        if let Some(room) = self.rooms.get_mut(&key) {
            room.never();
            room.obstacle = Some("its name or key is none that this network knows".to_owned());
            out.push(Effect::Trouble(format!(
                "{} on {}: its name or its key is none that this network knows; the bot does not go there. Correct it in the configuration.",
                text::visible(name),
                self.settings.network
            )));
        }
    }

    /// The bot is in a room.
    pub(super) fn is_in(&mut self, name: &str, now: Timestamp, out: &mut Vec<Effect>) {
        let key = self.fold(name);
        let network = &self.settings.network;
        let Some(room) = self.rooms.get_mut(&key) else {
            // Somebody forwarded or forced the bot into it.
            self.send(Line::new("PART", &[name]), out);
            return;
        };
        let was_in = room.is_in();
        let name = room.settings.name.clone();
        let tell = room.entered(now);
        if !was_in {
            out.push(Effect::Entered(name.clone()));
        }
        if tell {
            let words = format!("{name} on {network}: the bot is back.");
            out.push(Effect::RoomTrouble(name.clone(), words));
        }
        if !was_in {
            self.look(name.as_str(), out);
            if self.ready {
                out.push(Effect::Ready);
            }
        }
        self.changed = true;
    }

    /// The bot left a room, without having been told to by the one who runs it.
    pub(super) fn is_out(&mut self, name: &str, now: Timestamp, out: &mut Vec<Effect>) {
        let key = self.fold(name);
        if self.rooms.get(&key).is_some_and(super::rooms::Room::is_in) {
            self.kept_out(&key, "somebody made the bot leave", AFTER_KICK, now, out);
        }
    }

    /// Somebody was kicked out of a room.
    pub(super) fn kicked(
        &mut self,
        by: &str,
        words: (&str, &str, Option<&str>),
        now: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let (name, nick, reason) = words;
        let key = self.fold(name);
        if !self.is_me(nick) {
            let nick = self.fold(nick);
            self.roster.left(&nick, &key);
        } else if self.rooms.get(&key).is_some_and(super::rooms::Room::is_in) {
            let why = match reason.filter(|reason| !reason.is_empty() && *reason != nick && *reason != by) {
                Some(reason) => format!("{} kicked the bot (\"{}\")", shown(by), shown(reason)),
                None => format!("{} kicked the bot", shown(by)),
            };
            self.kept_out(&key, &why, AFTER_KICK, now, out);
        }
    }

    /// The bot was not let into a room that it asked for. Whether the line was about such a room.
    pub(super) fn refused(
        &mut self,
        number: u16,
        name: &str,
        words: &str,
        now: Timestamp,
        out: &mut Vec<Effect>,
    ) -> bool {
        let key = self.fold(name);
        if !self.rooms.get(&key).is_some_and(super::rooms::Room::is_asked) {
            return false;
        }
        let nick = &self.me.nick();
        let ask = "ask an operator of the room to";
        let (why, first) = match number {
            471 => (
                format!("it is full (+l); {ask} /invite {nick} {name}"),
                AFTER_CROWD,
            ),
            473 => (
                format!("it lets in only who is invited (+i); {ask} /invite {nick} {name}"),
                AFTER_REFUSAL,
            ),
            474 => (
                format!("the bot is banned (+b); {ask} /mode {name} -b …"),
                AFTER_REFUSAL,
            ),
            475 => (
                "its key is another one (+k); correct the key in the configuration".to_owned(),
                AFTER_REFUSAL,
            ),
            477 => (
                format!(
                    "it lets in only who is logged in to services; let the bot log in, or {ask} /invite {nick} {name}"
                ),
                AFTER_REFUSAL,
            ),
            489 => (
                "it lets in only encrypted connections; switch TLS on".to_owned(),
                AFTER_REFUSAL,
            ),
            405 => (
                "the network lets nobody be in so many rooms; take some out of the configuration".to_owned(),
                AFTER_REFUSAL,
            ),
            403 | 476 | 479 => (
                "the network has no room of this name; correct it in the configuration".to_owned(),
                AFTER_REFUSAL,
            ),
            470 => (
                format!("the bot was sent to another room instead; {ask} let it in"),
                AFTER_REFUSAL,
            ),
            437 => ("it cannot be entered just now".to_owned(), AFTER_CROWD),
            480 => (
                format!("it lets nobody in for a moment (\"{}\")", shown(words)),
                AFTER_CROWD,
            ),
            _ => (
                format!(
                    "the server does not let the bot in (\"{}\", {number})",
                    shown(words)
                ),
                AFTER_REFUSAL,
            ),
        };
        self.kept_out(&key, &why, first, now, out);
        true
    }

    /// The bot is out of a room, and people hear once why.
    fn kept_out(&mut self, key: &str, why: &str, first: Duration, now: Timestamp, out: &mut Vec<Effect>) {
        self.roster.closed(key);
        self.changed = true;
        let Some(room) = self.rooms.get_mut(key) else {
            return;
        };
        let pause = room.is_out(first, now);
        if room.told && room.obstacle.as_deref() == Some(why) {
            return;
        }
        room.obstacle = Some(why.to_owned());
        room.told = true;
        let name = room.settings.name.clone();
        let words = format!(
            "{name} on {}: {why}; I try again in {}.",
            self.settings.network,
            text::span(pause)
        );
        out.push(Effect::RoomTrouble(name, words));
    }

    /// The server did not let the bot speak in a room that it is in. People hear that once.
    pub(super) fn silenced(&mut self, name: &str, words: &str, out: &mut Vec<Effect>) {
        let key = self.fold(name);
        if let Some(room) = self.rooms.get_mut(&key).filter(|room| room.is_in())
            && !std::mem::replace(&mut room.told_silenced, true)
        {
            out.push(Effect::Trouble(format!(
                "{} on {}: the bot may not speak (\"{}\"); ask an operator of the room to let it.",
                room.settings.name,
                self.settings.network,
                shown(words)
            )));
        }
    }

    /// Somebody invited the bot into a room.
    pub(super) fn invited(&mut self, nick: &str, name: &str, now: Timestamp) {
        let key = self.fold(name);
        if self.is_me(nick)
            && let Some(room) = self.rooms.get_mut(&key)
        {
            room.invited(now);
            self.changed = true;
        }
    }

    /// Somebody left a room.
    pub(super) fn parted(&mut self, nick: &str, name: &str) {
        let (key, room) = (self.fold(nick), self.fold(name));
        self.roster.left(&key, &room);
    }
}

/// A stranger's words, short and without what cannot be seen.
pub(super) fn shown(words: &str) -> String {
    let plain = super::format::plain(words);
    text::visible(&text::clip(&plain, 100)).into_owned()
}
