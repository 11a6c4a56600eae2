//! What a script is performed on: the bot in the house, which time and the world can be moved around of.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use countersign_console::{Stage, StageError};
use countersign_core::bot::Bot;
use countersign_core::message::Message;
use countersign_core::store::Store as _;
use countersign_core::time::{Duration, after};
use countersign_core::worker::Worker;
use countersign_sandbox::Call;
use countersign_store::Sqlite;

use super::house::House;

/// So long may operations take that a script settles: more than any operation waits for anything.
const PATIENCE: Duration = Duration::from_hours(24);

/// A bot that runs only when the script makes it.
pub(super) struct Performance {
    house: House,
    running: Option<Running>,
}

struct Running {
    bot: Bot,
    worker: Worker,
    store: Arc<Sqlite>,
}

impl Performance {
    pub(super) async fn begin(house: House) -> anyhow::Result<Self> {
        let mut performance = Self { house, running: None };
        performance.start().await?;
        Ok(performance)
    }

    async fn start(&mut self) -> anyhow::Result<()> {
        let (bot, store) = self.house.start_bot().await?;
        let worker = bot.worker();
        self.running = Some(Running { bot, worker, store });
        self.drain().await
    }

    async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.store.close().await;
        }
    }

    /// Ends it, and says what the sandbox was asked to change.
    pub(super) async fn end(mut self) -> anyhow::Result<Vec<Call>> {
        self.house.console().flush().await?;
        self.stop().await;
        Ok(self.house.close().await)
    }

    fn running(&mut self) -> anyhow::Result<&mut Running> {
        self.running.as_mut().context("the bot is stopped")
    }

    async fn drain(&mut self) -> anyhow::Result<()> {
        self.running()?.worker.drain().await?;
        Ok(())
    }

    async fn settled(&mut self) -> anyhow::Result<()> {
        let end = after(self.house.pace.now(), PATIENCE);
        loop {
            let drained = self.running()?.worker.drain().await?;
            let Some(busy_until) = drained.busy_until else {
                return Ok(());
            };
            if busy_until > end {
                bail!("something is in progress that does not end within 24 h");
            }
            let next = drained.next_due.map_or(busy_until, |next| next.min(busy_until));
            self.house.pace.reach(next.max(self.house.pace.soon())).await;
        }
    }

    async fn advanced(&mut self, span: Duration) -> anyhow::Result<()> {
        let end = after(self.house.pace.now(), span);
        loop {
            let drained = self.running()?.worker.drain().await?;
            match drained.next_due {
                Some(next) if next < end => {
                    self.house
                        .pace
                        .reach(next.max(self.house.pace.soon()).min(end))
                        .await;
                }
                _ => break,
            }
            if self.house.pace.now() >= end {
                break;
            }
        }
        self.house.pace.reach(end).await;
        self.drain().await
    }

    /// Orders something of the sandbox, in the words of its control interface: `~ sandbox METHOD PATH [JSON]`.
    async fn ordered(&mut self, words: &[String]) -> anyhow::Result<()> {
        let [method @ ("GET" | "POST" | "PUT" | "DELETE"), path, body @ ..] =
            &*words.iter().map(String::as_str).collect::<Vec<_>>()
        else {
            bail!(
                "say what, in the words of the sandbox's control interface: ~ sandbox POST apps/treeherder-prod/fail-next-build"
            );
        };
        let body = if body.is_empty() {
            "{}".to_owned()
        } else {
            body.join(" ")
        };
        let body: serde_json::Value =
            serde_json::from_str(&body).with_context(|| format!("{body} is no JSON"))?;
        crate::control::order(&self.house.sandbox, method, path, &body).await
    }
}

#[async_trait]
impl Stage for Performance {
    async fn say(&mut self, message: Message) -> Result<(), StageError> {
        self.running()?.bot.hear(&message).await;
        Ok(self.drain().await?)
    }

    async fn settle(&mut self) -> Result<(), StageError> {
        Ok(self.settled().await?)
    }

    async fn advance(&mut self, span: Duration) -> Result<(), StageError> {
        Ok(self.advanced(span).await?)
    }

    async fn restart(&mut self) -> Result<(), StageError> {
        self.stop().await;
        Ok(self.start().await?)
    }

    async fn last_request(&mut self) -> Result<Option<String>, StageError> {
        let newest = self.running()?.store.newest_request().await?;
        Ok(newest.map(|id| id.to_string()))
    }

    async fn sandbox(&mut self, words: &[String]) -> Result<(), StageError> {
        Ok(self.ordered(words).await?)
    }
}
