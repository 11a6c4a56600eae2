//! Bad weather between the bot and a server: a proxy for connections in clear that cuts, delays, doubles, merges and
//! splits on command, in each direction by itself, and counts what it did.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::irc::Address;

/// A direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ToBot,
    ToServer,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Both sides are told that it was reset (RST).
    Reset,
    /// Both sides are told that the other has nothing more to say (FIN).
    Finish,
    /// Only the bot is told: the server still believes in it, and the bot's nick stays taken.
    Ghost,
}

/// What becomes of the lines in a direction.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// Each line comes so much later.
    pub(crate) delay: Duration,
    /// A line is held back so long, and goes out in one segment with those that come meanwhile.
    pub(crate) merge: Duration,
    /// Segments are of at most so many bytes.
    pub(crate) pieces: Option<usize>,
    /// These lines come twice.
    pub(crate) twice: Option<fn(&str) -> bool>,
    /// Nothing comes any more, and the connection stays.
    pub(crate) silent: bool,
}

/// What was done.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    pub(crate) connections: usize,
    pub(crate) cuts: usize,
    pub(crate) lines: [usize; 2],
    pub(crate) twice: usize,
    /// Segments that held more than one line.
    pub(crate) merged: usize,
    /// Lines that came in more than one segment.
    pub(crate) split: usize,
}

type Order = (Way, Cut, fn(&str) -> bool);

struct State {
    weather: [Weather; 2],
    counts: Counts,
    /// A line in the middle of which a connection ends.
    order: Option<Order>,
    refuse: bool,
    /// What the server still believes to be connected.
    ghosts: Vec<TcpStream>,
}

/// A proxy in front of one server. It ends when it is dropped, and with it all its connections.
pub(crate) struct Proxy {
    port: u16,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    state: Mutex<State>,
    /// Changes with every connection and every cut.
    news: watch::Sender<Counts>,
    /// How the connections that there are end, and a number that is new each time.
    cut: watch::Sender<(u64, Cut)>,
}

impl Proxy {
    pub(crate) async fn before(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State {
            weather: [Weather::default(); 2],
            counts: Counts::default(),
            order: None,
            refuse: false,
            ghosts: Vec::new(),
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            news: watch::channel(Counts::default()).0,
            cut: watch::channel((0, Cut::Reset)).0,
        });
        let accepting = tokio::spawn(accept(listener, server, Arc::clone(&shared)));
        Self {
            port,
            shared,
            accepting,
        }
    }

    /// Where the bot is to connect.
    pub(crate) fn address(&self) -> Address {
        Address {
            port: self.port,
            ca: None,
        }
    }

    /// Changes the weather in a direction.
    pub(crate) fn weather(&self, way: Way, weather: Weather) {
        self.shared.state.lock().unwrap().weather[way as usize] = weather;
    }

    /// Ends every connection now. Says how many were ended.
    pub(crate) async fn cut(&self, how: Cut) -> usize {
        let before = self.counts().cuts;
        let open = self.shared.cut.receiver_count();
        self.shared.cut.send_modify(|(number, cut)| {
            *number += 1;
            *cut = how;
        });
        self.until(|counts| counts.cuts >= before + open).await;
        open
    }

    /// Ends a connection in the middle of the next line in this direction for which this is true.
    pub(crate) fn cut_in_line(&self, way: Way, how: Cut, line: fn(&str) -> bool) {
        self.shared.state.lock().unwrap().order = Some((way, how, line));
    }

    /// Whether new connections are reset at once.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.shared.state.lock().unwrap().refuse = refuse;
    }

    /// Ends what only the server still believed in.
    pub(crate) fn bury_ghosts(&self) {
        self.shared.state.lock().unwrap().ghosts.clear();
    }

    pub(crate) fn counts(&self) -> Counts {
        self.shared.state.lock().unwrap().counts
    }

    /// Waits until so much was done.
    pub(crate) async fn until(&self, is_so: impl FnMut(&Counts) -> bool) -> Counts {
        let mut news = self.shared.news.subscribe();
        let reached = timeout(Duration::from_mins(1), news.wait_for(is_so)).await;
        *reached
            .unwrap_or_else(|_| panic!("the proxy waited a minute; it did {:?}", self.counts()))
            .unwrap()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.shared.cut.send_modify(|(number, cut)| {
            *number += 1;
            *cut = Cut::Reset;
        });
    }
}

async fn accept(listener: TcpListener, server: u16, shared: Arc<Shared>) {
    loop {
        let (bot, _) = listener.accept().await.unwrap();
        let refuse = shared.count(|state| {
            state.counts.connections += 1;
            state.refuse
        });
        let there = if refuse {
            None
        } else {
            TcpStream::connect(("127.0.0.1", server)).await.ok()
        };
        let Some(there) = there else {
            // As if nobody listened.
            bot.set_zero_linger().unwrap();
            continue;
        };
        let cut = shared.cut.subscribe();
        tokio::spawn(carry(bot, there, cut, Arc::clone(&shared)));
    }
}

/// Carries a connection until it ends by itself or is cut.
async fn carry(
    mut bot: TcpStream,
    mut server: TcpStream,
    mut cut: watch::Receiver<(u64, Cut)>,
    shared: Arc<Shared>,
) {
    for socket in [&bot, &server] {
        socket.set_nodelay(true).unwrap();
    }
    let how = {
        let (from_bot, to_bot) = bot.split();
        let (from_server, to_server) = server.split();
        tokio::select! {
            how = pump(from_bot, to_server, Way::ToServer, &shared) => how,
            how = pump(from_server, to_bot, Way::ToBot, &shared) => how,
            _ = cut.changed() => Some(cut.borrow().1),
        }
    };
    match how {
        Some(Cut::Reset) => {
            bot.set_zero_linger().ok();
            server.set_zero_linger().ok();
        }
        // Dropping them says so to both; what was not read yet would reset them, so it is read.
        Some(Cut::Finish) | None => {
            bot.shutdown().await.ok();
            server.shutdown().await.ok();
        }
        Some(Cut::Ghost) => {
            bot.set_zero_linger().ok();
            shared.state.lock().unwrap().ghosts.push(server);
        }
    }
    drop((bot, cut));
    if how.is_some() {
        shared.count(|state| state.counts.cuts += 1);
    }
}

/// Carries one direction. Says how the connection is to end if that was ordered.
async fn pump(
    from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    way: Way,
    shared: &Shared,
) -> Option<Cut> {
    let (send, mut lines) = mpsc::unbounded_channel();
    let reading = async {
        let mut from = BufReader::new(from);
        loop {
            let mut line = Vec::new();
            if !matches!(from.read_until(b'\n', &mut line).await, Ok(1..)) {
                return;
            }
            let due = Instant::now() + shared.weather(way).delay;
            if send.send((due, line)).is_err() {
                return;
            }
        }
    };
    let writing = async {
        while let Some((due, line)) = lines.recv().await {
            sleep_until(due).await;
            let mut segment = Segment::default();
            let mut cut = segment.add(&line, way, shared);
            let end = Instant::now() + shared.weather(way).merge;
            while cut.is_none()
                && end > Instant::now()
                && let Ok(Some((_, line))) = timeout_at(end, lines.recv()).await
            {
                cut = segment.add(&line, way, shared);
            }
            if segment.write(&mut to, way, shared).await.is_err() {
                return None;
            }
            if cut.is_some() {
                return cut;
            }
        }
        None
    };
    tokio::pin!(writing);
    tokio::select! {
        cut = &mut writing => cut,
        () = reading => {
            // What came before the end is still delivered.
            drop(send);
            writing.await
        }
    }
}

/// What is written at once.
#[derive(Default)]
struct Segment {
    bytes: Vec<u8>,
    lines: usize,
}

impl Segment {
    /// Adds a line, or half of it if that is where the connection is to end.
    fn add(&mut self, line: &[u8], way: Way, shared: &Shared) -> Option<Cut> {
        let weather = shared.weather(way);
        if weather.silent {
            return None;
        }
        let text = String::from_utf8_lossy(line).into_owned();
        self.lines += 1;
        let mut state = shared.state.lock().unwrap();
        state.counts.lines[way as usize] += 1;
        if let Some((_, how, _)) = state.order.take_if(|(its, _, is_it)| *its == way && is_it(&text)) {
            self.bytes.extend_from_slice(&line[..line.len() / 2]);
            return Some(how);
        }
        self.bytes.extend_from_slice(line);
        if weather.twice.is_some_and(|twice| twice(&text)) {
            self.bytes.extend_from_slice(line);
            state.counts.twice += 1;
        }
        None
    }

    async fn write(
        self,
        to: &mut (impl AsyncWrite + Unpin),
        way: Way,
        shared: &Shared,
    ) -> std::io::Result<()> {
        let size = shared.weather(way).pieces.unwrap_or(usize::MAX);
        let pieces = self.bytes.len().div_ceil(size);
        shared.count(|state| {
            state.counts.merged += usize::from(self.lines > 1 && pieces == 1);
            state.counts.split += usize::from(pieces > self.lines);
        });
        for (nth, piece) in self.bytes.chunks(size).enumerate() {
            if nth > 0 {
                // Else the system would put them together again.
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            to.write_all(piece).await?;
            to.flush().await?;
        }
        Ok(())
    }
}

impl Shared {
    fn weather(&self, way: Way) -> Weather {
        self.state.lock().unwrap().weather[way as usize]
    }

    fn count<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock().unwrap();
        let result = change(&mut state);
        self.news.send_replace(state.counts);
        result
    }
}
