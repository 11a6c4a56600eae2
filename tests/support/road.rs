//! A way to servers on which whoever goes it dies: within a call, where no write of its own is near. The servers may speak
//! TLS, so what is said is not seen; it is counted in *exchanges*: what the bot says over a connection until the server says
//! something. A statement is one, a request over HTTP is one, and a login is some.
//!
//! A death strikes before an exchange has arrived, or once the server has dealt with it: when it begins to answer, and that
//! answer is never heard. From then on nothing passes on any connection, until the next one comes that is to live.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::mortal::Doom;

/// So much is carried at once. What is longer arrives in pieces, and a death may lie between them.
const MOST: usize = 1 << 16;

/// When whoever goes this way dies. Exchanges are counted from 0, over all connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The exchange with this number never arrives.
    Unsent(u64),
    /// It arrives and the server deals with it; what it answers is not heard.
    Unheard(u64),
}

/// Ways to some servers. They end when this is dropped.
pub(crate) struct Roads {
    ports: Vec<u16>,
    shared: Arc<Shared>,
    accepting: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// The number of the one who lives: connections of those before it are cut.
    life: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    fate: Option<Fate>,
    doom: Doom,
    exchanges: u64,
}

impl Roads {
    /// To the servers at these ports of 127.0.0.1.
    pub(crate) async fn to(servers: &[u16]) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::default(),
            life: watch::channel(0).0,
        });
        let (mut ports, mut accepting) = (Vec::new(), Vec::new());
        for server in servers {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            ports.push(listener.local_addr().unwrap().port());
            accepting.push(tokio::spawn(accept(listener, *server, Arc::clone(&shared))));
        }
        Self {
            ports,
            shared,
            accepting,
        }
    }

    /// Where to connect for the server with this number.
    pub(crate) fn port(&self, server: usize) -> u16 {
        self.ports[server]
    }

    /// Somebody new goes, and dies then if at all. Whatever was connected for another is cut.
    pub(crate) fn begin(&self, fate: Option<Fate>, doom: &Doom) {
        *self.shared.state.lock().unwrap() = State {
            fate,
            doom: doom.clone(),
            exchanges: 0,
        };
        self.shared.life.send_modify(|life| *life += 1);
    }

    /// How many exchanges there were since.
    pub(crate) fn exchanges(&self) -> u64 {
        self.shared.state.lock().unwrap().exchanges
    }
}

impl Drop for Roads {
    fn drop(&mut self) {
        for accepting in &self.accepting {
            accepting.abort();
        }
        self.shared.life.send_modify(|life| *life += 1);
    }
}

async fn accept(listener: TcpListener, server: u16, shared: Arc<Shared>) {
    loop {
        let (bot, _) = listener.accept().await.unwrap();
        // Without a server it is dropped, as if nobody listened.
        if let Ok(there) = TcpStream::connect(("127.0.0.1", server)).await {
            let life = shared.life.subscribe();
            tokio::spawn(carry(bot, there, life, Arc::clone(&shared)));
        }
    }
}

/// Carries a connection until both have ended it, or until it is cut.
async fn carry(
    mut bot: TcpStream,
    mut server: TcpStream,
    mut life: watch::Receiver<u64>,
    shared: Arc<Shared>,
) {
    for socket in [&bot, &server] {
        socket.set_nodelay(true).unwrap();
    }
    let (from_bot, to_bot) = bot.split();
    let (from_server, to_server) = server.split();
    // The exchange that the server has not answered yet.
    let asked = Mutex::new(None);
    let there = pump(from_bot, to_server, |nothing_more| {
        nothing_more || shared.asks(&mut asked.lock().unwrap())
    });
    let back = pump(from_server, to_bot, |_| {
        shared.answers(&mut asked.lock().unwrap())
    });
    tokio::select! {
        ((), ()) = async { tokio::join!(there, back) } => {}
        _ = life.changed() => {}
    }
}

/// Carries one direction to its end, as long as it may: `passes` is told whether it is the end.
async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut passes: impl FnMut(bool) -> bool,
) {
    let mut piece = vec![0; MOST];
    loop {
        let length = from.read(&mut piece).await.unwrap_or_default();
        if !passes(length == 0) {
            // It is cut when the dead one is thrown away.
            std::future::pending::<()>().await;
        }
        if length == 0 {
            to.shutdown().await.ok();
            return;
        }
        if to.write_all(&piece[..length]).await.is_err() {
            return;
        }
    }
}

impl Shared {
    /// The bot has said something. Says whether it arrives.
    fn asks(&self, asked: &mut Option<u64>) -> bool {
        let mut state = self.state.lock().unwrap();
        if state.doom.is_dead() {
            return false;
        }
        if asked.is_none() {
            *asked = Some(state.exchanges);
            state.exchanges += 1;
        }
        let dies = asked.is_some_and(|number| state.fate == Some(Fate::Unsent(number)));
        if dies {
            state.doom.strike();
        }
        !dies
    }

    /// The server has said something, or has ended the connection. Says whether that is heard.
    fn answers(&self, asked: &mut Option<u64>) -> bool {
        let state = self.state.lock().unwrap();
        let answered = asked.take();
        if answered.is_some_and(|number| state.fate == Some(Fate::Unheard(number))) {
            state.doom.strike();
        }
        !state.doom.is_dead()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each byte with the same byte, and tells what it was told.
    async fn echo() -> (u16, watch::Receiver<Vec<u8>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, heard) = watch::channel(Vec::new());
        tokio::spawn(async move {
            loop {
                let (mut guest, _) = listener.accept().await.unwrap();
                let tell = tell.clone();
                tokio::spawn(async move {
                    while let Ok(byte) = guest.read_u8().await {
                        tell.send_modify(|heard| heard.push(byte));
                        guest.write_u8(byte).await.unwrap();
                    }
                });
            }
        });
        (port, heard)
    }

    async fn says(to: &mut TcpStream, byte: u8) -> std::io::Result<u8> {
        to.write_u8(byte).await?;
        to.read_u8().await
    }

    /// Says `a`, `b` and `c` over one connection and `d` over another, with a death; what the server was told by then, and
    /// how many answers were heard.
    async fn story(fate: Option<Fate>) -> (String, usize) {
        let (server, mut told) = echo().await;
        let roads = Roads::to(&[server]).await;
        let doom = Doom::default();
        roads.begin(fate, &doom);
        let mut heard = 0;
        let speaks = async {
            let to = || TcpStream::connect(("127.0.0.1", roads.port(0)));
            let mut streams = [to().await.unwrap(), to().await.unwrap()];
            for (stream, byte) in [(0, b'a'), (0, b'b'), (0, b'c'), (1, b'd')] {
                assert_eq!(says(&mut streams[stream], byte).await.unwrap(), byte);
                heard += 1;
            }
        };
        tokio::select! {
            () = speaks => assert_eq!(roads.exchanges(), 4),
            () = doom.struck() => {}
        }
        (
            String::from_utf8(told.borrow_and_update().clone()).unwrap(),
            heard,
        )
    }

    #[tokio::test]
    async fn one_dies_before_an_exchange_or_once_it_was_dealt_with() {
        assert_eq!(story(None).await, ("abcd".to_owned(), 4));
        assert_eq!(story(Some(Fate::Unsent(0))).await, (String::new(), 0));
        assert_eq!(story(Some(Fate::Unsent(2))).await, ("ab".to_owned(), 2));
        assert_eq!(story(Some(Fate::Unheard(2))).await, ("abc".to_owned(), 2));
        assert_eq!(story(Some(Fate::Unheard(3))).await, ("abcd".to_owned(), 3));
        assert_eq!(story(Some(Fate::Unsent(4))).await, ("abcd".to_owned(), 4));
    }

    #[tokio::test]
    async fn a_dead_one_is_heard_no_more_and_the_next_one_is() {
        let (server, told) = echo().await;
        let roads = Roads::to(&[server]).await;
        let to = || TcpStream::connect(("127.0.0.1", roads.port(0)));
        let doom = Doom::default();
        roads.begin(Some(Fate::Unheard(2)), &doom);
        let (mut one, mut other) = (to().await.unwrap(), to().await.unwrap());
        assert_eq!(says(&mut one, b'a').await.unwrap(), b'a');
        assert_eq!(says(&mut other, b'b').await.unwrap(), b'b');
        one.write_u8(b'c').await.unwrap();
        doom.struck().await;
        other.write_u8(b'd').await.unwrap();

        roads.begin(None, &Doom::default());
        // Nothing comes before the end, of what was answered neither.
        assert!(one.read_u8().await.is_err() && other.read_u8().await.is_err());
        let mut next = to().await.unwrap();
        assert_eq!(says(&mut next, b'e').await.unwrap(), b'e');
        assert_eq!(*told.borrow(), b"abce");
    }
}
