//! Who the network says people are: the lines that make, keep and end a proof.

use irc_proto::Command;

use super::incoming::{Incoming, Source};
use super::{Effect, Session};
use crate::line::Line;

/// Tells our questions' answers from others.
const TOKEN: &str = "617";

impl Session {
    /// Asks who is in a room, and as which account they are logged in.
    pub(super) fn look(&self, room: &str, out: &mut Vec<Effect>) {
        if self.caps.tell_accounts() && self.support.whox {
            let fields = format!("%tcuhna,{TOKEN}");
            self.send(Line::new("WHO", &[room, &fields]).map(Line::patient), out);
        }
    }

    /// The same for all rooms, because from now on what is learnt stays true.
    pub(super) fn look_everywhere(&self, out: &mut Vec<Effect>) {
        for key in self.rooms.keys() {
            if let Some(room) = self.rooms.get(key).filter(|room| room.is_in()) {
                self.look(room.settings.name.as_str(), out);
            }
        }
    }

    /// Somebody else entered a room that the bot is in.
    pub(super) fn entered(&mut self, source: Source<'_>, room: &str, account: Option<&str>) {
        let room = self.fold(room);
        if !self.caps.tell_accounts() || !self.rooms.get(&room).is_some_and(super::rooms::Room::is_in) {
            return;
        }
        let key = self.fold(source.nick);
        self.roster.is_in(&key, source.nick, &room);
        self.roster
            .account_is(&key, &source.address(), account.and_then(named));
    }

    /// An answer to [`Self::look`]: token, room, user name, host, nick, account.
    pub(super) fn seen(&mut self, words: &[String]) {
        let [_, token, room, user, host, nick, account, ..] = words else {
            return;
        };
        if token != TOKEN || self.is_me(nick) {
            return;
        }
        let source = Source { nick, user, host };
        self.entered(source, room, Some(account));
    }

    /// The names in a room. They say nothing of accounts, but where somebody is seen whose account is told later.
    pub(super) fn names(&mut self, words: &[String]) {
        let [_, _, room, names] = words else { return };
        let room = self.fold(room);
        if !self.caps.tell_accounts() || !self.rooms.get(&room).is_some_and(super::rooms::Room::is_in) {
            return;
        }
        for name in names.split_whitespace() {
            let nick = name.trim_start_matches(|mark| self.support.rank_marks.contains(mark));
            let nick = nick.split('!').next().unwrap_or(nick);
            if !nick.is_empty() && !self.is_me(nick) {
                let key = self.fold(nick);
                self.roster.is_in(&key, nick, &room);
            }
        }
    }

    /// Somebody logged in or out, quit, changed their nick or their host.
    pub(super) fn changed_themselves(&mut self, heard: &Incoming, out: &mut Vec<Effect>) {
        let key = self.fold(heard.name());
        match &heard.command {
            Command::ACCOUNT(account) => {
                if let Some(source) = heard.source().filter(|_| self.caps.tell_accounts()) {
                    self.roster.account_is(&key, &source.address(), named(account));
                } else {
                    self.roster.gone(&key);
                }
            }
            Command::CHGHOST(user, host) => self.roster.moved(&key, format!("{user}@{host}")),
            Command::QUIT(_) => {
                self.roster.gone(&key);
                self.nick_is_free(heard.name(), out);
            }
            Command::NICK(nick) => {
                let new = self.fold(nick);
                self.roster.renamed(&key, &new, nick);
                if key != new {
                    self.nick_is_free(heard.name(), out);
                }
            }
            _ => {}
        }
    }
}

/// An account as services write it. `*` and `0` stand for none.
pub(super) fn named(account: &str) -> Option<&str> {
    Some(account).filter(|account| !matches!(*account, "" | "*" | "0"))
}
