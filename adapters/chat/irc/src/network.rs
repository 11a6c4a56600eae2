//! What outlives a connection: the posts that wait, what was heard, the orders, and whether the network is there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_core::chat::Heard;
use countersign_core::id::RoomName;
use countersign_core::random::Random;
use countersign_core::text;
use countersign_core::time::Clock;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Duration, Instant, sleep_until};

use crate::ears::Ears;
use crate::patience::Patience;
use crate::post::Job;
use crate::queue::Queue;
use crate::settings::{RoomSettings, Settings};

/// How many orders are taken at once.
pub(crate) const ORDERS: usize = 256;
/// The same trouble is told again only after this.
const AGAIN: Duration = Duration::from_hours(6);
/// When nothing is due.
const FAR: Duration = Duration::from_hours(1);

/// What the adapter asks of its network.
#[derive(Debug)]
pub(crate) enum Order {
    /// Says a post.
    Say(Job),
    /// Is in these rooms and no others.
    BeIn(Vec<RoomSettings>),
    /// Leaves; the sender is told, or dropped, when that is over.
    Stop {
        /// What it says to all rooms.
        words: String,
        /// Whoever waits for that.
        done: oneshot::Sender<()>,
    },
}

/// The bot is on its way out.
#[derive(Debug)]
pub(crate) struct Leaving {
    pub(crate) words: String,
    pub(crate) since: Instant,
    /// Told by being dropped.
    done: Vec<oneshot::Sender<()>>,
}

/// The network is not there.
#[derive(Debug)]
struct Away {
    since: Instant,
    reason: String,
    /// Whether people were told.
    told: bool,
}

/// One network, connected or not.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) settings: Arc<Settings>,
    pub(crate) patience: Patience,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
    pub(crate) rooms: Vec<RoomSettings>,
    pub(crate) orders: mpsc::UnboundedReceiver<Order>,
    /// Orders that were just taken from there.
    pub(crate) taken: Vec<Order>,
    pub(crate) queue: Queue,
    pub(crate) ears: Ears,
    pub(crate) leaving: Option<Leaving>,
    /// Nobody can give orders any more.
    pub(crate) abandoned: bool,
    /// Whether messages flow; the adapter reads it.
    ready: Arc<AtomicBool>,
    away: Option<Away>,
    /// Troubles that people were told of.
    told: Vec<Told>,
}

/// What a trouble is about, which may get well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The network cannot be reached.
    Reach,
    /// The bot is out of this room.
    Room(RoomName),
    /// Something that nobody says the end of.
    Other,
}

/// People were told of a trouble.
#[derive(Debug)]
struct Told {
    about: About,
    words: String,
    at: Instant,
}

impl Network {
    /// A network that is not connected yet.
    pub(crate) fn new(
        (settings, patience): (Arc<Settings>, Patience),
        (clock, random): (Arc<dyn Clock>, Arc<dyn Random>),
        orders: mpsc::UnboundedReceiver<Order>,
        heard: mpsc::Sender<Heard>,
        ready: Arc<AtomicBool>,
    ) -> Self {
        Self {
            rooms: settings.rooms.clone(),
            queue: Queue::new(settings.network.clone()),
            ears: Ears::new(heard),
            settings,
            patience,
            clock,
            random,
            orders,
            taken: Vec::new(),
            leaving: None,
            abandoned: false,
            ready,
            away: Some(Away {
                since: Instant::now(),
                reason: "it is not connected yet".to_owned(),
                told: false,
            }),
            told: Vec::new(),
        }
    }

    /// Waits for something while there is no connection, and does what can be done without one. `None` if the bot is
    /// to leave.
    pub(crate) async fn meanwhile<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        let mut work = std::pin::pin!(work);
        loop {
            if self.leaving.is_some() {
                return None;
            }
            let now = Instant::now();
            self.tick(now);
            let due = self.due().unwrap_or(now + FAR);
            tokio::select! {
                result = &mut work => return Some(result),
                count = self.orders.recv_many(&mut self.taken, ORDERS) => {
                    self.obey(count, Instant::now());
                }
                () = self.ears.hand_over() => {}
                () = sleep_until(due) => {}
            }
        }
    }

    /// Does what was ordered: `count` orders were taken; none means that nobody can give any more. Says whether the
    /// bot is to be in other rooms now.
    pub(crate) fn obey(&mut self, count: usize, now: Instant) -> bool {
        let mut moved = false;
        if count == 0 {
            self.abandoned = true;
            self.leave(String::new(), None, now);
        }
        let mut taken = std::mem::take(&mut self.taken);
        for order in taken.drain(..) {
            match order {
                Order::Say(job) => self.queue.add(job),
                Order::BeIn(rooms) => {
                    self.rooms = rooms;
                    moved = true;
                }
                Order::Stop { words, done } => self.leave(words, Some(done), now),
            }
        }
        self.taken = taken;
        moved
    }

    fn leave(&mut self, words: String, done: Option<oneshot::Sender<()>>, now: Instant) {
        let leaving = self.leaving.get_or_insert(Leaving {
            words,
            since: now,
            done: Vec::new(),
        });
        leaving.done.extend(done);
    }

    /// Messages flow now, or do not. Cheap if that is no news.
    pub(crate) fn set_ready(&mut self, ready: bool, now: Instant) {
        if ready != self.away.is_none() {
            self.ready.store(ready, Ordering::Release);
            self.away = (!ready).then(|| Away {
                since: now,
                reason: "it does not let the bot speak at the moment".to_owned(),
                told: false,
            });
            if ready {
                self.well(&About::Reach);
            }
        }
    }

    /// There is no connection, or none any more.
    pub(crate) fn lost(&mut self, reason: String, now: Instant) {
        self.queue.lose();
        self.set_ready(false, now);
        if let Some(away) = &mut self.away {
            away.reason = reason;
        }
    }

    /// Does what is due whether there is a connection or not: gives posts back, and tells people.
    pub(crate) fn tick(&mut self, now: Instant) {
        let away = self.away.as_ref().map(|away| (away.since, away.reason.as_str()));
        self.queue.expire(away, self.patience.post, now);
        let late = |away: &&mut Away| !away.told && away.since + self.patience.trouble <= now;
        if let Some(away) = self.away.as_mut().filter(late) {
            away.told = true;
            let words = format!(
                "{} cannot be reached for {}: {}. I keep trying.",
                self.settings.network,
                text::span(now.saturating_duration_since(away.since)),
                away.reason
            );
            self.trouble(About::Reach, words);
        }
    }

    /// When [`Network::tick`] has something to do next.
    pub(crate) fn due(&self) -> Option<Instant> {
        let away = self.away.as_ref().map(|away| (away.since, away.reason.as_str()));
        let told = self.away.as_ref().filter(|away| !away.told);
        let trouble = told.map(|away| away.since + self.patience.trouble);
        let post = self.queue.next_expiry(away, self.patience.post);
        trouble.into_iter().chain(post).min()
    }

    /// Tells people of something that they have to look at before it can get better.
    pub(crate) fn broken(&mut self, reason: &str) {
        if let Some(away) = self.away.as_mut().filter(|away| !away.told) {
            away.told = true;
            let words = format!("{} cannot be reached: {reason}.", self.settings.network);
            self.trouble(About::Reach, words);
        }
    }

    /// Tells people, unless they were told the same not long ago and it never got well: every reconnect finds the same
    /// wrong password.
    pub(crate) fn trouble(&mut self, about: About, words: String) {
        tracing::warn!(network = %self.settings.network, words, "trouble");
        let now = Instant::now();
        self.told.retain(|told| now.duration_since(told.at) < AGAIN);
        if self.told.iter().any(|told| told.words == words) {
            return;
        }
        self.told.push(Told {
            about,
            words: words.clone(),
            at: now,
        });
        self.ears.hear(Heard::Trouble {
            network: self.settings.network.clone(),
            words,
        });
    }
    /// It got well: if it comes again, people are told again.
    pub(crate) fn well(&mut self, about: &About) {
        self.told.retain(|told| told.about != *about);
    }
}
