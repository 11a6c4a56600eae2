//! An answer of 200 lines at the limits that servers have by default: nobody is thrown out, and nothing is missing.
//!
//! One line a second is what the servers allow for long, so each of these takes more than three minutes.

use std::sync::Arc;
use std::time::Duration;

use countersign::clock::SystemClock;
use countersign::random::SystemRandom;
use countersign_core::chat::{Adapter as _, Heard};
use countersign_core::message::{Place, Room};
use countersign_core::reply::{Block, Post, Reply};
use countersign_irc::{Irc, LONGEST_PAUSE, Login, Pace, RoomSettings, Server, Settings, Tls};
use tokio::sync::mpsc;

use crate::support::irc::{Address, InspIrcd, Limits, Line, Ngircd, Options, Person, Services};
use crate::support::serve::{NETWORK, ROOM};

const LINES: usize = 200;
/// With a third more than the pace itself takes.
const ALL: Duration = Duration::from_secs(270);

fn line(number: usize) -> String {
    format!(
        "line {number:3} of {LINES}, long enough to count: {}",
        "all work and no play ".repeat(4)
    )
}

async fn says_all_of_it(address: Address) {
    let reader = Person::nobody(address.clone(), "alice").await;
    reader.joins(ROOM).await;
    let (ears, mut heard) = mpsc::channel(16);
    let settings = Settings {
        network: NETWORK.into(),
        servers: vec![Server {
            host: "127.0.0.1".into(),
            port: address.port,
        }],
        tls: Tls::Off,
        nick: "bot".into(),
        login: Login::None,
        nickserv: None,
        rooms: vec![RoomSettings {
            name: ROOM.into(),
            key: None,
        }],
        relays: Vec::new(),
        pace: Pace::default(),
        longest_pause: LONGEST_PAUSE,
    };
    let bot = Irc::start(settings, Arc::new(SystemClock), Arc::new(SystemRandom), ears);
    while !matches!(heard.recv().await, Some(Heard::Ready(_))) {}
    let text: Vec<String> = (1..=LINES).map(line).collect();
    let room = Room {
        network: NETWORK.into(),
        name: ROOM.into(),
    };
    let reply = Reply::default().block(Block::Verbatim(text.join("\n")));
    let post = Post::to(Place::Room(room), reply);
    let reading = async {
        for number in 1..=LINES {
            let said = |it: &Line| it.from == "bot" && (it.is("PRIVMSG") || it.is("QUIT"));
            let next = reader.sees_within(ALL, &format!("line {number}"), said).await;
            assert_eq!(next.text(), line(number).trim_end(), "{}", reader.conversation());
        }
    };
    let (sent, ()) = tokio::join!(bot.send(&post), reading);
    sent.unwrap();
    assert!(heard.try_recv().is_err(), "it stayed connected all the time");
}

#[tokio::test]
async fn two_hundred_lines_on_inspircd() {
    let limits = Limits::Default;
    let irc = InspIrcd::with(Options {
        limits,
        ..Options::with(Services::None)
    })
    .await;
    says_all_of_it(irc.plain()).await;
}

#[tokio::test]
async fn two_hundred_lines_on_ngircd() {
    let irc = Ngircd::start(Limits::Default).await;
    says_all_of_it(irc.plain()).await;
}
