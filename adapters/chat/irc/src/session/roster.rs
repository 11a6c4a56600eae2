//! Who is logged in as which account, as far as the network proves it now.
//!
//! A person is known from the rooms that the bot shares with them: only there the network tells when they log in, log
//! out, change their nick or leave. Whoever is in no common room any more is forgotten at once, because what they do
//! from then on is not seen, and their nick may be somebody else's in the next moment.
//!
//! Nicks and rooms are keyed by their folded spelling, accounts by the exact one.

use std::collections::{BTreeSet, HashMap, HashSet};

use countersign_core::id::AccountName;
use countersign_core::time::{Duration, Timestamp, after, between};

/// How long somebody who wrote to the bot can be answered under the same nick, if nothing else is seen of them. Whoever
/// shares no room with the bot is not seen to quit, and their nick may be somebody else's in the next moment: it is long
/// enough for the answer to what they just said, and no longer. What is said to them later waits until they write again.
const MET: Duration = Duration::from_secs(20);
/// How many such people are kept.
const MOST_MET: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Roster {
    people: HashMap<String, Seen>,
    by_account: HashMap<AccountName, BTreeSet<String>>,
    met: HashMap<AccountName, Met>,
}

#[derive(Debug)]
struct Seen {
    nick: String,
    /// `user@host`, if a line has shown it.
    address: Option<String>,
    account: Option<AccountName>,
    rooms: HashSet<String>,
}

#[derive(Debug)]
struct Met {
    key: String,
    nick: String,
    at: Timestamp,
}

impl Roster {
    /// Somebody is in a room. Nothing is said about their account.
    pub(super) fn is_in(&mut self, key: &str, nick: &str, room: &str) {
        let seen = self.people.entry(key.to_owned()).or_insert_with(|| Seen {
            nick: nick.to_owned(),
            address: None,
            account: None,
            rooms: HashSet::new(),
        });
        if !seen.rooms.contains(room) {
            seen.rooms.insert(room.to_owned());
        }
    }

    /// The network says which account somebody who is in a common room is logged in as now, or that it is none.
    pub(super) fn account_is(&mut self, key: &str, address: &str, account: Option<&str>) {
        if self.met.values().any(|met| met.key == key) {
            self.met
                .retain(|name, met| met.key != key || account == Some(name.as_str()));
        }
        let Some(seen) = self.people.get_mut(key) else {
            return;
        };
        seen.address = Some(address.to_owned());
        if seen.account.as_ref().map(AccountName::as_str) == account {
            return;
        }
        let old = std::mem::replace(&mut seen.account, account.map(AccountName::from));
        if let Some(new) = seen.account.clone() {
            self.by_account.entry(new).or_default().insert(key.to_owned());
        }
        self.unlist(key, old);
    }

    /// Their user name or host changed, and the network said so: they are the same person.
    pub(super) fn moved(&mut self, key: &str, address: String) {
        if let Some(seen) = self.people.get_mut(key) {
            seen.address = Some(address);
        }
    }

    /// Somebody left a room. Who just wrote to the bot can still be answered for a while.
    pub(super) fn left(&mut self, key: &str, room: &str) {
        let Some(seen) = self.people.get_mut(key) else {
            return;
        };
        seen.rooms.remove(room);
        if seen.rooms.is_empty() {
            self.lose_sight(key);
        }
    }

    /// Somebody left the network, or is not who was thought: nothing is known of this nick any more.
    pub(super) fn gone(&mut self, key: &str) {
        self.met.retain(|_, met| met.key != key);
        self.lose_sight(key);
    }

    fn lose_sight(&mut self, key: &str) {
        if let Some(seen) = self.people.remove(key) {
            self.unlist(key, seen.account);
        }
    }

    /// Somebody has another nick now.
    pub(super) fn renamed(&mut self, old: &str, key: &str, nick: &str) {
        self.met.retain(|_, met| met.key != old && met.key != key);
        let Some(mut seen) = self.people.remove(old) else {
            self.gone(key);
            return;
        };
        self.unlist(old, seen.account.clone());
        self.gone(key);
        nick.clone_into(&mut seen.nick);
        if let Some(account) = seen.account.clone() {
            self.by_account.entry(account).or_default().insert(key.to_owned());
        }
        self.people.insert(key.to_owned(), seen);
    }

    /// The bot is not in a room any more.
    pub(super) fn closed(&mut self, room: &str) {
        let there: Vec<String> = self
            .people
            .iter()
            .filter(|(_, seen)| seen.rooms.contains(room))
            .map(|(key, _)| key.clone())
            .collect();
        for key in there {
            self.left(&key, room);
        }
    }

    /// Forgets everybody.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The account of whoever has this nick at this address, if it is proven now. Another address than the proof's is
    /// somebody else: an end of the proof that nobody was told of.
    pub(super) fn account_of(&self, key: &str, user: &str, host: &str) -> Option<&AccountName> {
        let seen = self.people.get(key)?;
        let address = seen.address.as_deref()?;
        let proven_host = address.strip_prefix(user)?.strip_prefix('@')?;
        seen.account.as_ref().filter(|_| proven_host == host)
    }

    /// Somebody proved to be this account wrote to the bot.
    pub(super) fn wrote(&mut self, account: &AccountName, key: &str, nick: &str, now: Timestamp) {
        self.met
            .retain(|name, met| (met.key != key || name == account) && between(met.at, now) < MET);
        if self.met.len() >= MOST_MET && !self.met.contains_key(account) {
            let oldest = self.met.iter().min_by_key(|(_, met)| met.at);
            if let Some(oldest) = oldest.map(|(name, _)| name.clone()) {
                self.met.remove(&oldest);
            }
        }
        let met = Met {
            key: key.to_owned(),
            nick: nick.to_owned(),
            at: now,
        };
        self.met.insert(account.clone(), met);
    }

    /// Somebody of this nick said something that is not proven to be of any account.
    pub(super) fn wrote_unproven(&mut self, key: &str) {
        if !self.met.is_empty() {
            self.met.retain(|_, met| met.key != key);
        }
    }

    /// A nick that is logged in as this account now: the one that wrote last, else the first by name.
    pub(super) fn nick_of(&self, account: &str, now: Timestamp) -> Option<&str> {
        let nicks = self.by_account.get(account);
        let met = self.met.get(account).filter(|met| between(met.at, now) < MET);
        match (nicks.filter(|nicks| !nicks.is_empty()), met) {
            (_, Some(met)) => Some(&met.nick),
            (Some(nicks), None) => {
                let key = nicks.first()?;
                self.people.get(key).map(|seen| seen.nick.as_str())
            }
            (None, None) => None,
        }
    }

    /// When the next of those who wrote is to be forgotten.
    pub(super) fn next_end(&self) -> Option<Timestamp> {
        self.met.values().map(|met| after(met.at, MET)).min()
    }

    /// Forgets those who wrote too long ago.
    pub(super) fn expire(&mut self, now: Timestamp) {
        self.met.retain(|_, met| between(met.at, now) < MET);
    }

    fn unlist(&mut self, key: &str, account: Option<AccountName>) {
        let Some(account) = account else { return };
        if let Some(nicks) = self.by_account.get_mut(&account) {
            nicks.remove(key);
            if nicks.is_empty() {
                self.by_account.remove(&account);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::time::from_millis;

    const NOW: i64 = 1_000_000;

    fn with_alice() -> Roster {
        let mut roster = Roster::default();
        roster.is_in("alice", "Alice", "#a");
        roster.account_is("alice", "u@h", Some("alice"));
        roster
    }

    fn known(roster: &Roster, key: &str) -> Option<String> {
        roster.account_of(key, "u", "h").map(ToString::to_string)
    }

    #[test]
    fn whoever_is_in_no_common_room_any_more_is_forgotten() {
        let mut roster = with_alice();
        roster.is_in("alice", "Alice", "#b");
        roster.left("alice", "#a");
        assert_eq!(known(&roster, "alice").as_deref(), Some("alice"));
        roster.closed("#b");
        assert_eq!(known(&roster, "alice"), None);
        assert_eq!(roster.nick_of("alice", from_millis(NOW)), None);
    }

    #[test]
    fn another_address_is_another_person() {
        let mut roster = with_alice();
        assert_eq!(roster.account_of("alice", "u", "elsewhere"), None);
        roster.moved("alice", "u@elsewhere".to_owned());
        assert!(roster.account_of("alice", "u", "elsewhere").is_some());
        assert_eq!(roster.account_of("alice", "u", "h"), None);
    }

    #[test]
    fn a_nick_change_takes_the_account_along_and_leaves_none_behind() {
        let mut roster = with_alice();
        roster.is_in("bob", "bob", "#a");
        roster.account_is("bob", "u@h", Some("bob"));
        roster.renamed("alice", "bob", "bob");
        assert_eq!(known(&roster, "bob").as_deref(), Some("alice"));
        assert_eq!(known(&roster, "alice"), None);
        assert_eq!(roster.nick_of("bob", from_millis(NOW)), None);
        assert_eq!(roster.nick_of("alice", from_millis(NOW)), Some("bob"));
    }

    #[test]
    fn of_two_nicks_the_one_that_wrote_last_is_answered_for_a_moment() {
        let mut roster = with_alice();
        roster.is_in("zalice", "zAlice", "#a");
        roster.account_is("zalice", "u@h", Some("alice"));
        assert_eq!(roster.nick_of("alice", from_millis(NOW)), Some("Alice"));
        roster.wrote(&"alice".into(), "zalice", "zAlice", from_millis(NOW));
        assert_eq!(roster.nick_of("alice", from_millis(NOW + 19_999)), Some("zAlice"));
        assert_eq!(roster.nick_of("alice", from_millis(NOW + 20_000)), Some("Alice"));
        roster.gone("zalice");
        assert_eq!(roster.nick_of("alice", from_millis(NOW)), Some("Alice"));
    }

    #[test]
    fn those_met_outside_of_rooms_are_forgotten_with_their_nick() {
        for forget in [
            (|roster: &mut Roster| roster.gone("erin")) as fn(&mut Roster),
            |roster| roster.renamed("erin", "x", "x"),
            |roster| roster.account_is("erin", "u@h", None),
            |roster| roster.wrote_unproven("erin"),
            |roster| roster.wrote(&"other".into(), "erin", "erin", from_millis(NOW)),
            |roster| roster.expire(from_millis(NOW + 20_000)),
            Roster::clear,
        ] {
            let mut roster = Roster::default();
            roster.wrote(&"erin".into(), "erin", "erin", from_millis(NOW));
            assert_eq!(roster.nick_of("erin", from_millis(NOW)), Some("erin"));
            forget(&mut roster);
            assert_eq!(roster.nick_of("erin", from_millis(NOW)), None);
        }
    }

    #[test]
    fn letter_case_of_accounts_counts() {
        assert_eq!(with_alice().nick_of("Alice", from_millis(NOW)), None);
    }
}
