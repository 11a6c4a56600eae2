//! The bot's worker, as a task. There is never more than one at work.

use std::sync::Arc;

use countersign_core::bot::Bot;
use countersign_core::time::{Clock, Duration, Timestamp, between};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};

use crate::clock::SpeedClock;

/// The longest sleep: if the system's clock was set forward meanwhile, what is due is late by no more than this.
const LONGEST: Duration = Duration::from_mins(1);

/// What time it is for the bot, and how long real time it takes until another.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) time: Arc<SpeedClock>,
}

impl Pace {
    async fn reach(self, at: Timestamp) {
        let span = self.time.real(between(self.clock.now(), at));
        tokio::time::sleep(span.min(LONGEST)).await;
    }
}

/// A worker at work.
#[derive(Debug)]
pub(super) struct Work {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
    pace: Pace,
}

impl Work {
    /// Begins.
    pub(super) fn start(bot: &Bot, pace: Pace) -> Self {
        Self::after(None, bot, pace)
    }

    /// The worker of another bot begins when this one has ended what it is doing.
    pub(super) fn hand_over(self, bot: &Bot) -> Self {
        drop(self.stop);
        Self::after(Some(self.task), bot, self.pace)
    }

    fn after(before: Option<JoinHandle<()>>, bot: &Bot, pace: Pace) -> Self {
        let (stop, stopped) = oneshot::channel();
        let worker = bot.worker();
        let time = pace.clone();
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                told(before.await);
            }
            let wait = move |at| time.clone().reach(at);
            worker.run(wait, async { drop(stopped.await) }).await;
        });
        Self { stop, task, pace }
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

fn told(ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        tracing::error!(%error, "the worker broke off");
    }
}
