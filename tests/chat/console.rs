//! The console: a terminal has no connection to lose, and believes whoever sits at it.

use std::collections::VecDeque;
use std::sync::Arc;

use countersign_console::{Console, Output, Transcript, Where as At};
use countersign_core::chat::{Adapter, Heard};
use countersign_core::message::{Account, Place, Room};
use countersign_core::time::{ManualClock, from_millis};

use super::promises;
use super::rig::{Rig, Where, Who};

struct Terminal {
    console: Console,
    transcript: Transcript,
    said: VecDeque<Heard>,
    read: Vec<(String, String)>,
}

impl Rig for Terminal {
    async fn start() -> Self {
        let transcript = Transcript::new();
        let clock = Arc::new(ManualClock::new(from_millis(1_800_000_000_000)));
        let output = Output::stream(transcript.clone());
        Self {
            console: Console::new("console".into(), 1, clock, output),
            transcript,
            said: VecDeque::new(),
            read: Vec::new(),
        }
    }

    fn adapter(&self) -> &dyn Adapter {
        &self.console
    }

    async fn say(&mut self, who: Who, place: Where, text: &str) {
        let who = match who {
            Who::Alice => "alice",
            Who::Bob => "bob",
            Who::Stranger => panic!("a terminal knows everybody"),
        };
        let place = match place {
            Where::Room(name) => At::Room(name.into()),
            Where::Alone => At::Direct,
        };
        let message = self.console.message(who, &place, text);
        self.said.push_back(Heard::Message(message));
    }

    async fn next(&mut self) -> Heard {
        self.said.pop_front().expect("somebody has said something")
    }

    async fn read(&mut self, place: Where) -> String {
        let place = match place {
            Where::Room(name) => name,
            Where::Alone => "@alice",
        };
        let new = self.transcript.take();
        let lines = new.lines().map(|line| {
            let (head, text) = line.split_once("> ").expect("a line of the bot's");
            let at = head.strip_prefix("bot ").expect("the bot says it");
            (at.to_owned(), text.to_owned())
        });
        self.read.extend(lines);
        let first = self.read.iter().position(|(at, _)| at == place);
        self.read.remove(first.expect("a line there")).1
    }

    fn place(&self, place: Where) -> Place {
        match place {
            Where::Room(name) => Place::Room(Room {
                network: "console".into(),
                name: name.into(),
            }),
            Where::Alone => Place::Direct(Account {
                network: "console".into(),
                name: "alice".into(),
            }),
        }
    }
}

promises!(Terminal: identity, ids, order, splitting, long_output, injection, direct, urgency);
