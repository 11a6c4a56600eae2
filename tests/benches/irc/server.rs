//! An IRC server of few words: it lets one client in at a time, as InspIRCd would but without waiting for anything, and
//! lets the bench speak for everybody else. So the figures are the client's.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use crate::support::serve::ROOM;

/// What it offers of IRCv3.
const CAPABILITIES: &str =
    "account-notify account-tag batch cap-notify chghost extended-join message-tags server-time";
/// How long a client may take for whatever the bench waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The server.
pub(crate) struct Server(TcpListener);

/// A client that has joined.
pub(crate) struct Link {
    socket: TcpStream,
    /// What was read just now, and what of it is no line yet.
    piece: Vec<u8>,
    unread: Vec<u8>,
    answers: Vec<u8>,
    /// When it was in the room.
    pub(crate) joined: Instant,
    /// How long it took from its connection to there.
    pub(crate) handshake: Duration,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap())
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Waits for a client, and lets it in until it has joined the room. What is said to it at that very moment is
    /// `first`.
    pub(crate) fn welcome(&self, first: &str) -> Link {
        let (socket, _) = self.0.accept().unwrap();
        let connected = Instant::now();
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut link = Link {
            socket,
            piece: vec![0; 64 * 1024],
            unread: Vec::new(),
            answers: Vec::new(),
            joined: connected,
            handshake: Duration::ZERO,
        };
        let mut registration = Registration::default();
        while registration.stage != Stage::Joined {
            link.read(|line, answers| registration.hear(line, answers));
            if registration.stage == Stage::Joined {
                link.answers.extend_from_slice(first.as_bytes());
                (link.joined, link.handshake) = (Instant::now(), connected.elapsed());
            }
            link.flush();
        }
        link
    }
}

impl Link {
    /// Says these lines, whatever they are.
    pub(crate) fn say(&mut self, lines: &[u8]) {
        self.socket.write_all(lines).unwrap();
    }

    /// Waits until the client says something in the room, and answers what it asks the server meanwhile. What `next`
    /// says to each of its lines goes with those answers.
    pub(crate) fn hear(&mut self, mut next: impl FnMut(&mut Vec<u8>)) {
        let mut said = 0;
        while said == 0 {
            self.read(|line, answers| match line.strip_prefix("PRIVMSG ") {
                Some(words) => {
                    let pong = words
                        .strip_prefix(ROOM)
                        .is_some_and(|text| text.ends_with("pong"));
                    assert!(pong, "the client says {words:?}");
                    said += 1;
                    next(answers);
                }
                None => serve(line, answers),
            });
            self.flush();
        }
    }

    /// Reads what is there, and takes it line by line.
    fn read(&mut self, mut take: impl FnMut(&str, &mut Vec<u8>)) {
        let count = self.socket.read(&mut self.piece).unwrap();
        assert!(count > 0, "the client closed the connection");
        self.unread.extend_from_slice(&self.piece[..count]);
        let mut start = 0;
        while let Some(length) = self.unread[start..].iter().position(|byte| *byte == b'\n') {
            let line = std::str::from_utf8(&self.unread[start..start + length]).unwrap();
            take(line.trim_end(), &mut self.answers);
            start += length + 1;
        }
        self.unread.drain(..start);
    }

    fn flush(&mut self) {
        self.socket.write_all(&self.answers).unwrap();
        self.answers.clear();
    }
}

/// A client on its way in.
#[derive(Default)]
struct Registration {
    nick: String,
    /// It sent `USER`.
    introduced: bool,
    /// It negotiates capabilities.
    negotiates: bool,
    stage: Stage,
}

#[derive(Default, PartialEq, Eq)]
enum Stage {
    #[default]
    New,
    Welcomed,
    Joined,
}

impl Registration {
    fn hear(&mut self, line: &str, answers: &mut Vec<u8>) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["CAP", "LS", ..] => {
                self.negotiates = true;
                writeln(answers, &format!(":irc.test CAP * LS :{CAPABILITIES}"));
            }
            ["CAP", "REQ", ..] => {
                let wanted = line.split_once(':').unwrap().1;
                writeln(answers, &format!(":irc.test CAP * ACK :{wanted}"));
            }
            ["CAP", "END"] => self.negotiates = false,
            ["NICK", nick] => nick.clone_into(&mut self.nick),
            ["USER", ..] => self.introduced = true,
            ["JOIN", rooms, ..] => {
                for room in rooms.split(',') {
                    if room == ROOM {
                        self.stage = Stage::Joined;
                    }
                    self.join(room, answers);
                }
            }
            _ => serve(line, answers),
        }
        if self.introduced && !self.negotiates && self.stage == Stage::New {
            self.stage = Stage::Welcomed;
            for words in [
                "001 {nick} :Welcome",
                "005 {nick} CASEMAPPING=rfc1459 CHANTYPES=# NETWORK=Bench NICKLEN=30 WHOX :are supported",
                "376 {nick} :End",
            ] {
                writeln(
                    answers,
                    &format!(":irc.test {}", words.replace("{nick}", &self.nick)),
                );
            }
        }
    }

    fn join(&self, room: &str, answers: &mut Vec<u8>) {
        let nick = &self.nick;
        writeln(
            answers,
            &format!(":{nick}!{nick}@127.0.0.1 JOIN {room} * :{nick}"),
        );
        writeln(answers, &format!(":irc.test 353 {nick} = {room} :{nick} @alice"));
        writeln(answers, &format!(":irc.test 366 {nick} {room} :End"));
    }
}

/// Answers what a client may ask at any time.
fn serve(line: &str, answers: &mut Vec<u8>) {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["PING", token] => {
            let token = token.trim_start_matches(':');
            writeln(answers, &format!(":irc.test PONG irc.test :{token}"));
        }
        ["WHO", room, fields] => {
            let token = fields.split_once(',').map_or("", |(_, token)| token);
            writeln(
                answers,
                &format!(":irc.test 354 bot {token} {room} alice 127.0.0.1 alice alice"),
            );
            writeln(answers, &format!(":irc.test 315 bot {room} :End"));
        }
        _ => {}
    }
}

fn writeln(answers: &mut Vec<u8>, line: &str) {
    answers.extend_from_slice(line.as_bytes());
    answers.extend_from_slice(b"\r\n");
}
