//! Answers `!ping` with `pong` on a network, straight from the adapter, and prints what it hears.
//!
//! ```text
//! cargo run -p countersign-irc --example echo -- HOST PORT ROOM [CA.pem] [ACCOUNT]
//! ```
//!
//! With a file of certificates the connection is encrypted. The password of the account is read from standard input.

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;

use countersign_core::chat::{Adapter as _, Heard};
use countersign_core::random::SeededRandom;
use countersign_core::reply::{Addressee, Post, Reply};
use countersign_core::time::{Clock, Timestamp};
use countersign_irc::{Irc, LONGEST_PAUSE, Login, Pace, RoomSettings, Server, Settings, Tls};
use tokio::sync::mpsc;

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "an example has no other clock than the system's"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

type Failure = Box<dyn std::error::Error>;

fn settings() -> Result<Settings, Failure> {
    let mut words = std::env::args().skip(1);
    let mut word = || words.next().ok_or("say HOST PORT ROOM [CA.pem] [ACCOUNT]");
    let server = Server {
        host: word()?,
        port: word()?.parse()?,
    };
    let room = RoomSettings {
        name: word()?.into(),
        key: None,
    };
    let tls = match word() {
        Ok(file) => Tls::Own(std::fs::read_to_string(file)?),
        Err(_) => Tls::Off,
    };
    let login = match word() {
        Ok(account) => {
            let mut password = String::new();
            std::io::stdin().lock().read_line(&mut password)?;
            Login::Password {
                account,
                password: password.trim_end().to_owned().into(),
            }
        }
        Err(_) => Login::None,
    };
    Ok(Settings {
        network: "irc".into(),
        servers: vec![server],
        tls,
        nick: "echo".to_owned(),
        login,
        nickserv: None,
        rooms: vec![room],
        relays: Vec::new(),
        longest_pause: LONGEST_PAUSE,
        pace: Pace::default(),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let mut seed = [0; 8];
    std::io::Read::read_exact(&mut std::fs::File::open("/dev/urandom")?, &mut seed)?;
    let random = Arc::new(SeededRandom::new(u64::from_ne_bytes(seed)));
    let (hears, mut heard) = mpsc::channel(1_000);
    let irc = Irc::start(settings()?, Arc::new(SystemClock), random, hears);
    loop {
        let heard = tokio::select! {
            heard = heard.recv() => heard,
            _ = tokio::signal::ctrl_c() => None,
        };
        let Some(heard) = heard else { break };
        writeln!(std::io::stdout(), "{heard:?}")?;
        if let Heard::Message(message) = heard
            && message.text == "!ping"
        {
            let mut post = Post::to(message.place, Reply::line("pong"));
            post.to = Some(Addressee {
                name: message.sender.nick,
                account: message.sender.account,
            });
            let irc = Arc::clone(&irc);
            tokio::spawn(async move {
                let sent = irc.send(&post).await;
                drop(writeln!(std::io::stdout(), "sent: {sent:?}"));
            });
        }
    }
    irc.stop("bye").await;
    Ok(())
}
