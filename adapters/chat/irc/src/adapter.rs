//! The adapter: what core sees of a network.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use countersign_core::chat::{Adapter, Capabilities, Heard, Reach, SendError};
use countersign_core::id::{NetworkId, PostId};
use countersign_core::random::Random;
use countersign_core::reply::{Post, Urgency};
use countersign_core::time::{Clock, Duration};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::dial::{Dial, Dialer};
use crate::driver::drive;
use crate::network::{Network, Order};
use crate::patience::Patience;
use crate::post::{Job, Load};
use crate::settings::{Pace, RoomSettings, Settings};

/// With so many lines waiting, progress, answers and announcements are not taken any more.
const MOST_LINES: usize = 2_000;
/// Results and requests for signatures are taken for longer.
const MOST_LINES_OF_ALL: usize = 10 * MOST_LINES;

/// One IRC network, kept connected until it is stopped.
pub struct Irc {
    network: NetworkId,
    pace: Pace,
    orders: mpsc::UnboundedSender<Order>,
    load: Load,
    ready: Arc<AtomicBool>,
    stopping: AtomicBool,
}

impl Irc {
    /// Begins to connect, and goes on trying for ever. What the network says comes through `heard`.
    ///
    /// It runs as a task of the tokio runtime that this is called in, until [`Irc::stop`], or until the last `Irc` is
    /// dropped.
    pub fn start(
        settings: Settings,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
        heard: mpsc::Sender<Heard>,
    ) -> Arc<Self> {
        let (settings, patience) = (Arc::new(settings), Patience::default());
        let dialer = Dialer::new(Arc::clone(&settings), patience.connect);
        Self::start_with(settings, patience, (clock, random), heard, dialer)
    }

    pub(crate) fn start_with(
        settings: Arc<Settings>,
        patience: Patience,
        world: (Arc<dyn Clock>, Arc<dyn Random>),
        heard: mpsc::Sender<Heard>,
        dial: impl Dial + 'static,
    ) -> Arc<Self> {
        let (orders, taken) = mpsc::unbounded_channel();
        let ready = Arc::new(AtomicBool::new(false));
        let irc = Self {
            network: settings.network.clone(),
            pace: settings.pace,
            orders,
            load: Load::default(),
            ready: Arc::clone(&ready),
            stopping: AtomicBool::new(false),
        };
        let network = Network::new((settings, patience), world, taken, heard, ready);
        tokio::spawn(drive(network, dial));
        Arc::new(irc)
    }

    /// Joins rooms that are new and leaves those that are not in the list any more.
    pub fn be_in(&self, rooms: Vec<RoomSettings>) {
        // A network that has stopped is in no room.
        drop(self.orders.send(Order::BeIn(rooms)));
    }

    /// Says what still waits to be said, as far as that is quick, and leaves the network with these words.
    pub async fn stop(&self, words: &str) {
        self.stopping.store(true, Ordering::Release);
        let (done, over) = oneshot::channel();
        let order = Order::Stop {
            words: words.to_owned(),
            done,
        };
        if self.orders.send(order).is_ok() {
            // It is dropped when the task ends, which is the answer.
            drop(over.await);
        }
    }

    /// How many lines wait.
    #[cfg(test)]
    pub(crate) fn load(&self) -> usize {
        self.load.lines()
    }

    fn away(&self, reason: &str) -> SendError {
        SendError::Away {
            network: self.network.clone(),
            reason: reason.to_owned(),
        }
    }

    /// How long until there is room again for so many lines.
    fn slow(&self, lines: usize) -> SendError {
        let over = u32::try_from(lines.saturating_sub(MOST_LINES / 2)).unwrap_or(u32::MAX);
        let wait = self.pace.every.saturating_mul(over);
        SendError::Slow {
            network: self.network.clone(),
            wait: wait.clamp(Duration::from_secs(1), Duration::from_mins(1)),
        }
    }
}

#[async_trait]
impl Adapter for Irc {
    fn network(&self) -> &NetworkId {
        &self.network
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            edits: false,
            threads: false,
            buttons: false,
            files: false,
            line_bytes: Some(512),
            reach: Reach::Name,
        }
    }

    async fn send(&self, post: &Post) -> Result<Option<PostId>, SendError> {
        if self.stopping.load(Ordering::Acquire) {
            return Err(self.away("the bot is leaving it"));
        }
        let lines = self.load.lines();
        if lines >= MOST_LINES && (post.urgency < Urgency::Result || lines >= MOST_LINES_OF_ALL) {
            return Err(self.slow(lines));
        }
        let Some((job, ended)) = Job::new(post, &self.load, Instant::now()) else {
            return Ok(None);
        };
        if self.orders.send(Order::Say(job)).is_err() {
            return Err(self.away("the bot has left it"));
        }
        match ended.await {
            Ok(result) => result.map(|()| None),
            Err(_) => Err(self.away("the bot has left it")),
        }
    }

    fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Irc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Irc")
            .field("network", &self.network)
            .finish_non_exhaustive()
    }
}
