//! The way out of one connection: bytes that wait to be written, and what they cost.

use std::collections::VecDeque;
use std::io;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Duration, Instant};

use crate::line::Line;
use crate::pace::{Bucket, Cost};
use crate::settings::Pace;

/// With more than this waiting, the server does not read: nothing is added that can wait.
const MOST: usize = 64 * 1024;

/// What goes out. Many lines are one write. It is not to be shown: a password may wait in it.
pub(crate) struct Out {
    bytes: Vec<u8>,
    /// How many of them are written.
    written: usize,
    /// Whether something that was written may still be held back by the encryption.
    unflushed: bool,
    bucket: Bucket,
    /// Lines that everything else may overtake.
    patient: VecDeque<Line>,
    /// Whether the network has let the bot in; lines are counted from then on.
    counted: bool,
}

impl Out {
    /// Nothing to write yet.
    pub(crate) fn new(pace: Pace, now: Instant) -> Self {
        Self {
            bytes: Vec::new(),
            written: 0,
            unflushed: false,
            bucket: Bucket::new(pace, now),
            patient: VecDeque::new(),
            counted: false,
        }
    }

    /// From now on lines are counted.
    pub(crate) fn count(&mut self) {
        self.counted = true;
    }

    /// How long until another line that can wait may be said.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.bucket.wait(now)
    }

    /// Whether a line that can wait may be said.
    pub(crate) fn has_room(&self, now: Instant) -> bool {
        self.bucket.wait(now).is_zero() && self.bytes.len() < MOST
    }

    /// Whether lines wait until there is nothing else to say.
    pub(crate) fn has_patient(&self) -> bool {
        !self.patient.is_empty()
    }

    /// Sends a line: at once, unless it is one that everything else may overtake.
    pub(crate) fn send(&mut self, line: Line, now: Instant) {
        if line.is_patient() && self.counted {
            self.patient.push_back(line);
        } else {
            self.send_now(&line, now);
        }
    }

    /// Sends those that everything else may overtake, as far as there is room.
    pub(crate) fn send_patient(&mut self, now: Instant) {
        while self.has_room(now)
            && let Some(line) = self.patient.pop_front()
        {
            self.send_now(&line, now);
        }
    }

    fn send_now(&mut self, line: &Line, now: Instant) {
        let wire = line.wire();
        let cost = match wire.split(' ').next() {
            _ if !self.counted => Cost::Nothing,
            Some("PING" | "PONG") => Cost::Half,
            _ => Cost::Line,
        };
        self.bucket.take(cost, now);
        tracing::trace!(?line, "sent");
        self.bytes.extend_from_slice(wire.as_bytes());
        self.bytes.extend_from_slice(b"\r\n");
    }

    /// Whether there is something to write.
    pub(crate) fn is_waiting(&self) -> bool {
        self.unflushed || !self.bytes.is_empty()
    }

    /// Writes all of it. It may be dropped while it waits and begun again: no byte is lost or doubled.
    pub(crate) async fn write<W: AsyncWrite + Unpin>(&mut self, to: &mut W) -> io::Result<()> {
        while self.written < self.bytes.len() {
            self.unflushed = true;
            match to.write(&self.bytes[self.written..]).await? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => self.written += written,
            }
        }
        self.bytes.clear();
        self.written = 0;
        to.flush().await?;
        self.unflushed = false;
        Ok(())
    }
}
