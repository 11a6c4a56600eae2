//! Stories of the adapter and a scripted server in the same process. Time stands still unless everybody waits.

mod connecting;
mod direct;
mod hearing;
mod posting;
mod real_sockets;
mod repeating;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use countersign_core::chat::Heard;
use countersign_core::message::{Place, Room};
use countersign_core::random::SeededRandom;
use countersign_core::reply::{Post, Reply, Urgency};
use countersign_core::time::{Clock, Duration, Timestamp, after, from_millis};
use tokio::io::{
    AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, DuplexStream, ReadHalf, WriteHalf, duplex, split,
};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::adapter::Irc;
use crate::dial::{Dial, DialError, Stream};
use crate::patience::Patience;
use crate::settings::{LONGEST_PAUSE, Login, Pace, RoomSettings, Server, Settings, Tls};

/// A clock that goes with tokio's, so that a test can stop both.
#[derive(Debug)]
struct TestClock {
    started: Instant,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        after(from_millis(1_700_000_000_000), self.started.elapsed())
    }
}

/// Connects to the test.
struct Calls {
    peers: mpsc::UnboundedSender<Peer>,
    refused: Arc<AtomicBool>,
}

#[async_trait]
impl Dial for Calls {
    async fn dial(&mut self, server: &Server, _: usize) -> Result<Stream, DialError> {
        let (ours, theirs) = duplex(64 * 1024);
        let peer = Peer::new(theirs);
        if self.refused.load(Ordering::Relaxed) || self.peers.send(peer).is_err() {
            return Err(DialError::Connect {
                host: server.host.clone(),
                port: server.port,
                source: std::io::ErrorKind::ConnectionRefused.into(),
            });
        }
        Ok(Box::new(ours))
    }
}

/// The bot, its network, and what it hears.
struct Stage {
    irc: Arc<Irc>,
    heard: mpsc::Receiver<Heard>,
    peers: mpsc::UnboundedReceiver<Peer>,
    refused: Arc<AtomicBool>,
}

impl Stage {
    /// A bot that may speak as fast as it likes, in these rooms.
    fn in_rooms(rooms: &[&str]) -> Self {
        let pace = Pace {
            burst: 10_000,
            every: Duration::from_millis(1),
        };
        Self::with(settings(rooms, pace), Patience::default(), 1_000)
    }

    fn paced(rooms: &[&str], pace: Pace) -> Self {
        Self::with(settings(rooms, pace), Patience::default(), 1_000)
    }

    fn with(settings: Settings, patience: Patience, room_to_hear: usize) -> Self {
        let (peers, called) = mpsc::unbounded_channel();
        let (hears, heard) = mpsc::channel(room_to_hear);
        let refused = Arc::new(AtomicBool::new(false));
        let calls = Calls {
            peers,
            refused: Arc::clone(&refused),
        };
        let world = (
            Arc::new(TestClock {
                started: Instant::now(),
            }) as Arc<dyn Clock>,
            Arc::new(SeededRandom::new(1)) as Arc<_>,
        );
        Self {
            irc: Irc::start_with(Arc::new(settings), patience, world, hears, calls),
            heard,
            peers: called,
            refused,
        }
    }

    /// The bot's next connection.
    async fn call(&mut self) -> Peer {
        self.peers.recv().await.expect("the bot connects")
    }

    /// The bot's next connection, as far as that the bot is in its rooms.
    async fn welcome(&mut self) -> Peer {
        let mut peer = self.call().await;
        peer.until_in_rooms(self).await;
        peer
    }

    async fn hears(&mut self) -> Heard {
        self.heard.recv().await.expect("the network lives")
    }

    /// What is said, by whom it may be.
    async fn hears_words(&mut self) -> String {
        loop {
            if let Heard::Message(message) = self.hears().await {
                return message.text;
            }
        }
    }

    /// Begins to send a post.
    fn sends(&self, post: Post) -> tokio::task::JoinHandle<Result<(), String>> {
        let irc = Arc::clone(&self.irc);
        tokio::spawn(async move {
            use countersign_core::chat::Adapter as _;
            let sent = irc.send(&post).await;
            sent.map(|_| ()).map_err(|error| error.to_string())
        })
    }

    /// Begins to send a post and waits until the network task has it.
    async fn brings(&self, post: Post) -> tokio::task::JoinHandle<Result<(), String>> {
        let sent = self.sends(post);
        tokio::time::sleep(Duration::from_millis(1)).await;
        sent
    }
}

fn settings(rooms: &[&str], pace: Pace) -> Settings {
    Settings {
        network: "irc".into(),
        servers: vec![Server {
            host: "127.0.0.1".to_owned(),
            port: 6667,
        }],
        tls: Tls::Off,
        nick: "bot".to_owned(),
        login: Login::None,
        nickserv: None,
        rooms: rooms.iter().map(|name| room_settings(name)).collect(),
        relays: Vec::new(),
        longest_pause: LONGEST_PAUSE,
        pace,
    }
}

fn room_settings(name: &str) -> RoomSettings {
    RoomSettings {
        name: name.into(),
        key: None,
    }
}

fn place(name: &str) -> Place {
    Place::Room(Room {
        network: "irc".into(),
        name: name.into(),
    })
}

fn post(room: &str, lines: &[&str]) -> Post {
    let reply = lines
        .iter()
        .fold(Reply::default(), |reply, line| reply.and(*line));
    Post::to(place(room), reply)
}

fn urgent(room: &str, lines: &[&str], urgency: Urgency) -> Post {
    let mut post = post(room, lines);
    post.urgency = urgency;
    post
}

/// A server as the test wants it.
struct Peer {
    reader: BufReader<ReadHalf<DuplexStream>>,
    writer: WriteHalf<DuplexStream>,
    /// Whether PINGs are answered, so that what was said before is confirmed.
    answers: bool,
    /// What it was asked, if it does not answer.
    asked: Vec<String>,
    /// Rooms that it does not let the bot in.
    shut: Vec<String>,
    /// Rooms about which it says nothing.
    mute: Vec<String>,
    /// What it can do beyond the least.
    caps: &'static str,
    /// What else it says of itself.
    support: &'static str,
    /// Who it says is in a room: `user host nick account`.
    people: Vec<&'static str>,
}

impl Peer {
    fn new(stream: DuplexStream) -> Self {
        let (reader, writer) = split(stream);
        Self {
            reader: BufReader::new(reader),
            writer,
            answers: true,
            asked: Vec::new(),
            shut: Vec::new(),
            mute: Vec::new(),
            caps: "",
            support: "PREFIX=(ov)@+",
            people: Vec::new(),
        }
    }

    async fn tells(&mut self, line: &str) {
        self.tells_bytes(format!("{line}\r\n").as_bytes()).await;
    }

    async fn tells_bytes(&mut self, bytes: &[u8]) {
        self.writer.write_all(bytes).await.expect("the bot reads");
    }

    /// A line, or nothing when the bot has closed the connection.
    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let length = self.reader.read_line(&mut line).await.unwrap_or(0);
        (length > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// What the bot says, without the formalities: those are answered as a small server does.
    async fn hears(&mut self) -> Option<String> {
        loop {
            let line = self.line().await?;
            let words: Vec<&str> = line.split(' ').collect();
            match words[0] {
                "CAP" if words[1] == "LS" => self.tells(&format!(":irc.test CAP * LS :{}", self.caps)).await,
                "CAP" if words[1] == "REQ" => {
                    let asked = line.trim_start_matches("CAP REQ :");
                    self.tells(&format!(":irc.test CAP * ACK :{asked}")).await;
                }
                "USER" if self.caps.is_empty() => self.greets().await,
                "CAP" if words[1] == "END" && !self.caps.is_empty() => self.greets().await,
                "AUTHENTICATE" => self.tells(":irc.test 904 bot :SASL authentication failed").await,
                "JOIN" => {
                    for room in words[1].split(',') {
                        self.lets_in(room).await;
                    }
                }
                "WHO" => {
                    for person in self.people.clone() {
                        self.tells(&format!(":irc.test 354 bot 617 {} {person}", words[1]))
                            .await;
                    }
                    let end = format!(":irc.test 315 bot {} :End of /WHO list.", words[1]);
                    self.tells(&end).await;
                }
                "PING" if self.answers => self.answers(&line).await,
                "PING" => self.asked.push(line),
                "PRIVMSG" | "QUIT" | "PONG" | "PART" => return Some(line),
                _ => {}
            }
        }
    }

    async fn greets(&mut self) {
        self.tells(":irc.test 001 bot :Welcome to the network bot!bot@127.0.0.1")
            .await;
        self.tells(&format!(
            ":irc.test 005 bot CASEMAPPING=ascii CHANTYPES=# NICKLEN=30 {} :are supported by this server",
            self.support
        ))
        .await;
        self.tells(":irc.test 422 bot :MOTD File is missing").await;
    }

    async fn lets_in(&mut self, room: &str) {
        if self.mute.iter().any(|mute| mute == room) {
            return;
        }
        if self.shut.iter().any(|shut| shut == room) {
            self.tells(&format!(":irc.test 473 bot {room} :Cannot join channel (+i)"))
                .await;
            return;
        }
        self.tells(&format!(":bot!bot@127.0.0.1 JOIN {room}")).await;
        self.tells(&format!(":irc.test 353 bot = {room} :bot @alice"))
            .await;
        self.tells(&format!(":irc.test 366 bot {room} :End of /NAMES list."))
            .await;
    }

    async fn answers(&mut self, ping: &str) {
        let token = ping
            .trim_start_matches("PING ")
            .trim_start_matches(':')
            .to_owned();
        self.tells(&format!(":irc.test PONG irc.test :{token}")).await;
    }

    /// The text of the next post line, and where it went.
    async fn hears_post(&mut self) -> (String, String) {
        loop {
            let line = self.hears().await.expect("a post");
            if let Some((room, text)) = line
                .strip_prefix("PRIVMSG ")
                .and_then(|rest| rest.split_once(" :"))
            {
                return (room.to_owned(), text.to_owned());
            }
        }
    }

    async fn hears_posts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for _ in 0..count {
            texts.push(self.hears_post().await.1);
        }
        texts
    }

    /// Waits until the bot has closed the connection.
    async fn hears_the_end(&mut self) {
        while self.hears().await.is_some() {}
    }

    /// Answers until the bot says that it is ready.
    async fn until_in_rooms(&mut self, stage: &mut Stage) {
        loop {
            tokio::select! {
                heard = stage.heard.recv() => if matches!(heard, Some(Heard::Ready(_))) { return },
                line = self.hears() => assert!(line.is_some(), "the bot stays"),
            }
        }
    }
}
