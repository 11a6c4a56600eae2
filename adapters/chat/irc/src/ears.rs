//! What was heard, on its way to the bot: in order, through a bounded channel.
//!
//! A bot that is busy must still answer PINGs, so what the channel does not take waits here while the connection is
//! read on. Only when that is too much, reading stops.

use std::collections::VecDeque;

use countersign_core::chat::Heard;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// How much waits here before reading stops: some MiB of messages.
const MOST: usize = 10_000;

/// The way to the bot.
#[derive(Debug)]
pub(crate) struct Ears {
    heard: mpsc::Sender<Heard>,
    waiting: VecDeque<Heard>,
}

impl Ears {
    /// Hands over through this channel.
    pub(crate) fn new(heard: mpsc::Sender<Heard>) -> Self {
        Self {
            heard,
            waiting: VecDeque::new(),
        }
    }

    /// Hands it over, now or later. If nobody listens any more it is dropped.
    pub(crate) fn hear(&mut self, heard: Heard) {
        if self.waiting.is_empty() {
            if let Err(TrySendError::Full(heard)) = self.heard.try_send(heard) {
                self.waiting.push_back(heard);
            }
        } else {
            self.waiting.push_back(heard);
        }
    }

    /// Whether so much waits that nothing more should be read.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting.len() >= MOST
    }

    /// Hands over some of what waits, as soon as there is room; never ends if nothing waits. It may be dropped while
    /// it waits: nothing is lost.
    pub(crate) async fn hand_over(&mut self) {
        if self.waiting.is_empty() {
            std::future::pending::<()>().await;
        }
        let room = self.heard.capacity().clamp(1, self.waiting.len());
        match self.heard.reserve_many(room).await {
            Ok(permits) => {
                let first = self.waiting.drain(..room);
                permits.zip(first).for_each(|(permit, heard)| permit.send(heard));
            }
            Err(_) => self.waiting.clear(),
        }
    }
}
