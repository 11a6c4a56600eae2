//! The socket, as clients meet it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

use std::path::Path;
use std::sync::Arc;

use countersign_core::chat::{Adapter as _, Heard, SendError};
use countersign_core::message::{Account, Assurance, Message, Place};
use countersign_core::reply::{Post, Reply, Tone, Urgency};
use countersign_core::time::{ManualClock, from_millis};
use countersign_local::{LONGEST_LINE, Local, Settings, Tell};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

struct House {
    local: Arc<Local>,
    heard: mpsc::Receiver<Heard>,
    folder: TempDir,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sender, heard) = mpsc::channel(4);
        let settings = Settings {
            network: "local".into(),
            socket: folder.path().join("socket"),
        };
        let clock = Arc::new(ManualClock::new(from_millis(5_000)));
        let local = Local::start(settings, clock, sender).await.unwrap();
        Self { local, heard, folder }
    }

    async fn connect(&self) -> Client {
        Client::connect(&self.folder.path().join("socket")).await
    }

    async fn hears(&mut self) -> Message {
        match self.heard.recv().await.unwrap() {
            Heard::Message(message) => message,
            other => panic!("{other:?} is no message"),
        }
    }
}

struct Client {
    lines: Lines<BufReader<OwnedReadHalf>>,
    writer: OwnedWriteHalf,
}

impl Client {
    async fn connect(socket: &Path) -> Self {
        let (reader, writer) = UnixStream::connect(socket).await.unwrap().into_split();
        Self {
            lines: BufReader::new(reader).lines(),
            writer,
        }
    }

    async fn send(&mut self, line: &str) {
        self.writer
            .write_all(format!("{line}\n").as_bytes())
            .await
            .unwrap();
    }

    async fn says(&mut self, text: &str, id: &str) {
        self.send(&format!(r#"{{"say":"{text}","id":"{id}"}}"#)).await;
    }

    async fn next(&mut self) -> Option<Tell> {
        let line = self.lines.next_line().await.unwrap()?;
        Some(serde_json::from_str(&line).unwrap())
    }

    async fn wrong(&mut self) -> String {
        match self.next().await.unwrap() {
            Tell::Wrong { wrong } => wrong.into_owned(),
            other => panic!("{other:?} instead of what is wrong"),
        }
    }
}

fn said(line: &str, about: Option<&str>) -> Tell {
    Tell::Said {
        said: vec![line.to_owned()],
        tone: Tone::Good,
        urgency: Urgency::Normal,
        about: about.map(str::to_owned),
    }
}

fn answered(id: &str, goes_on: bool) -> Tell {
    Tell::Answered {
        answered: id.to_owned(),
        goes_on,
    }
}

fn post(message: &Message, line: &str) -> Post {
    Post::answer(message, Reply::line(line).toned(Tone::Good))
}

#[tokio::test]
async fn who_says_something_is_known_by_what_the_operating_system_tells() {
    let mut house = House::open().await;
    let uid = std::os::unix::fs::MetadataExt::uid(&house.folder.path().metadata().unwrap()).to_string();
    let mut client = house.connect().await;
    client.says("deploy prod", "7").await;
    let message = house.hears().await;
    assert_eq!(message.text, "deploy prod");
    assert_eq!(message.id.as_str(), format!("{uid}.7"));
    assert_eq!(message.sender.nick, format!("uid {uid}"));
    assert_eq!(message.sender.assurance, Assurance::Account);
    assert_eq!(message.sent_at, from_millis(5_000));
    let account = Account {
        network: "local".into(),
        name: uid.into(),
    };
    assert_eq!(message.sender.account.as_ref(), Some(&account));
    assert_eq!(message.place, Place::Direct(account));

    house.local.send(&post(&message, "done")).await.unwrap();
    house.local.answered(&message.id, true);
    assert_eq!(client.next().await, Some(said("done", Some("7"))));
    assert_eq!(client.next().await, Some(answered("7", true)));

    assert!(house.local.listens(&message.id));
    house.local.ended(&message.id, false);
    let ended = Tell::Ended {
        ended: "7".to_owned(),
        good: false,
    };
    assert_eq!(client.next().await, Some(ended));
    assert!(!house.local.listens(&"1.7".into()));
}

#[tokio::test]
async fn two_clients_of_one_user_each_hear_their_own_answers() {
    let mut house = House::open().await;
    let (mut first, mut second) = (house.connect().await, house.connect().await);
    first.says("ping", "a").await;
    let of_first = house.hears().await;
    second.says("ping", "b").await;
    let of_second = house.hears().await;
    for message in [&of_second, &of_first] {
        let line = format!("to {}", message.id);
        house.local.send(&post(message, &line)).await.unwrap();
        house.local.answered(&message.id, false);
    }
    let news = Post::to(of_first.place.clone(), Reply::line("news").toned(Tone::Good));
    house.local.send(&news).await.unwrap();
    for (client, id) in [(&mut first, "a"), (&mut second, "b")] {
        let line = format!("to {}", if id == "a" { &of_first.id } else { &of_second.id });
        assert_eq!(client.next().await, Some(said(&line, Some(id))));
        assert_eq!(client.next().await, Some(answered(id, false)));
        assert_eq!(client.next().await, Some(said("news", None)));
    }
}

#[tokio::test]
async fn what_cannot_be_understood_is_said_in_words_and_harms_nobody() {
    let mut house = House::open().await;
    let mut client = house.connect().await;
    for line in [
        "deploy prod",
        "{}",
        "\u{0}\u{1b}[2J",
        r#"{"say":7,"id":"1"}"#,
        "[[[[[",
    ] {
        client.send(line).await;
        assert!(client.wrong().await.contains("cannot be read"), "{line}");
    }
    client.writer.write_all(&[0xc3, 0x28, b'\n']).await.unwrap();
    assert!(client.wrong().await.contains("cannot be read"));
    client.says("ping", "1").await;
    client.says("ping", "1").await;
    assert!(
        client.wrong().await.contains("this id is that of a command"),
        "one of the two is heard"
    );
    assert_eq!(house.hears().await.text, "ping");

    let endless = "x".repeat(LONGEST_LINE + 1);
    client.send(&endless).await;
    assert!(client.wrong().await.contains("at most 16384 bytes"));
    assert_eq!(client.next().await, None, "it is let go");
    house.connect().await.says("ping", "2").await;
    assert_eq!(house.hears().await.text, "ping");
}

#[tokio::test]
async fn who_has_said_everything_still_hears_the_answer() {
    let mut house = House::open().await;
    let mut client = house.connect().await;
    client.says("ping", "1").await;
    client.writer.shutdown().await.unwrap();
    let message = house.hears().await;
    house.local.send(&post(&message, "pong")).await.unwrap();
    house.local.answered(&message.id, false);
    assert_eq!(client.next().await, Some(said("pong", Some("1"))));
    assert_eq!(client.next().await, Some(answered("1", false)));
    assert_eq!(client.next().await, None);
}

#[tokio::test]
async fn a_client_that_says_a_lot_at_once_waits_for_its_turn() {
    let mut house = House::open().await;
    let mut client = house.connect().await;
    for n in 0..100 {
        client.says("ping", &n.to_string()).await;
    }
    let mut heard = Vec::new();
    for _ in 0..32 {
        heard.push(house.hears().await);
    }
    // Another is served meanwhile, although 68 of the first one's wait.
    let mut other = house.connect().await;
    other.says("status", "o").await;
    assert_eq!(house.hears().await.text, "status");
    assert!(house.heard.try_recv().is_err(), "32 are under way: no more");
    for n in 0..100 {
        let message = heard.remove(0);
        house.local.answered(&message.id, false);
        assert_eq!(client.next().await, Some(answered(&n.to_string(), false)));
        if n < 68 {
            heard.push(house.hears().await);
        }
    }
}

#[tokio::test]
async fn nobody_waits_for_what_is_said_to_a_user_who_is_gone() {
    let mut house = House::open().await;
    let mut client = house.connect().await;
    client.says("deploy prod", "1").await;
    let message = house.hears().await;
    drop(client);
    // That it is gone is noticed when the answer cannot be written.
    house.local.answered(&message.id, false);
    let mut refused = house.local.send(&post(&message, "done")).await;
    while refused.is_ok() {
        tokio::task::yield_now().await;
        refused = house.local.send(&post(&message, "done")).await;
    }
    assert!(matches!(refused, Err(SendError::Refused { .. })), "{refused:?}");
    let strangers = [
        Place::Direct(Account {
            network: "local".into(),
            name: "alice".into(),
        }),
        Place::Nick {
            network: "local".into(),
            nick: "uid 0".into(),
        },
    ];
    for place in strangers {
        let refused = house.local.send(&Post::to(place, Reply::line("x"))).await;
        assert!(matches!(refused, Err(SendError::Refused { .. })), "{refused:?}");
    }
}

#[tokio::test]
async fn one_user_cannot_take_all_connections() {
    let house = House::open().await;
    let mut clients = Vec::new();
    for _ in 0..32 {
        clients.push(house.connect().await);
    }
    let mut turned_away = house.connect().await;
    assert!(turned_away.wrong().await.starts_with("too many are connected"));
    assert_eq!(turned_away.next().await, None);
}

#[tokio::test]
async fn when_it_stops_what_was_said_still_arrives_and_the_socket_goes() {
    let mut house = House::open().await;
    let mut client = house.connect().await;
    client.says("ping", "1").await;
    let message = house.hears().await;
    house.local.send(&post(&message, "pong")).await.unwrap();
    assert!(house.local.is_ready());
    house.local.stop().await;
    assert!(!house.local.is_ready());
    assert_eq!(client.next().await, Some(said("pong", Some("1"))));
    assert_eq!(client.next().await, None);
    assert!(!house.folder.path().join("socket").exists());
    house.local.stop().await;
}

#[tokio::test]
async fn a_client_that_never_reads_does_not_hold_up_the_others() {
    let mut house = House::open().await;
    let mut deaf = house.connect().await;
    deaf.says("ping", "1").await;
    let message = house.hears().await;
    let long = "x".repeat(10_000);
    let mut sent = 0;
    while house.local.send(&post(&message, &long)).await.is_ok() {
        sent += 1;
        assert!(sent < 10_000, "it is never let go");
    }
    let mut read = String::new();
    let mut reader = deaf.lines.into_inner();
    reader.read_to_string(&mut read).await.unwrap();
    assert!(read.len() < sent * long.len());
    let mut other = house.connect().await;
    other.says("ping", "2").await;
    assert_eq!(house.hears().await.text, "ping");
}
