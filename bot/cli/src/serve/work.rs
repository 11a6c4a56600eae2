//! The bot's worker, as a task. There is never more than one at work.

use std::sync::Arc;

use countersign_core::bot::Bot;
use countersign_core::time::{Clock, Duration, Timestamp, between};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

/// The longest sleep: if the system's clock was set forward meanwhile, what is due is late by no more than this.
const LONGEST: Duration = Duration::from_mins(1);

/// A worker at work.
#[derive(Debug)]
pub(super) struct Work {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    clock: Arc<dyn Clock>,
}

impl Work {
    /// Begins.
    pub(super) fn start(bot: &Bot, clock: Arc<dyn Clock>) -> Self {
        Self::after(None, bot, clock)
    }

    /// The worker of another bot begins when this one has ended what it is doing.
    pub(super) fn hand_over(self, bot: &Bot) -> Self {
        drop(self.stop);
        Self::after(Some(self.task), bot, self.clock)
    }

    fn after(before: Option<JoinHandle<()>>, bot: &Bot, clock: Arc<dyn Clock>) -> Self {
        let (stop, stopped) = oneshot::channel();
        let worker = bot.worker();
        let time = Arc::clone(&clock);
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                told(before.await);
            }
            let wait = move |at| sleep_until(at, Arc::clone(&time));
            worker.run(wait, async { drop(stopped.await) }).await;
        });
        Self { stop, task, clock }
    }

    /// Ends when the worker does so by itself, which it never should.
    pub(super) async fn ended(&mut self) {
        told((&mut self.task).await);
    }

    /// Lets the worker end what it is doing.
    pub(super) async fn stop(self) {
        drop(self.stop);
        told(self.task.await);
    }
}

async fn sleep_until(at: Timestamp, clock: Arc<dyn Clock>) {
    tokio::time::sleep(between(clock.now(), at).min(LONGEST)).await;
}

fn told(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "the worker broke off");
    }
}
