//! What people say: who said it, as far as that is proven, where, when, and whether only now.

use std::collections::HashMap;

use countersign_core::digest::Digest;
use countersign_core::id::{AccountName, MessageId};
use countersign_core::message::{self, Account, Assurance, Kind, Message, Place, Sender};
use countersign_core::time::{Duration, Timestamp, before, from_millis};

use super::format;
use super::incoming::{Incoming, Source};
use super::isupport::CaseMapping;
use super::people::named;
use super::rooms::Room;
use super::{Effect, Session};

/// Something said so shortly before the bot was there still counts as said to it.
const GRACE: Duration = Duration::from_secs(5);
/// Batches that may be open at a time.
const MOST_BATCHES: usize = 256;
/// The longest id of a message that is believed to be one.
const LONGEST_ID: usize = 200;

/// The batches that are open, and whether each tells the past.
#[derive(Debug, Default)]
pub(super) struct Batches {
    open: HashMap<String, bool>,
}

impl Batches {
    /// Whether what is in this batch was said before. What is in a batch that nobody opened is taken for the past.
    fn tells_the_past(&self, reference: &str) -> bool {
        self.open.get(reference).copied().unwrap_or(true)
    }

    pub(super) fn heard(&mut self, reference: &str, kind: Option<&str>, inside: Option<&str>) {
        if let Some(reference) = reference.strip_prefix('-') {
            self.open.remove(reference);
        } else if let (Some(reference), Some(kind)) = (reference.strip_prefix('+'), kind)
            && self.open.len() < MOST_BATCHES
        {
            let kind = kind.to_ascii_lowercase();
            let past = kind.contains("playback")
                || kind.contains("history")
                || inside.is_some_and(|outer| self.tells_the_past(outer));
            self.open.insert(reference.to_owned(), past);
        }
    }
}

impl Session {
    /// A PRIVMSG. Those of rooms that the bot is not told to be in, of servers, of bots and of itself are not heard.
    pub(super) fn said(
        &mut self,
        heard: &Incoming,
        target: &str,
        text: &str,
        now: Timestamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(source) = heard.source().filter(|_| self.is_registered()) else {
            return;
        };
        let is_bot = ["bot", "draft/bot", "inspircd.org/bot"]
            .iter()
            .any(|tag| heard.tag(tag).is_some());
        if text.starts_with('\u{1}') || is_bot || self.is_me(source.nick) {
            return;
        }
        let room = self.rooms.get(&self.fold(target)).filter(|room| room.is_in());
        let there_since = room.and_then(Room::since).unwrap_or(self.began);
        let room = room.map(|room| room.settings.name.clone());
        if room.is_none() && !self.is_me(target) {
            return;
        }
        let account = self.proven(heard, source, now, room.is_none());
        let network = self.settings.network.clone();
        let account = account.map(|name| Account {
            network: network.clone(),
            name,
        });
        let place = match (room, &account) {
            (Some(name), _) => Place::Room(message::Room { network, name }),
            (None, Some(account)) => Place::Direct(account.clone()),
            (None, None) => Place::Nick {
                network,
                nick: source.nick.to_owned(),
            },
        };
        let plain = format::plain(text);
        if plain.trim().is_empty() {
            return;
        }
        let said_at = self.time_of(heard);
        let id = self.id_of(heard, source, (target, text));
        out.push(Effect::Heard(Message {
            id,
            place,
            sender: Sender {
                nick: source.nick.to_owned(),
                assurance: if account.is_some() {
                    Assurance::Account
                } else {
                    Assurance::Nick
                },
                account,
            },
            text: plain.into_owned(),
            sent_at: said_at.map_or(now, |at| at.min(now)),
            kind: if self.was_before(there_since, heard, said_at) {
                Kind::Replayed
            } else {
                Kind::Said
            },
            thread: None,
        }));
    }

    /// The account that the network proves the sender to be logged in as while they say this.
    fn proven(
        &mut self,
        heard: &Incoming,
        source: Source<'_>,
        now: Timestamp,
        direct: bool,
    ) -> Option<AccountName> {
        if self.is_relayed(heard, source.nick) {
            return None;
        }
        let key = self.fold(source.nick);
        let known = self.roster.account_of(&key, source.user, source.host);
        let account = if self.caps.has("account-tag") {
            let account = heard.tag("account").and_then(named);
            if known.map(AccountName::as_str) != account && self.caps.tell_accounts() {
                self.roster.account_is(&key, &source.address(), account);
            }
            account.map(AccountName::from)
        } else if self.caps.tell_accounts() {
            known.cloned()
        } else {
            None
        };
        match &account {
            Some(account) if direct => {
                self.roster.wrote(account, &key, source.nick, now);
                self.changed = true;
            }
            Some(_) => {}
            None => self.roster.wrote_unproven(&key),
        }
        account
    }

    /// Whether somebody speaks for somebody else. Relays are compared as coarsely as any network compares nicks, so
    /// that none slips through by its spelling.
    fn is_relayed(&self, heard: &Incoming, nick: &str) -> bool {
        heard.tag("draft/relaymsg").is_some()
            || heard.tag("relaymsg").is_some()
            || (self.settings.relays.iter()).any(|relay| CaseMapping::Rfc1459.same(relay, nick))
    }

    /// Whether something keeps a history and tells it now: a bouncer when the connection begins, a server when the bot
    /// enters a room.
    fn was_before(&self, there_since: Timestamp, heard: &Incoming, said_at: Option<Timestamp>) -> bool {
        said_at.is_some_and(|at| at < before(there_since, GRACE))
            || heard
                .tag("batch")
                .is_some_and(|batch| self.batches.tells_the_past(batch))
    }

    /// Learns from the server's welcome by how much its clock differs from the bot's. Either may be wrong by any amount,
    /// and what is said now must neither look old for that nor what was said long ago look new.
    pub(super) fn compare_clocks(&mut self, heard: &Incoming, now: Timestamp) {
        if let Some(there) = tagged(heard) {
            self.ahead = now.as_millisecond().saturating_sub(there.as_millisecond());
        }
    }

    /// When the server says that this was said, by the bot's clock.
    fn time_of(&self, heard: &Incoming) -> Option<Timestamp> {
        let there = tagged(heard)?;
        Some(from_millis(there.as_millisecond().saturating_add(self.ahead)))
    }

    /// The network's id, else one that is the same whenever the network tells the same, else one of our own.
    fn id_of(&mut self, heard: &Incoming, source: Source<'_>, words: (&str, &str)) -> MessageId {
        if let Some(id) = heard
            .tag("msgid")
            .filter(|id| !id.is_empty() && id.len() <= LONGEST_ID)
        {
            return MessageId::from(id);
        }
        if let Some(time) = heard.tag("time").filter(|time| !time.is_empty()) {
            let all = [time, source.nick, words.0, words.1].join("\0");
            return MessageId::from(format!("at-{}", Digest::of(all.as_bytes())));
        }
        self.unnamed += 1;
        MessageId::from(format!("{}-{}", self.connection, self.unnamed))
    }
}

/// The time that a line has, by the server's clock.
fn tagged(heard: &Incoming) -> Option<Timestamp> {
    heard.tag("time").and_then(|time| time.parse().ok())
}
