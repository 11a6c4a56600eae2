//! One connection: what is read goes to the session, what the session and the queue have to say goes out.

mod speak;

use std::sync::Arc;

use countersign_core::chat::Heard;
use countersign_core::text::span;
use countersign_core::time::between;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadHalf, WriteHalf, split};
use tokio::time::{Duration, Instant, sleep_until, timeout};

use crate::dial::Stream;
use crate::line::Line;
use crate::lines::Lines;
use crate::network::{About, Network, ORDERS};
use crate::out::Out;
use crate::session::{Effect, Pause, Session};
use crate::settings::Tls;
use crate::watch::Watch;

/// How often a server that is not listened to hears that the bot is there.
const SIGN_OF_LIFE: Duration = Duration::from_secs(30);
/// How long the last lines may take to leave when the connection ends.
const LAST_WRITE: Duration = Duration::from_secs(1);

/// How a connection ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Why, in words.
    pub(crate) reason: String,
    /// How soon to come back.
    pub(crate) pause: Pause,
    /// Whether messages flowed for long enough that this was no failure to connect.
    pub(crate) lasted: bool,
}

impl Ended {
    /// It ended before it began.
    pub(crate) fn before(reason: String, pause: Pause) -> Self {
        Self {
            reason,
            pause,
            lasted: false,
        }
    }
}

/// A connection that is up.
pub(crate) struct Online<'n> {
    network: &'n mut Network,
    session: Session,
    lines: Lines,
    out: Out,
    watch: Watch,
    effects: Vec<Effect>,
    opened: Instant,
    ready_since: Option<Instant>,
    /// Since when a post that was said to its end waits to be confirmed.
    said_since: Option<Instant>,
    /// When the server, which is not listened to, last heard of us.
    sign_at: Instant,
    /// When the bot said good-bye.
    quit_at: Option<Instant>,
}

enum Event {
    Read(std::io::Result<usize>),
    Wrote(std::io::Result<()>),
    Orders(usize),
    Nothing,
}

impl<'n> Online<'n> {
    /// Prepares to use a new connection.
    pub(crate) fn begin(network: &'n mut Network) -> Self {
        let now = Instant::now();
        let mut id = [0; 16];
        network.random.fill(&mut id);
        let session = Session::new(
            Arc::clone(&network.settings),
            network.rooms.clone(),
            network.settings.tls != Tls::Off,
            format!("{:032x}", u128::from_be_bytes(id)),
            network.clock.now(),
        );
        Self {
            session,
            lines: Lines::default(),
            out: Out::new(network.settings.pace, now),
            watch: Watch::new(network.patience, now),
            effects: Vec::new(),
            opened: now,
            ready_since: None,
            said_since: None,
            sign_at: now,
            quit_at: None,
            network,
        }
    }

    /// Uses it until it ends.
    pub(crate) async fn run(mut self, stream: Stream) -> Ended {
        let (mut reader, mut writer) = split(stream);
        self.session.open(self.network.clock.now(), &mut self.effects);
        let mut alarm = std::pin::pin!(sleep_until(self.opened));
        let ended = loop {
            let now = Instant::now();
            if let Some(ended) = self.turn(now) {
                break ended;
            }
            // A timer that goes off too early costs less than one that is set anew for every line.
            let due = self.due(now);
            if due < alarm.deadline() || alarm.is_elapsed() {
                alarm.as_mut().reset(due);
            }
            let event = tokio::select! {
                event = self.wait(&mut reader, &mut writer) => event,
                () = &mut alarm => Event::Nothing,
            };
            if let Some(reason) = self.take(event) {
                break self.ended(reason, Pause::Short, Instant::now());
            }
        };
        // Whatever the session wanted to say last, unless the connection is broken.
        let last = async {
            self.out.write(&mut writer).await?;
            writer.shutdown().await
        };
        drop(timeout(LAST_WRITE, last).await);
        ended
    }

    async fn wait(&mut self, reader: &mut ReadHalf<Stream>, writer: &mut WriteHalf<Stream>) -> Event {
        let listens = !self.network.ears.is_full();
        let ordered = !self.network.abandoned;
        let Network {
            orders, taken, ears, ..
        } = &mut *self.network;
        tokio::select! {
            read = reader.read_buf(self.lines.space()), if listens => Event::Read(read),
            wrote = self.out.write(writer), if self.out.is_waiting() => Event::Wrote(wrote),
            count = orders.recv_many(taken, ORDERS), if ordered => Event::Orders(count),
            () = ears.hand_over() => Event::Nothing,
        }
    }

    /// Takes in what happened; says why if the connection is over.
    fn take(&mut self, event: Event) -> Option<String> {
        let now = Instant::now();
        match event {
            Event::Read(Ok(0)) => return Some("the server closed the connection".to_owned()),
            Event::Read(Err(error)) | Event::Wrote(Err(error)) => {
                return Some(format!("the connection broke: {error}"));
            }
            Event::Read(Ok(_)) => {
                self.watch.heard(now);
                let time = self.network.clock.now();
                while let Some(line) = self.lines.next() {
                    tracing::trace!(%line, "heard");
                    self.session.hear(&line, time, &mut self.effects);
                }
            }
            Event::Orders(count) => {
                if self.network.obey(count, now) {
                    let rooms = self.network.rooms.clone();
                    self.session
                        .be_in(rooms, self.network.clock.now(), &mut self.effects);
                }
            }
            Event::Wrote(Ok(())) | Event::Nothing => {}
        }
        None
    }

    /// Everything that is due now. Says if the connection is over.
    fn turn(&mut self, now: Instant) -> Option<Ended> {
        let time = self.network.clock.now();
        if self.session.next_wake().is_some_and(|wake| wake <= time) {
            self.session.wake(time, &mut self.effects);
        }
        let closed = self.apply(now);
        self.network.set_ready(self.session.is_ready(), now);
        self.network.tick(now);
        if let Some((reason, pause)) = closed {
            return Some(self.ended(reason, pause, now));
        }
        if let Some(reason) = self.overdue(now) {
            return Some(self.ended(reason, Pause::Short, now));
        }
        self.keep_alive(now);
        if self.session.may_speak() && self.quit_at.is_none() {
            self.say(now);
            self.confirm(now);
        }
        self.part(now);
        None
    }

    /// Does what the session asked for. Says if that is to end the connection.
    fn apply(&mut self, now: Instant) -> Option<(String, Pause)> {
        let mut closed = None;
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Send(line) => self.out.send(line, now),
                Effect::Heard(message) => self.network.ears.hear(Heard::Message(message)),
                Effect::Trouble(words) => self.network.trouble(About::Other, words),
                Effect::RoomTrouble(room, words) => self.network.trouble(About::Room(room), words),
                Effect::Entered(room) => self.network.well(&About::Room(room)),
                Effect::Ready => self.ready(now),
                Effect::Answered(token) => {
                    if let Some(sent) = self.watch.answered(&token) {
                        self.network.queue.confirm(sent);
                        self.said_since = self.network.queue.awaits_confirmation().then_some(now);
                    }
                }
                Effect::Undelivered { target, reason, loss } => {
                    self.network.queue.undelivered(&target, &reason, loss);
                }
                Effect::Close { reason, pause } => {
                    closed = Some((reason, pause));
                    break;
                }
            }
        }
        effects.clear();
        self.effects = effects;
        closed
    }

    fn ready(&mut self, now: Instant) {
        let network = self.network.settings.network.clone();
        if self.ready_since.is_none() {
            tracing::info!(%network, took_ms = now.duration_since(self.opened).as_millis(), "ready");
        }
        self.ready_since.get_or_insert(now);
        self.out.count();
        self.network.set_ready(true, now);
        self.network.ears.hear(Heard::Ready(network));
    }

    /// Why the connection is given up, if something took too long.
    fn overdue(&self, now: Instant) -> Option<String> {
        let patience = &self.network.patience;
        if self.quit_at.is_some_and(|at| at + patience.farewell <= now) {
            return Some("the bot has left".to_owned());
        }
        let silent = self.watch.is_gone(now)?;
        let silent = span(silent);
        Some(format!("the server did not answer for {silent}"))
    }

    /// Asks a silent server whether it is there, and shows one that is not listened to that the bot is.
    fn keep_alive(&mut self, now: Instant) {
        if self.network.ears.is_full() {
            self.watch.excuse(now);
            if self.sign_at + SIGN_OF_LIFE <= now {
                self.sign_at = now;
                if let Ok(line) = Line::new("PONG", &["busy"]) {
                    self.out.send(line, now);
                }
            }
        } else if self.watch.is_silent(now) {
            self.ask(now);
        }
    }

    fn ask(&mut self, now: Instant) {
        if let Ok(line) = Line::ping(self.watch.ask(self.network.queue.sent(), now)) {
            self.out.send(line, now);
        }
    }

    /// When there is something to do even if nothing happens.
    fn due(&self, now: Instant) -> Instant {
        let wake = self.session.next_wake().map(|wake| {
            // Rounded up: a millisecond too early would be a wake-up for nothing.
            now + between(self.network.clock.now(), wake) + Duration::from_millis(1)
        });
        let sign = self.network.ears.is_full().then(|| self.sign_at + SIGN_OF_LIFE);
        [wake, sign, self.network.due(), self.next_words(now)]
            .into_iter()
            .flatten()
            .fold(self.watch.due(), Instant::min)
    }

    fn ended(&self, reason: String, pause: Pause, now: Instant) -> Ended {
        let lasting = self.network.patience.lasting;
        Ended {
            reason,
            pause,
            lasted: self.ready_since.is_some_and(|since| since + lasting <= now),
        }
    }
}
