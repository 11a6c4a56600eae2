//! The bot, put together: it hears messages and answers them, and its [`Worker`] does everything that is due.

use std::fmt;
use std::sync::Arc;

use crate::audit::{Entry, Event};
use crate::chat::SendError;
use crate::command::Registry;
use crate::context::Context;
use crate::dispatch::Dispatcher;
use crate::door::Door;
use crate::id::NetworkId;
use crate::message::Message;
use crate::outbox;
use crate::plan::Effect;
use crate::reply::{Post, Reply, Tone};
use crate::speaker::Speaker;
use crate::store::{Batch, MessageKey, Received, StoreError, Write};
use crate::text::{clip, visible};
use crate::watch::Watcher;
use crate::worker::Worker;

/// The bot. Adapters hand it messages; it speaks through the adapters.
pub struct Bot {
    context: Context,
    registry: Arc<Registry>,
    dispatcher: Arc<Dispatcher>,
    speaker: Speaker,
    watchers: Vec<Arc<dyn Watcher>>,
}

impl Bot {
    /// Puts the bot together. Nothing happens until it hears something or its worker runs.
    pub fn new(
        context: Context,
        registry: Registry,
        speaker: Speaker,
        watchers: Vec<Arc<dyn Watcher>>,
    ) -> Self {
        let registry = Arc::new(registry);
        let mut watchers = watchers;
        if let Some(notary) = &context.notary {
            watchers.push(Arc::new(notary.clone()));
        }
        let speaker = speaker.paging(Arc::clone(&context.pages), &context.settings.prefix);
        let speaker = match &context.links {
            Some(links) => speaker.opening(Arc::clone(&links.settings().keys)),
            None => speaker,
        };
        let dispatcher = Arc::new(Dispatcher::new(context.clone(), Arc::clone(&registry)));
        Self {
            context,
            registry,
            dispatcher,
            speaker,
            watchers,
        }
    }

    /// What the bot works with.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// All commands.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The worker that does everything that is due. There is one a process.
    pub fn worker(&self) -> Worker {
        Worker::new(
            self.context.clone(),
            Arc::clone(&self.registry),
            Arc::clone(&self.dispatcher),
            self.speaker.clone(),
            self.watchers.clone(),
        )
    }

    /// The highest effect that the command in a message may have; nothing if the message is not for the bot.
    pub fn declared(&self, message: &Message) -> Option<Effect> {
        self.dispatcher.declared(message)
    }

    /// The bot as the web sees it.
    pub fn door(&self) -> Door {
        Door::new(self.context.clone())
    }

    /// Hears a message, and answers it. When this returns, a message that decides or plans is on disk and need not be
    /// delivered again.
    pub async fn hear(&self, message: &Message) {
        if let Some(reply) = self.dispatcher.dispatch(message).await {
            self.answer(message, reply).await;
        }
    }

    /// The reply to a message, without sending it.
    pub async fn reply_to(&self, message: &Message) -> Option<Reply> {
        self.dispatcher.dispatch(message).await
    }

    async fn answer(&self, message: &Message, reply: Reply) {
        let post = Post::answer(message, reply);
        let Err(error) = self.speaker.send(post.clone()).await else {
            return;
        };
        tracing::warn!(%error, message = %message.id, "an answer was not heard");
        // A network that has too much to say already is not owed an answer: what only read is asked again.
        if matches!(error, SendError::Away { .. })
            && let Err(error) = self.context.store.commit(Batch::of(Write::Enqueue(post))).await
        {
            tracing::error!(%error, message = %message.id, "an answer is lost");
        }
    }

    /// A network is back: what waits to be said there is said now.
    pub async fn network_is_back(&self, network: &NetworkId) -> Result<(), StoreError> {
        outbox::hurry(&self.context, network).await
    }

    /// After a start: says which messages the last process took and did not deal with. They took no effect, because
    /// an effect marks its message as dealt with in the same transaction.
    pub async fn recover(&self) -> Result<(), StoreError> {
        for Received { message, .. } in self.context.store.unhandled().await? {
            let said = clip(&visible(&message.text), 80).into_owned();
            let words =
                format!("I was restarted before I got to \"{said}\"; nothing was done. Say it again.");
            let entry = Entry {
                account: message.sender.account.clone(),
                place: Some(message.place.clone()),
                ..Entry::new(
                    self.context.now(),
                    Event::Dropped,
                    format!("restarted before \"{said}\" was dealt with"),
                )
            };
            let post = Post::answer(&message, Reply::line(words).toned(Tone::Waiting));
            let batch = Batch::of(Write::Handled(MessageKey::of(&message)))
                .write(Write::Enqueue(post))
                .record(entry);
            self.context.store.commit(batch).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Bot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bot")
            .field("context", &self.context)
            .field("speaker", &self.speaker)
            .finish_non_exhaustive()
    }
}
