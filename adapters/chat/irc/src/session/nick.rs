//! What the bot is called, and getting its own nick back.

use countersign_core::time::{Duration, Timestamp, after, between};

use super::incoming::Incoming;
use super::isupport::Support;
use super::{Effect, Pause, Phase, Session};
use crate::line::Line;

/// How many nicks are tried before the server is left alone.
const MOST_TRIES: usize = 12;
/// Every server takes a nick of nine bytes.
const SHORT: usize = 9;
/// The longest nick that is reckoned with while nobody has said.
const LONG: usize = 30;
/// The time that services need to take a nick from somebody.
const SERVICES: Duration = Duration::from_secs(2);
/// The pause before another attempt, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_secs(15);
const LONGEST_PAUSE: Duration = Duration::from_mins(10);
/// A nick that was kept for so long is the bot's again.
const KEPT: Duration = Duration::from_mins(5);
/// After so many attempts people are told.
const TELL_AFTER: u32 = 2;

#[derive(Debug)]
pub(super) struct Me {
    wanted: String,
    nick: String,
    user: Option<String>,
    host: Option<String>,
    /// Other nicks tried while registering.
    tries: usize,
    short: bool,
    regain: Regain,
}

/// How far it is with getting the nick back.
#[derive(Debug, Default)]
struct Regain {
    next: Option<Timestamp>,
    /// Services were asked; the nick is to be taken next.
    asked: bool,
    attempts: u32,
    /// The last pause. It goes on growing until the nick was kept for a while: services may take it away again.
    pause: Option<Duration>,
    kept_since: Option<Timestamp>,
    told: bool,
}

impl Me {
    pub(super) fn wanting(nick: &str) -> Self {
        Self {
            wanted: nick.to_owned(),
            nick: nick.to_owned(),
            user: None,
            host: None,
            tries: 0,
            short: false,
            regain: Regain::default(),
        }
    }

    pub(super) fn nick(&self) -> &str {
        &self.nick
    }

    pub(super) fn wanted(&self) -> &str {
        &self.wanted
    }

    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.regain.next
    }

    /// The server takes no longer nicks than this.
    pub(super) fn shorten(&mut self, bytes: usize) {
        self.wanted = cut(&self.wanted, bytes).to_owned();
    }

    /// The bytes of `nick!user@host`, or how many they can become where they are not known.
    pub(super) fn longest_address(&self, support: &Support) -> usize {
        let nick = self.nick.len().max(self.wanted.len());
        let user = self.user.as_ref().map_or(support.user_bytes + 1, String::len);
        let host = self.host.as_ref().map_or(support.host_bytes, String::len);
        nick + 1 + user + 1 + host
    }

    /// Another nick, in the place of one that the server refused.
    fn other(&mut self) -> Option<String> {
        self.tries += 1;
        if self.tries > MOST_TRIES {
            return None;
        }
        let suffix = match self.tries {
            1 => "_".to_owned(),
            2 => "__".to_owned(),
            number => number.to_string(),
        };
        let room = if self.short || self.tries > 3 { SHORT } else { LONG };
        Some(format!("{}{suffix}", cut(&self.wanted, room - suffix.len())))
    }
}

impl Session {
    /// The server refused a nick.
    pub(super) fn nick_refused(&mut self, number: u16, out: &mut Vec<Effect>) {
        if !matches!(self.phase, Phase::Registering { .. }) {
            return;
        }
        // An erroneous nick is most often one that is too long.
        self.me.short |= number == 432;
        if let Some(nick) = self.me.other() {
            self.send(Line::new("NICK", &[&nick]), out);
            self.me.nick = nick;
            return;
        }
        let network = &self.settings.network;
        let nick = &self.me.wanted;
        out.push(Effect::Trouble(format!(
            "{network}: the server accepts neither the nick {nick} nor any like it. Choose another one in the configuration."
        )));
        self.close("the server accepted no nick".to_owned(), Pause::Long, out);
    }

    /// The server says what the bot is called.
    pub(super) fn called(&mut self, nick: &str, now: Timestamp) {
        nick.clone_into(&mut self.me.nick);
        let kept = self.has_its_nick();
        let regain = &mut self.me.regain;
        if regain.kept_since.is_some_and(|since| between(since, now) >= KEPT) {
            regain.pause = None;
        }
        regain.kept_since = kept.then_some(now);
        regain.next = Some(after(now, regain.pause.unwrap_or(FIRST_PAUSE)));
        regain.asked = false;
        self.changed = true;
    }

    /// Learns from a line of the bot's own how the network shows it.
    pub(super) fn note_address(&mut self, heard: &Incoming) {
        if let Some(source) = heard.source()
            && self.is_me(source.nick)
        {
            if self.me.user.as_deref() != Some(source.user) {
                self.me.user = Some(source.user.to_owned());
            }
            self.shown_at(source.host);
        }
    }

    /// The host that others see changed.
    pub(super) fn shown_at(&mut self, host: &str) {
        let (user, host) = match host.split_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, host),
        };
        if let Some(user) = user {
            self.me.user = Some(user.to_owned());
        }
        if self.me.host.as_deref() != Some(host) {
            self.me.host = Some(host.to_owned());
        }
    }

    /// The user name that others see changed.
    pub(super) fn shown_as(&mut self, user: &str) {
        self.me.user = Some(user.to_owned());
    }

    /// Somebody left their nick: if it is the wanted one, it is free.
    pub(super) fn nick_is_free(&mut self, nick: &str, out: &mut Vec<Effect>) {
        if !self.has_its_nick() && self.support.case.same(nick, &self.me.wanted) && self.is_registered() {
            self.send(Line::new("NICK", &[&self.me.wanted]), out);
        }
    }

    fn has_its_nick(&self) -> bool {
        self.support.case.same(&self.me.nick, &self.me.wanted)
    }

    /// Tries to get the wanted nick, when it is time: services are asked to free it, and then it is taken.
    pub(super) fn regain(&mut self, now: Timestamp, out: &mut Vec<Effect>) {
        let network = &self.settings.network;
        if self.has_its_nick() {
            if self.me.regain.told {
                let nick = &self.me.nick;
                out.push(Effect::Trouble(format!(
                    "{network}: the bot has its nick {nick} back."
                )));
            }
            let regain = &mut self.me.regain;
            (regain.next, regain.asked, regain.attempts, regain.told) = (None, false, 0, false);
            return;
        }
        let regain = &self.me.regain;
        let first = regain.attempts == 0 && regain.pause.is_none() && !regain.asked && self.login.is_in();
        if !first && self.me.regain.next.is_some_and(|at| at > now) {
            return;
        }
        if self.login.is_in() && !self.me.regain.asked {
            let wanted = self.me.wanted.clone();
            self.ask_services(&["GHOST", &wanted], out);
            self.ask_services(&["RECOVER", &wanted], out);
            self.me.regain.asked = true;
            self.me.regain.next = Some(after(now, SERVICES));
            return;
        }
        self.send(Line::new("NICK", &[&self.me.wanted]), out);
        let regain = &mut self.me.regain;
        regain.asked = false;
        regain.attempts += 1;
        let pause = regain
            .pause
            .map_or(FIRST_PAUSE, |last| (last * 2).min(LONGEST_PAUSE));
        regain.pause = Some(pause);
        regain.next = Some(after(now, pause));
        if regain.attempts > TELL_AFTER && !regain.told {
            regain.told = true;
            out.push(Effect::Trouble(format!(
                "{network}: somebody else has the nick {}; the bot is {} until it is free.",
                self.me.wanted, self.me.nick
            )));
        }
    }
}

/// The first bytes of a nick, as many as fit, in whole characters.
fn cut(nick: &str, bytes: usize) -> &str {
    &nick[..nick.floor_char_boundary(bytes)]
}
