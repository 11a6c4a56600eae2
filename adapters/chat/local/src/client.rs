//! One client: its lines are read, and it is sent what it is to hear.

use std::future::pending;
use std::io;
use std::sync::Arc;

use countersign_core::chat::Heard;
use countersign_core::message::{Account, Assurance, Kind, Message, Place, Sender};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc;

use crate::adapter::Shared;
use crate::clients::{Seat, UNDER_WAY};
use crate::wire::{self, Ask, LONGEST_LINE, Tell};

/// Serves a client until it goes or is let go.
pub(crate) async fn serve(shared: Arc<Shared>, uid: u32, stream: UnixStream, seat: Seat) {
    let (reader, writer) = stream.into_split();
    let Seat { number, lines, turns } = seat;
    let reading = async {
        let mut client = Client {
            shared: &shared,
            uid,
            number,
        };
        if client.read(reader, &turns).await.is_ok() {
            // It has said all that it wants to say, and still hears the answers.
            drop(turns.acquire_many(UNDER_WAY).await);
        }
        shared.clients.dismiss(number);
        pending::<()>().await;
    };
    tokio::select! {
        () = reading => {}
        () = write(writer, lines) => {}
    }
    shared.clients.dismiss(number);
}

struct Client<'s> {
    shared: &'s Shared,
    uid: u32,
    number: u64,
}

impl Client<'_> {
    async fn read(&mut self, reader: OwnedReadHalf, turns: &tokio::sync::Semaphore) -> io::Result<()> {
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        loop {
            line.clear();
            let limit = LONGEST_LINE as u64 + 1;
            if (&mut reader).take(limit).read_until(b'\n', &mut line).await? == 0 {
                return Ok(());
            }
            if line.len() > LONGEST_LINE {
                let words = format!("a line has at most {LONGEST_LINE} bytes; this one is not read");
                self.shared.clients.tell(self.number, &Tell::wrong(words));
                return Err(io::ErrorKind::InvalidData.into());
            }
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            match wire::read(line) {
                Ok(ask) => self.ask(ask, turns).await?,
                Err(wrong) => self.shared.clients.tell(self.number, &wrong),
            }
        }
    }

    async fn ask(&self, ask: Ask, turns: &tokio::sync::Semaphore) -> io::Result<()> {
        // Given back with the answer.
        turns.acquire().await.map_err(io::Error::other)?.forget();
        let message = self.message(ask);
        if !self.shared.clients.said(self.number, &message.id) {
            turns.add_permits(1);
            let words = "this id is that of a command which is under way; give each command its own";
            self.shared.clients.tell(self.number, &Tell::wrong(words));
            return Ok(());
        }
        let heard = Heard::Message(message);
        self.shared.heard.send(heard).await.map_err(io::Error::other)
    }

    fn message(&self, ask: Ask) -> Message {
        let account = Account {
            network: self.shared.network.clone(),
            name: self.uid.to_string().into(),
        };
        let id = wire::message_id(self.uid, &ask.id);
        Message {
            // Answers hang under the command, so that each client hears its own.
            thread: Some(id.clone()),
            id,
            place: Place::Direct(account.clone()),
            sender: Sender {
                nick: format!("uid {}", self.uid),
                account: Some(account),
                assurance: Assurance::Account,
            },
            text: ask.say,
            sent_at: self.shared.clock.now(),
            kind: Kind::Said,
        }
    }
}

/// Writes until there is nothing more to write, or nobody to read it.
async fn write(mut writer: OwnedWriteHalf, mut lines: mpsc::Receiver<String>) {
    while let Some(line) = lines.recv().await {
        if writer.write_all(line.as_bytes()).await.is_err() {
            return;
        }
    }
}
