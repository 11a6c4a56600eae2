//! The rooms that the bot is told to be in, and how far it is with each.

use std::collections::BTreeMap;

use countersign_core::time::{Duration, Timestamp, after, between};

use super::isupport::CaseMapping;
use crate::settings::RoomSettings;

/// The longest time between two attempts to get into a room.
const LONGEST: Duration = Duration::from_mins(15);
/// How long an answer to a JOIN may take.
const ANSWER: Duration = Duration::from_mins(2);
/// Having been in a room for so long makes what went before forgotten.
const SETTLED: Duration = Duration::from_mins(5);
/// Somebody who invites the bot again and again does not make it try more often than this.
const INVITED: Duration = Duration::from_secs(5);

/// Rooms by their folded name.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    rooms: BTreeMap<String, Room>,
}

#[derive(Debug)]
pub(super) struct Room {
    pub(super) settings: RoomSettings,
    state: State,
    /// How long the next failure makes it wait; nothing yet if there was none.
    pause: Option<Duration>,
    /// What keeps the bot out, in words, and whether people were told.
    pub(super) obstacle: Option<String>,
    pub(super) told: bool,
    /// People were told that the bot may not speak there.
    pub(super) told_silenced: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Out {
        try_at: Timestamp,
    },
    Asked {
        until: Timestamp,
    },
    In {
        since: Timestamp,
    },
    /// Its name is none: trying makes no sense.
    Never,
}

impl Room {
    fn new(settings: RoomSettings, now: Timestamp) -> Self {
        Self {
            settings,
            state: State::Out { try_at: now },
            pause: None,
            obstacle: None,
            told: false,
            told_silenced: false,
        }
    }

    pub(super) fn is_in(&self) -> bool {
        matches!(self.state, State::In { .. })
    }

    /// Since when the bot is in it.
    pub(super) fn since(&self) -> Option<Timestamp> {
        match self.state {
            State::In { since } => Some(since),
            State::Out { .. } | State::Asked { .. } | State::Never => None,
        }
    }

    pub(super) fn is_asked(&self) -> bool {
        matches!(self.state, State::Asked { .. })
    }

    /// The bot is out and tries again after a pause, which it returns. Each pause is twice the one before.
    pub(super) fn is_out(&mut self, first: Duration, now: Timestamp) -> Duration {
        if let State::In { since } = self.state
            && between(since, now) >= SETTLED
        {
            self.pause = None;
        }
        let pause = self
            .pause
            .map_or(first, |last| last * 2)
            .clamp(first, LONGEST.max(first));
        self.pause = Some(pause);
        self.state = State::Out {
            try_at: after(now, pause),
        };
        pause
    }

    pub(super) fn never(&mut self) {
        self.state = State::Never;
    }

    /// The bot is in. Whether people should hear that it is back.
    pub(super) fn entered(&mut self, now: Timestamp) -> bool {
        self.state = State::In {
            since: self.since().unwrap_or(now),
        };
        self.obstacle = None;
        self.told_silenced = false;
        std::mem::take(&mut self.told)
    }

    /// Somebody let the bot in: it tries at once, unless it just did.
    pub(super) fn invited(&mut self, now: Timestamp) {
        if let State::Out { try_at } = self.state {
            let tried = self
                .pause
                .map(|pause| countersign_core::time::before(try_at, pause));
            if tried.is_none_or(|tried| between(tried, now) >= INVITED) {
                self.state = State::Out { try_at: now };
            }
        }
    }
}

impl Rooms {
    /// The room of this folded name, if the bot is told to be in it.
    pub(super) fn get(&self, key: &str) -> Option<&Room> {
        self.rooms.get(key)
    }

    pub(super) fn get_mut(&mut self, key: &str) -> Option<&mut Room> {
        self.rooms.get_mut(key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &String> {
        self.rooms.keys()
    }

    /// Takes over what the bot is told now: new rooms are to be joined, and the names of those that the bot is in and
    /// should not be any more are returned with their keys.
    pub(super) fn told(
        &mut self,
        list: Vec<RoomSettings>,
        case: CaseMapping,
        now: Timestamp,
    ) -> Vec<(String, String)> {
        let mut old = std::mem::take(&mut self.rooms);
        for settings in list {
            let key = case.fold(settings.name.as_str());
            let room = match old.remove(&key) {
                Some(mut room) => {
                    let same_key = keys(&room.settings) == keys(&settings);
                    room.settings = settings;
                    if !same_key && let State::Out { .. } = room.state {
                        room.state = State::Out { try_at: now };
                    }
                    room
                }
                None => Room::new(settings, now),
            };
            self.rooms.entry(key).or_insert(room);
        }
        old.into_iter()
            .filter(|(_, room)| matches!(room.state, State::In { .. } | State::Asked { .. }))
            .map(|(key, room)| (key, room.settings.name.to_string()))
            .collect()
    }

    /// Keys the rooms anew, because names compare in another way than was thought.
    pub(super) fn refold(&mut self, case: CaseMapping) {
        let old = std::mem::take(&mut self.rooms);
        for (_, room) in old {
            let key = case.fold(room.settings.name.as_str());
            self.rooms.entry(key).or_insert(room);
        }
    }

    /// Those whose turn it is, at most so many that `most` are asked for at a time; rooms with a key come first, since
    /// the keys in a JOIN belong to the first rooms in it.
    pub(super) fn due(&mut self, most: usize, now: Timestamp) -> Vec<RoomSettings> {
        let asked = self
            .rooms
            .values()
            .filter(|room| matches!(room.state, State::Asked { .. }))
            .count();
        let mut due: Vec<RoomSettings> = Vec::new();
        for room in self.rooms.values_mut() {
            if asked + due.len() >= most {
                break;
            }
            if matches!(room.state, State::Out { try_at } if try_at <= now) {
                room.state = State::Asked {
                    until: after(now, ANSWER),
                };
                due.push(room.settings.clone());
            }
        }
        due.sort_by_key(|settings| settings.key.is_none());
        due
    }

    /// The folded names of those that were asked for and not answered.
    pub(super) fn unanswered(&self, now: Timestamp) -> Vec<String> {
        self.rooms
            .iter()
            .filter(|(_, room)| matches!(room.state, State::Asked { until } if until <= now))
            .map(|(key, _)| key.clone())
            .collect()
    }

    /// Whether each room was entered, or is known to keep the bot out.
    pub(super) fn are_settled(&self) -> bool {
        self.rooms
            .values()
            .all(|room| room.is_in() || room.obstacle.is_some() || room.state == State::Never)
    }

    /// When the next room's turn is, after `now`. A room whose turn has come already waits for another one's answer.
    pub(super) fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        self.rooms
            .values()
            .filter_map(|room| match room.state {
                State::Out { try_at } => Some(try_at),
                State::Asked { until } => Some(until),
                State::In { .. } | State::Never => None,
            })
            .filter(|at| *at > now)
            .min()
    }
}

fn keys(settings: &RoomSettings) -> Option<&str> {
    use secrecy::ExposeSecret;
    settings.key.as_ref().map(ExposeSecret::expose_secret)
}
