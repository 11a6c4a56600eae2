//! What comes from the networks: messages are dealt with, each in a task of its own; troubles are told.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use countersign_core::approval::State;
use countersign_core::bot::Bot;
use countersign_core::chat::Heard;
use countersign_core::id::NetworkId;
use countersign_core::id::RequestId;
use countersign_core::message::{Message, Place};
use countersign_core::plan::Effect;
use countersign_core::reply::{Post, Reply, Tone};
use countersign_core::store::{Batch, MessageKey, RequestsWhere, StoreError, Write};
use countersign_core::text::{clip, visible};
use countersign_core::time::Duration;
use countersign_core::trace::Trace;
use countersign_local::Local;
use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tracing::Instrument as _;

use super::turns::{Next, Turn, Turns};
use super::{Serve, tell};
use crate::config::LOCAL;
use crate::wiring;

/// Messages that are dealt with at once or wait for their turn. When there are so many, the networks wait.
const MOST: usize = 1024;
/// Of these, so many may only read, of one network. Who asks faster than the network lets the bot answer gets no answer
/// to the rest; nobody else is held up by it.
const MOST_READS: usize = 128;
/// How long a client of the local socket waits for an answer that the outbox has to say: longer than it should take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Messages that are being dealt with.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    turns: Turns,
    waiting: usize,
    running: JoinSet<Over>,
    /// How many that only read are being dealt with, by network.
    reads: HashMap<NetworkId, usize>,
}

/// A message is dealt with: whose turn is over, and where one that only read came from.
#[derive(Debug)]
enum Over {
    Turn(Turn),
    Read(NetworkId),
}

/// Who deals with a message.
#[derive(Clone)]
struct Dealer {
    bot: Arc<Bot>,
    local: Arc<Local>,
}

impl Serve {
    pub(super) async fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Message(message) => self.take(message),
            Heard::Ready(network) => {
                if let Some(settings) = self.networks.settings(&network) {
                    let rooms = wiring::rooms(settings);
                    tracing::info!("ready: {network} as {} in {rooms}", settings.nick);
                }
                if let Err(error) = self.bot.network_is_back(&network).await {
                    tracing::error!(%network, %error, "what waits to be said there waits for its time");
                }
            }
            Heard::Trouble { network, words } => {
                tracing::debug!(%network, "a trouble is told: {words}");
                tell(&*self.store, &self.config.bot.tell, &words, Tone::Bad).await;
            }
        }
    }

    fn take(&mut self, message: Message) {
        let Some(effect) = self.bot.declared(&message) else {
            if is_local(&message) {
                self.networks.local().answered(&message.id, false);
            }
            return;
        };
        if effect > Effect::Read {
            // No more than the command: what follows may be a secret that somebody said against all advice.
            let command = message.text.split_whitespace().next().unwrap_or_default();
            let said = visible(command).into_owned();
            let said = clip(&said, 40);
            let trace = Trace::of(&message);
            let from = message
                .sender
                .account
                .as_ref()
                .map_or("nobody known", |account| account.name.as_str());
            tracing::info!(%trace, network = %message.place.network(), from, "heard: {said}");
        }
        if effect == Effect::Read && self.hearing.reads_enough(message.place.network()) {
            tracing::warn!(network = %message.place.network(), "too much is asked at once: this is not answered");
            if is_local(&message) {
                self.networks.local().answered(&message.id, false);
            }
            return;
        }
        match self.hearing.turns.take(message, effect) {
            Some(next) => self.begin(next),
            None => self.hearing.waiting += 1,
        }
    }

    /// Has a message dealt with.
    pub(super) fn begin(&mut self, next: Next) {
        let dealer = Dealer {
            bot: Arc::clone(&self.bot),
            local: Arc::clone(self.networks.local()),
        };
        let Next { message, turn } = next;
        let network = message.place.network().clone();
        let over = match turn {
            Some(turn) => Over::Turn(turn),
            None => Over::Read(network.clone()),
        };
        if let Over::Read(network) = &over {
            *self.hearing.reads.entry(network.clone()).or_default() += 1;
        }
        let span = tracing::info_span!(
            "command",
            trace = %Trace::of(&message),
            %network,
            from = %visible(&message.sender.nick),
        );
        self.hearing.running.spawn(
            async move {
                dealer.deal(message).await;
                over
            }
            .instrument(span),
        );
    }
}

impl Hearing {
    /// Waits until a message is dealt with, for ever if there is none; says which one's turn it is then.
    pub(super) async fn ended(&mut self) -> Option<Next> {
        let Some(ended) = self.running.join_next().await else {
            return std::future::pending().await;
        };
        let turn = match ended {
            Ok(Over::Turn(turn)) => turn,
            Ok(Over::Read(network)) => {
                if let Some(count) = self.reads.get_mut(&network) {
                    *count -= 1;
                }
                return None;
            }
            // A dealer catches what breaks; only what it does itself could get here.
            Err(error) => {
                tracing::error!(%error, "a message was given up");
                return None;
            }
        };
        let next = self.turns.over(turn)?;
        self.waiting -= 1;
        Some(next)
    }

    fn reads_enough(&self, network: &NetworkId) -> bool {
        self.reads.get(network).is_some_and(|count| *count >= MOST_READS)
    }

    /// Whether another message can be taken.
    pub(super) fn has_room(&self) -> bool {
        self.running.len() + self.waiting < MOST
    }

    pub(super) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }

    /// Those that were not begun, and are not any more.
    pub(super) fn give_up(&mut self) -> Vec<Message> {
        self.waiting = 0;
        self.turns.give_up()
    }
}

impl Dealer {
    async fn deal(&self, message: Message) {
        if AssertUnwindSafe(self.bot.hear(&message))
            .catch_unwind()
            .await
            .is_err()
        {
            self.broke(&message).await;
        }
        if is_local(&message) {
            let said = tokio::time::timeout(PATIENCE, self.is_said(&message.place)).await;
            if said.is_err() {
                tracing::warn!("an answer to the local socket is late");
            }
            let begun = self.begun(&message).await.unwrap_or_else(|error| {
                tracing::error!(%error, "it is not known whether a command goes on");
                None
            });
            self.local.answered(&message.id, begun.is_some());
            if let Some(request) = begun {
                // It may take long, and is nobody's turn.
                tokio::spawn(self.clone().follow(message, request).in_current_span());
            }
        }
    }

    /// Tells the client that said a message when the request that it began is over.
    async fn follow(self, message: Message, request: RequestId) {
        let store = &self.bot.context().store;
        let mut changes = store.wakeups();
        let good = loop {
            changes.borrow_and_update();
            if !self.local.listens(&message.id) {
                return;
            }
            match store.request(&request).await {
                Ok(Some(now)) if now.state.is_final() => break matches!(now.state, State::Succeeded { .. }),
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, %request, "a client does not hear the end of what it began");
                    return;
                }
            }
            // Now and then it is looked whether the client is still there.
            tokio::time::timeout(PATIENCE, changes.changed()).await.ok();
        };
        tokio::time::timeout(PATIENCE, self.is_said(&message.place))
            .await
            .ok();
        self.local.ended(&message.id, good);
    }

    /// A bug is told to who met it, and leaves nothing to be answered after a restart.
    async fn broke(&self, message: &Message) {
        let words = format!(
            "something broke in me while I dealt with that, and I can't tell how far I got. Look at !ops and !audit before \
             you say it again.  [trace {}]",
            Trace::of(message)
        );
        let post = Post::answer(message, Reply::line(words).toned(Tone::Bad));
        let batch = Batch::of(Write::Handled(MessageKey::of(message))).write(Write::Enqueue(post));
        if let Err(error) = self.bot.context().store.commit(batch).await {
            tracing::error!(%error, "an answer is lost");
        }
    }

    /// Waits until the outbox has nothing more to say there.
    async fn is_said(&self, place: &Place) {
        let context = self.bot.context();
        let mut changes = context.store.wakeups();
        loop {
            changes.borrow_and_update();
            match context.store.outgoing(Some(place), context.now(), 1).await {
                Ok(waiting) if !waiting.is_empty() => {}
                _ => return,
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    }

    /// What a message began that is not over: a request that waits, or that an operation executes.
    async fn begun(&self, message: &Message) -> Result<Option<RequestId>, StoreError> {
        let open = self.bot.context().store.requests(RequestsWhere::Open).await?;
        let ours = open.into_iter().find(|request| {
            let origin = &request.origin;
            origin.message == message.id && origin.place == message.place
        });
        Ok(ours.map(|request| request.id))
    }
}

pub(super) fn is_local(message: &Message) -> bool {
    message.place.network().as_str() == LOCAL
}
