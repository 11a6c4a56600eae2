//! One connection as a state machine: lines in, effects out.
//!
//! Nothing here reads a socket or a clock. The driver gives it each line ([`Session::hear`]), wakes it when something
//! is due ([`Session::next_wake`]), and does what it says, in order. A new connection gets a new session, so nothing
//! that was proven on one is believed on the next.
//!
//! Each file next to this one has one concern of the session: its capabilities, its login, its nick, who is who, its
//! rooms, and what is said.

mod caps;
mod format;
mod incoming;
mod isupport;
mod login;
mod nick;
mod people;
mod presence;
mod rooms;
mod roster;
mod said;
#[cfg(test)]
mod tests;
mod verdicts;

use std::fmt;
use std::sync::Arc;

use countersign_core::id::RoomName;
use countersign_core::message::{Message, Place};
use countersign_core::time::{Duration, Timestamp, after};
use irc_proto::Command;

use self::caps::Caps;
use self::incoming::Incoming;
use self::isupport::Support;
use self::login::Login;
use self::nick::Me;
use self::rooms::Rooms;
use self::roster::Roster;
use self::said::Batches;
use crate::line::{Line, LineError};
use crate::settings::{RoomSettings, Settings};

/// How long the server may take to let the bot in.
const REGISTRATION: Duration = Duration::from_mins(1);
/// How long it may take to finish its greeting.
const GREETING: Duration = Duration::from_secs(15);

/// How long rooms may take to answer until the bot is ready without them: one that never does must not hold up all.
const ROOMS: Duration = Duration::from_secs(10);

/// What the driver is to do.
#[derive(Debug)]
pub(crate) enum Effect {
    /// Send this. Lines that are [`Line::is_patient`] may be overtaken by all others; the others keep their order.
    Send(Line),
    /// Hand this to the bot.
    Heard(Message),
    /// Tell people.
    Trouble(String),
    /// Tell people that the bot is out of this room, or back.
    RoomTrouble(RoomName, String),
    /// The bot is in this room: what kept it out is over.
    Entered(RoomName),
    /// Messages flow, or flow in one more room: what waits to be said can be said.
    Ready,
    /// The server answered the driver's own [`Line::ping`] with this token.
    Answered(String),
    /// The server did not deliver what was said to this target. The target is as the server writes it: compare it
    /// without regard to letter case. It is empty where the server does not say which line it is about.
    Undelivered {
        /// The room or nick.
        target: String,
        /// Why, in words.
        reason: String,
        /// Whether it may be again.
        loss: Loss,
    },
    /// Close the connection; the session has ended and hears nothing more.
    Close {
        /// Why, in words.
        reason: String,
        /// How long to stay away.
        pause: Pause,
    },
}

/// Whether what was not delivered makes sense to be said again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// Nobody has this nick now. Whoever is proven to be an account may be back in a moment, under another one perhaps.
    Nobody,
    /// The target does not take it now.
    ForNow,
    /// It will never be taken.
    ForGood,
}

/// How long to stay away after a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// As after any other lost connection.
    Short,
    /// Minutes: the server does not want the bot now, and coming back fast would make it worse.
    Long,
}

/// Why something has no target on the wire now. Both hold the reason in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoTarget {
    /// It may have one again: the bot is not in the room now, or whoever it is for is not seen.
    NotThere {
        /// Why.
        reason: String,
    },
    /// It never will: it is for a place that the bot is not told to be in, or for none at all.
    Never {
        /// Why.
        reason: String,
    },
}

/// How far the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The server does not know the bot yet.
    Registering { until: Timestamp },
    /// It greets the bot.
    Welcomed { until: Timestamp },
    /// It has greeted the bot; everything else can begin.
    Greeted,
    /// It is over.
    Closed,
}

/// One connection.
pub(crate) struct Session {
    settings: Arc<Settings>,
    encrypted: bool,
    connection: String,
    /// When the connection began.
    began: Timestamp,
    /// By how many milliseconds the bot's clock is ahead of the server's.
    ahead: i64,
    /// The last time that anything came in.
    now: Timestamp,
    phase: Phase,
    support: Support,
    caps: Caps,
    login: Login,
    me: Me,
    rooms: Rooms,
    roster: Roster,
    batches: Batches,
    /// Messages heard that the network gave neither an id nor a time.
    unnamed: u64,
    ready: bool,
    /// When it is, whatever rooms are missing.
    ready_by: Option<Timestamp>,
    wake_at: Option<Timestamp>,
    /// Something changed that other parts may have waited for.
    changed: bool,
}

impl Session {
    /// A connection that has just been made. `connection` is unique for each: ids of messages come from it where the
    /// network gives none.
    pub(crate) fn new(
        settings: Arc<Settings>,
        rooms: Vec<RoomSettings>,
        encrypted: bool,
        connection: String,
        now: Timestamp,
    ) -> Self {
        let support = Support::default();
        let mut list = Rooms::default();
        list.told(rooms, support.case, now);
        Self {
            me: Me::wanting(&settings.nick),
            login: Login::default(),
            settings,
            encrypted,
            connection,
            began: now,
            ahead: 0,
            now,
            phase: Phase::Registering {
                until: after(now, REGISTRATION),
            },
            support,
            caps: Caps::default(),
            rooms: list,
            roster: Roster::default(),
            batches: Batches::default(),
            unnamed: 0,
            ready: false,
            ready_by: None,
            wake_at: None,
            changed: false,
        }
    }

    /// Says hello.
    pub(crate) fn open(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.now = now;
        let nick = self.settings.nick.clone();
        self.send(Line::new("CAP", &["LS", "302"]), out);
        self.send(Line::new("NICK", &[&nick]), out);
        let user: String = nick.chars().filter(char::is_ascii_alphanumeric).take(9).collect();
        let user = if user.is_empty() { "bot" } else { &user };
        self.send(Line::with_text("USER", &[user, "0", "*"], &nick), out);
        self.advance(now, out);
    }

    /// One line of the server, without its line end. Whatever it holds, it does no more than it says.
    pub(crate) fn hear(&mut self, line: &str, now: Timestamp, out: &mut Vec<Effect>) {
        if self.phase == Phase::Closed {
            return;
        }
        self.now = now;
        let Some(heard) = Incoming::parse(line) else {
            tracing::debug!(network = %self.settings.network, bytes = line.len(), "a line that is not IRC was skipped");
            return;
        };
        if let Command::PRIVMSG(target, text) = &heard.command {
            self.said(&heard, target, text, now, out);
        } else {
            self.note_address(&heard);
            match heard.numeric() {
                Some((number, words)) => self.told(number, words, &heard, now, out),
                None => self.happened(&heard, now, out),
            }
        }
        if self.changed {
            self.advance(now, out);
        }
    }

    /// Does what is due.
    pub(crate) fn wake(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        if self.phase != Phase::Closed {
            self.now = now;
            self.roster.expire(now);
            self.advance(now, out);
        }
    }

    /// When something is due next, if nothing comes in before.
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        self.wake_at.filter(|_| self.phase != Phase::Closed)
    }

    /// Whether the bot may speak, and every room has let it in or kept it out, or had time to.
    pub(crate) fn is_ready(&self) -> bool {
        self.ready && self.phase != Phase::Closed
    }

    /// Whether the bot is registered, and logged in as far as it can be: in each room that it is in it may speak.
    pub(crate) fn may_speak(&self) -> bool {
        self.phase == Phase::Greeted && self.login.is_settled()
    }

    /// Where on the network something for this place is to be said.
    pub(crate) fn target_of(&self, place: &Place) -> Result<String, NoTarget> {
        if *place.network() != self.settings.network {
            let reason = format!("{place} is on another network");
            return Err(NoTarget::Never { reason });
        }
        if !self.is_registered() {
            let reason = "it is still connecting".to_owned();
            return Err(NoTarget::NotThere { reason });
        }
        match place {
            Place::Room(room) => self.target_of_room(room.name.as_str()),
            Place::Direct(account) => {
                let nick = self.roster.nick_of(account.name.as_str(), self.now);
                // Who is there is not known before WHO is answered, and whoever is gone may be back in a moment.
                nick.map(str::to_owned).ok_or_else(|| NoTarget::NotThere {
                    reason: format!("nobody is seen there who is logged in as {}", account.name),
                })
            }
            Place::Nick { nick, .. } if self.is_nick(nick) => Ok(nick.clone()),
            Place::Nick { .. } => Err(NoTarget::Never {
                reason: "that is not a nick".to_owned(),
            }),
        }
    }

    /// How many bytes of text fit into one PRIVMSG to this target as others receive it, with the bot's name in front;
    /// at least enough for one character.
    pub(crate) fn longest_text(&self, target: &str) -> usize {
        let address = self.me.longest_address(&self.support);
        let around = ": PRIVMSG  :\r\n".len() + address + target.len();
        self.support.line_bytes.saturating_sub(around).max(4)
    }

    /// What the session does of itself, once something has changed or is due.
    fn advance(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        self.changed = false;
        match self.phase {
            Phase::Registering { until } if until <= now => {
                let reason = "the server took more than a minute to let the bot in".to_owned();
                self.close(reason, Pause::Short, out);
            }
            Phase::Welcomed { until } if until <= now => self.phase = Phase::Greeted,
            _ => {}
        }
        self.advance_login(now, out);
        if self.may_speak() {
            self.regain(now, out);
            self.join_due(now, out);
            let ready_by = *self.ready_by.get_or_insert(after(now, ROOMS));
            if !self.ready && (self.rooms.are_settled() || ready_by <= now) {
                self.ready = true;
                out.push(Effect::Ready);
            }
        }
        let phase = match self.phase {
            Phase::Registering { until } | Phase::Welcomed { until } => Some(until),
            Phase::Greeted | Phase::Closed => None,
        };
        let rest = [
            phase,
            self.login.next_wake(),
            self.me.next_wake().filter(|at| *at > now),
            self.rooms.next_wake(now),
            self.roster.next_end(),
            self.ready_by.filter(|_| !self.ready),
        ];
        self.wake_at = rest.into_iter().flatten().min();
    }

    fn is_registered(&self) -> bool {
        matches!(self.phase, Phase::Welcomed { .. } | Phase::Greeted)
    }

    /// Names as the server compares them.
    fn fold(&self, name: &str) -> String {
        self.support.case.fold(name)
    }

    fn is_me(&self, nick: &str) -> bool {
        self.support.case.same(nick, self.me.nick())
    }

    /// Whether a nick can be the one target of a message.
    fn is_nick(&self, nick: &str) -> bool {
        !self.support.is_room(nick)
            && nick
                .chars()
                .next()
                .is_some_and(|first| !"#&!+@%~$:*".contains(first))
            && !nick.contains(|c: char| c.is_whitespace() || c.is_control() || ",*?!@".contains(c))
    }

    fn send(&self, line: Result<Line, LineError>, out: &mut Vec<Effect>) {
        match line {
            Ok(line) => out.push(Effect::Send(line)),
            Err(error) => tracing::warn!(network = %self.settings.network, %error, "a line cannot be sent"),
        }
    }

    fn close(&mut self, reason: String, pause: Pause, out: &mut Vec<Effect>) {
        self.phase = Phase::Closed;
        self.ready = false;
        self.roster.clear();
        out.push(Effect::Close { reason, pause });
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("network", &self.settings.network)
            .field("phase", &self.phase)
            .field("ready", &self.ready)
            .finish_non_exhaustive()
    }
}
