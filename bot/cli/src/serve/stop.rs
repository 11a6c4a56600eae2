//! The end in good order: what was begun is answered, what comes now is turned away, and operations go on at the next
//! start, because all of them is in the store.

use countersign_core::chat::Heard;
use countersign_core::message::Message;
use countersign_core::reply::{Post, Reply, Tone};
use countersign_core::store::{Batch, Write};
use countersign_core::text::{clip, visible};
use countersign_core::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Serve;
use super::hear::is_local;
use super::signals::Order;

/// How long messages that were heard may take to be dealt with.
const ANSWERS: Duration = Duration::from_secs(3);
/// How long the outbox may take to say the answers.
const OUTBOX: Duration = Duration::from_secs(1);
/// How long steps of operations may take. What is cut off then is found out about at the next start.
const STEPS: Duration = Duration::from_secs(4);
/// How long networks may take to be left.
const NETWORKS: Duration = Duration::from_secs(4);
/// What is said at leaving.
const WORDS: &str = "going down";

impl Serve {
    /// Ends; at once if that is asked for again.
    pub(super) async fn stop(mut self, orders: &mut mpsc::Receiver<Order>) {
        tracing::info!("going down; again ends it at once");
        let again = async { while orders.recv().await.is_some_and(|order| order != Order::Stop) {} };
        tokio::select! {
            () = self.in_good_order() => tracing::info!("down"),
            () = again => tracing::warn!("ended at once; what was cut off is found out about at the next start"),
        }
    }

    async fn in_good_order(&mut self) {
        if timeout(ANSWERS, self.answer_what_was_heard()).await.is_err() {
            tracing::warn!(
                "commands that take long are given up; at the next start it is said that nothing was done"
            );
        }
        let given_up = self.hearing.give_up();
        self.turn_away(&given_up).await;
        timeout(OUTBOX, self.say_what_waits()).await.ok();
        if let Some(work) = self.work.take()
            && timeout(STEPS, work.stop()).await.is_err()
        {
            tracing::warn!("a step takes long and is cut off; the operation goes on at the next start");
        }
        if let Some(web) = self.web.take() {
            web.close().await;
        }
        self.leave().await;
        self.sqlite.close().await;
    }

    async fn answer_what_was_heard(&mut self) {
        while !self.hearing.is_idle() {
            tokio::select! {
                next = self.hearing.ended() => if let Some(next) = next { self.begin(next) },
                Some(heard) = self.heard.recv() => self.overhear(heard).await,
            }
        }
    }

    async fn say_what_waits(&mut self) {
        let mut changes = self.store.wakeups();
        loop {
            changes.borrow_and_update();
            match self.store.outgoing(None, self.clock.now(), 1).await {
                Ok(waiting) if !waiting.is_empty() => {}
                _ => return,
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                Some(heard) = self.heard.recv() => self.overhear(heard).await,
            }
        }
    }

    async fn leave(&mut self) {
        let leaving = timeout(NETWORKS, self.networks.stop(WORDS));
        tokio::pin!(leaving);
        loop {
            tokio::select! {
                biased;
                Some(heard) = self.heard.recv() => self.overhear(heard).await,
                _ = &mut leaving => return,
            }
        }
    }

    /// What comes while the bot goes down.
    async fn overhear(&self, heard: Heard) {
        if let Heard::Message(message) = heard {
            self.turn_away(&[message]).await;
        }
    }

    /// Commands that come too late are said to have, by the outbox: now if there is time for that, else after the next
    /// start.
    async fn turn_away(&self, messages: &[Message]) {
        let mut batch = Batch::default();
        for message in messages {
            if is_local(message) {
                self.networks.local().answered(&message.id, false);
            } else if self.bot.declared(message).is_some() {
                let said = clip(&visible(&message.text), 80).into_owned();
                let words = format!("I was going down and did nothing about \"{said}\". Say it again.");
                let post = Post::answer(message, Reply::line(words).toned(Tone::Bad));
                batch.writes.push(Write::Enqueue(post));
            }
        }
        if !batch.writes.is_empty()
            && let Err(error) = self.store.commit(batch).await
        {
            tracing::error!(%error, "answers are lost");
        }
    }
}
