//! What the server says, one line at a time, and who of the session it is for.

use countersign_core::time::{Timestamp, after};
use irc_proto::{Command, Mode, UserMode};

use super::incoming::Incoming;
use super::people::named;
use super::presence::shown;
use super::{Effect, GREETING, Loss, Pause, Phase, Session};
use crate::line::Line;

impl Session {
    /// A line that is no numeric and no PRIVMSG.
    pub(super) fn happened(&mut self, heard: &Incoming, now: Timestamp, out: &mut Vec<Effect>) {
        match &heard.command {
            Command::PING(token, other) => {
                self.send(Line::with_text("PONG", &[], other.as_ref().unwrap_or(token)), out);
            }
            Command::PONG(server, token) => {
                out.push(Effect::Answered(token.as_ref().unwrap_or(server).clone()));
            }
            Command::ERROR(words) => {
                let reason = format!("the server closed the connection: {}", shown(words));
                self.close(reason, pause_after(words), out);
            }
            Command::CAP(..) => {
                if let Some(line) = heard.cap() {
                    self.capabilities(&line, now, out);
                }
            }
            Command::AUTHENTICATE(challenge) => {
                self.challenge(challenge, now, out);
                self.changed = true;
            }
            Command::BATCH(reference, kind, _) => {
                let kind = kind.as_ref().map(irc_proto::BatchSubCommand::to_str);
                self.batches.heard(reference, kind, heard.tag("batch"));
            }
            Command::UserMODE(nick, modes) if self.is_me(nick) => {
                // Where nothing else says it, this mode says that a login worked.
                if modes
                    .iter()
                    .any(|mode| matches!(mode, Mode::Plus(UserMode::Restricted, _)))
                {
                    self.vouched_for();
                }
            }
            Command::Raw(verb, words) if verb == "FAIL" => {
                if let [command, _, .., text] = words.as_slice()
                    && command == "PRIVMSG"
                {
                    undelivered(words.get(2).filter(|_| words.len() > 3), text, Loss::ForGood, out);
                }
            }
            _ if self.is_me(heard.name()) => self.happened_to_me(heard, now, out),
            _ => self.happened_to_others(heard, now, out),
        }
    }

    /// The bot itself did something, or was made to.
    fn happened_to_me(&mut self, heard: &Incoming, now: Timestamp, out: &mut Vec<Effect>) {
        match &heard.command {
            Command::JOIN(rooms, ..) => {
                for room in rooms.split(',') {
                    self.is_in(room, now, out);
                }
            }
            Command::PART(rooms, _) => {
                for room in rooms.split(',') {
                    self.is_out(room, now, out);
                }
            }
            Command::NICK(nick) => {
                let (old, new) = (self.me.nick().to_owned(), self.fold(nick));
                self.roster.gone(&new);
                self.called(nick, now);
                tracing::debug!(%old, %nick, "the bot has another nick");
            }
            Command::ACCOUNT(account) => match named(account) {
                Some(account) => self.logged_in(Some(account)),
                None => self.logged_out(now),
            },
            Command::CHGHOST(user, host) => {
                self.shown_as(user);
                self.shown_at(host);
            }
            Command::QUIT(_) => self.close("the server says that the bot quit".to_owned(), Pause::Short, out),
            _ => self.happened_to_others(heard, now, out),
        }
    }

    fn happened_to_others(&mut self, heard: &Incoming, now: Timestamp, out: &mut Vec<Effect>) {
        match &heard.command {
            Command::JOIN(rooms, account, _) => {
                let account = account.as_deref().filter(|_| self.caps.has("extended-join"));
                if let Some(source) = heard.source() {
                    for room in rooms.split(',') {
                        self.entered(source, room, account);
                    }
                }
            }
            Command::PART(rooms, _) => {
                for room in rooms.split(',') {
                    self.parted(heard.name(), room);
                }
            }
            Command::KICK(room, nick, reason) => {
                self.kicked(heard.name(), (room, nick, reason.as_deref()), now, out);
            }
            Command::KILL(nick, reason) if self.is_me(nick) => {
                let reason = format!("{} killed the bot: {}", shown(heard.name()), shown(reason));
                self.close(reason, Pause::Short, out);
            }
            Command::INVITE(nick, room) => self.invited(nick, room, now),
            Command::ACCOUNT(_) | Command::CHGHOST(..) | Command::QUIT(_) | Command::NICK(_) => {
                self.changed_themselves(heard, out);
            }
            _ => {}
        }
    }

    /// A numeric. The first word is what the server calls the bot.
    pub(super) fn told(
        &mut self,
        number: u16,
        words: &[String],
        heard: &Incoming,
        now: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let first = words.first().map_or("", String::as_str);
        let second = words.get(1).map_or("", String::as_str);
        match number {
            1 => self.welcomed(first, heard, now),
            5 => self.learn_support(words.get(1..).unwrap_or_default()),
            376 | 422 => self.greeted(out),
            353 => self.names(words),
            354 => self.seen(words),
            396 => self.shown_at(second),
            900 => self.logged_in(words.get(2).map(String::as_str)),
            901 => self.logged_out(now),
            903 | 907 => self.sasl_done(out),
            902 | 904 | 905 | 906 => self.sasl_failed(number, out),
            908 => self.mechanisms(second, out),
            421 if second.eq_ignore_ascii_case("NICKSERV") => self.no_nickserv(now, out),
            432 | 433 | 436 => self.nick_refused(number, out),
            437 if !self.is_registered() => self.nick_refused(number, out),
            463..=466 => self.unwelcome(number, words, out),
            400..800 => self.complained(number, words, now, out),
            _ => {}
        }
    }

    fn welcomed(&mut self, nick: &str, heard: &Incoming, now: Timestamp) {
        if matches!(self.phase, Phase::Registering { .. }) && !nick.is_empty() && nick != "*" {
            self.phase = Phase::Welcomed {
                until: after(now, GREETING),
            };
            self.compare_clocks(heard, now);
            self.called(nick, now);
        }
    }

    fn learn_support(&mut self, tokens: &[String]) {
        let case = self.support.case;
        // The last word is for people: "are supported by this server".
        self.support
            .learn(tokens.split_last().map_or(&[], |(_, tokens)| tokens));
        if let Some(bytes) = self.support.nick_bytes {
            self.me.shorten(bytes);
        }
        if self.support.case != case {
            self.rooms.refold(self.support.case);
            self.roster.clear();
        }
        self.changed = true;
    }

    fn greeted(&mut self, out: &mut Vec<Effect>) {
        if matches!(self.phase, Phase::Welcomed { .. }) {
            self.phase = Phase::Greeted;
            if let Some(mode) = self.support.bot_mode {
                self.send(Line::new("MODE", &[self.me.nick(), &format!("+{mode}")]), out);
            }
            self.changed = true;
        }
    }

    /// The server does not want the bot.
    fn unwelcome(&mut self, number: u16, words: &[String], out: &mut Vec<Effect>) {
        let words = shown(words.last().map_or("", String::as_str));
        let network = &self.settings.network;
        out.push(Effect::Trouble(format!(
            "{network}: the server does not let the bot in (\"{words}\", {number}). Ask those who run the network."
        )));
        self.close(
            format!("the server does not let the bot in: {words}"),
            Pause::Long,
            out,
        );
    }

    /// An error that names what it is about: a room that was asked for, or something said.
    fn complained(&mut self, number: u16, words: &[String], now: Timestamp, out: &mut Vec<Effect>) {
        let text = words.last().map_or("", String::as_str);
        if matches!(number, 411 | 412 | 417) {
            undelivered(None, text, Loss::ForGood, out);
            return;
        }
        let Some(target) = words.get(1) else { return };
        if self.refused(number, target, text, now, out) {
            return;
        }
        match number {
            401 | 440 => {
                let key = self.fold(target);
                self.roster.gone(&key);
                self.no_services(target, now, out);
                undelivered(Some(target), text, Loss::Nobody, out);
            }
            // Somebody set or lifts a mode: it may work again.
            403 | 404 | 477 | 489 => {
                self.silenced(target, text, out);
                undelivered(Some(target), text, Loss::ForNow, out);
            }
            407 | 408 | 413..=415 | 486 | 531 | 716 => undelivered(Some(target), text, Loss::ForGood, out),
            _ => {}
        }
    }
}

fn undelivered(target: Option<&String>, reason: &str, loss: Loss, out: &mut Vec<Effect>) {
    out.push(Effect::Undelivered {
        target: target.cloned().unwrap_or_default(),
        reason: shown(reason),
        loss,
    });
}

/// How long to stay away after the server's last words: long where it would only say them again.
fn pause_after(words: &str) -> Pause {
    const UNWELCOME: [&str; 15] = [
        "k-line", "g-line", "z-line", "d-line", "kline", "gline", "zline", "dline", "akill", "autokill",
        "banned", "throttl", "too fast", "too many", "password",
    ];
    let words = words.to_ascii_lowercase();
    if UNWELCOME.iter().any(|word| words.contains(word)) {
        Pause::Long
    } else {
        Pause::Short
    }
}
