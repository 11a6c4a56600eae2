//! What the engine writes while it executes an operation: every method is one transaction that carries the fence.

use serde_json::Value;

use super::journal::{Entry, Happening};
use super::{Action, Ended, Fence, Operation, Repeat, Run, State, Step, Trouble, news};
use crate::audit::{self, Event};
use crate::context::Context;
use crate::id::PersonId;
use crate::reply::Post;
use crate::speaker::Speaker;
use crate::store::{Batch, Conflict, Require, StoreError, Write};
use crate::text::list;
use crate::time::{Duration, after};

/// Whether the engine goes on with the operation now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Go,
    Stop,
}

/// An operation in the hands of this process.
pub(super) struct Execution<'a> {
    pub(super) context: &'a Context,
    pub(super) speaker: &'a Speaker,
    pub(super) action: &'a dyn Action,
    pub(super) operation: Operation,
    pub(super) journal: Vec<Entry>,
    pub(super) fence: Fence,
}

impl Execution<'_> {
    pub(super) fn run(&self) -> Run<'_> {
        Run {
            operation: &self.operation,
            journal: &self.journal,
            now: self.context.now(),
        }
    }

    fn entry(&self, step: Step, happening: Happening) -> Entry {
        Entry {
            operation: self.operation.id.clone(),
            step: step.name.to_owned(),
            happening,
            at: self.context.now(),
        }
    }

    fn audit(&self, event: Event, words: String) -> audit::Entry {
        audit::Entry {
            person: Some(self.operation.plan.requester.clone()),
            target: self.operation.plan.target.clone(),
            request: Some(self.operation.request.clone()),
            operation: Some(self.operation.id.clone()),
            digest: Some(self.operation.plan.digest()),
            ..audit::Entry::new(self.context.now(), event, words)
        }
    }

    /// Commits the operation as it is in memory, with these journal lines and what else belongs to it. Somebody may
    /// have asked to cancel it meanwhile: that is the only thing that others change, so it is taken over.
    async fn commit(&mut self, entries: Vec<Entry>, rest: Batch) -> Result<(), StoreError> {
        loop {
            let mut batch = rest.clone().require(Require::Fence(self.fence.clone()));
            batch.writes.insert(0, Write::Operation(self.operation.clone()));
            batch.writes.extend(entries.iter().cloned().map(Write::Journal));
            match self.context.store.commit(batch).await {
                Ok(_) => {
                    self.operation.version += 1;
                    self.journal.extend(entries);
                    return Ok(());
                }
                Err(StoreError::Conflict(Conflict::Operation(id))) if id == self.operation.id => {
                    let stored = self.context.store.operation(&id).await?;
                    let Some(stored) = stored.filter(|stored| stored.version > self.operation.version) else {
                        return Err(StoreError::Conflict(Conflict::Operation(id)));
                    };
                    self.operation.version = stored.version;
                    if stored.cancel != self.operation.cancel {
                        self.operation.cancel = stored.cancel;
                        self.operation.wake_at = None;
                    }
                }
                Err(other) => return Err(other),
            }
        }
    }

    /// The step is about to be done. On disk before its effect; and what must not be repeated does not begin on a
    /// target that somebody else has reserved meanwhile.
    pub(super) async fn began(&mut self, step: Step) -> Result<(), StoreError> {
        if self.operation.tries == 0 {
            self.operation.step_began = self.context.now();
        }
        let mut batch = Batch::default();
        if step.repeat == Repeat::Once {
            let plan = &self.operation.plan;
            batch
                .require
                .extend(plan.targets().map(|target| Require::NotLocked {
                    target: target.clone(),
                    except: plan.requester.clone(),
                    now: self.context.now(),
                }));
        }
        let entry = self.entry(step, Happening::Began);
        self.commit(vec![entry], batch).await
    }

    pub(super) async fn next(&mut self) -> Result<Flow, StoreError> {
        self.step_on();
        self.commit(Vec::new(), Batch::default()).await?;
        Ok(Flow::Go)
    }

    fn step_on(&mut self) {
        self.operation.step += 1;
        self.operation.tries = 0;
        self.operation.doubt = None;
        self.operation.wake_at = None;
        self.operation.step_began = self.context.now();
    }

    pub(super) async fn succeeded(
        &mut self,
        step: Step,
        value: Value,
        writes: Vec<Write>,
        mut audit: Vec<audit::Entry>,
    ) -> Result<Flow, StoreError> {
        if step.repeat == Repeat::Once {
            audit.insert(
                0,
                self.audit(
                    Event::Stepped,
                    format!("did \"{}\" of {}", step.name, self.title()),
                ),
            );
        }
        let batch = Batch {
            writes,
            audit,
            ..Batch::default()
        };
        let entry = self.entry(step, Happening::Succeeded(value));
        self.step_on();
        self.commit(vec![entry], batch).await?;
        Ok(Flow::Go)
    }

    /// A step whose outcome was in doubt turns out to have happened.
    pub(super) async fn happened(&mut self, step: Step, value: Value) -> Result<Flow, StoreError> {
        let words = format!("\"{}\" of {} had happened", step.name, self.title());
        let entries = vec![
            self.entry(step, Happening::Reconciled(words.clone())),
            self.entry(step, Happening::Succeeded(value)),
        ];
        let record = self.audit(Event::Stepped, words);
        self.step_on();
        self.commit(entries, Batch::default().record(record)).await?;
        Ok(Flow::Go)
    }

    pub(super) async fn wait(
        &mut self,
        step: Step,
        pause: Duration,
        phase: String,
        progress: news::Progress,
    ) -> Result<Flow, StoreError> {
        self.operation.progress = news::say(
            self.speaker,
            &self.operation,
            progress,
            phase != self.operation.phase,
        )
        .await;
        self.operation.phase = phase;
        self.operation.tries = 0;
        // A step that must be done once and says "wait" has done nothing yet: it is open again.
        let entries = match step.repeat {
            Repeat::Once => vec![self.entry(step, Happening::Failed(self.operation.phase.clone()))],
            Repeat::Repeatable => Vec::new(),
        };
        self.sleep(entries, pause, Batch::default()).await
    }

    /// Nothing happened, and the same may work later.
    pub(super) async fn postpone(
        &mut self,
        step: Step,
        trouble: &Trouble,
        pause: Duration,
        tell: bool,
    ) -> Result<Flow, StoreError> {
        tracing::warn!(operation = %self.operation.id, step = step.name, trouble = %trouble, pause_s = pause.as_secs(), "a step waits");
        let entry = self.entry(step, Happening::Failed(trouble.words.clone()));
        let mut batch = Batch::default();
        if tell {
            batch.writes.push(Write::Enqueue(news::trouble(
                &self.operation,
                &self.title(),
                trouble,
            )));
        }
        self.sleep(vec![entry], pause, batch).await
    }

    /// Not to be told yet: reconcile again after the pause.
    pub(super) async fn look_again(
        &mut self,
        pause: Duration,
        told: Option<Post>,
    ) -> Result<Flow, StoreError> {
        let batch = told.map_or_else(Batch::default, |post| Batch::of(Write::Enqueue(post)));
        self.sleep(Vec::new(), pause, batch).await
    }

    async fn sleep(
        &mut self,
        entries: Vec<Entry>,
        pause: Duration,
        batch: Batch,
    ) -> Result<Flow, StoreError> {
        self.operation.wake_at = Some(after(self.context.now(), pause));
        self.commit(entries, batch.write(Write::Unclaim(self.fence.clone())))
            .await?;
        Ok(Flow::Stop)
    }

    pub(super) async fn unknown(&mut self, step: Step, saw: String) -> Result<Flow, StoreError> {
        self.operation.state = State::Unknown {
            step: step.name.to_owned(),
            saw: saw.clone(),
        };
        self.operation.wake_at = None;
        let entry = self.entry(step, Happening::Reconciled(saw.clone()));
        let post = news::unknown(&self.operation, &self.title(), &saw);
        let batch = Batch::of(Write::Enqueue(post)).write(Write::Unclaim(self.fence.clone()));
        self.over(vec![entry], batch).await
    }

    pub(super) async fn fail(&mut self, trouble: &Trouble) -> Result<Flow, StoreError> {
        tracing::warn!(operation = %self.operation.id, trouble = %trouble, "an operation failed");
        self.finish(Ended {
            good: false,
            words: trouble.sentence(),
            announcement: None,
        })
        .await
    }

    pub(super) async fn cancelled(&mut self, by: &PersonId) -> Result<Flow, StoreError> {
        let done = self.effects();
        let words = match done.as_slice() {
            [] => "nothing was done".to_owned(),
            done => format!("\"{}\" was done before", list(done)),
        };
        self.operation.state = State::Cancelled {
            by: by.clone(),
            words: words.clone(),
        };
        let goes_on = if done.is_empty() {
            ""
        } else {
            " What the provider has begun goes on without me."
        };
        let words = format!("stopped by {by}; {words}.{goes_on}");
        self.close(&words, false, Batch::default()).await
    }

    /// The steps with an effect that were done.
    fn effects(&self) -> Vec<&'static str> {
        let once = self
            .action
            .steps()
            .iter()
            .filter(|step| step.repeat == Repeat::Once);
        once.map(|step| step.name)
            .filter(|step| super::journal::result(&self.journal, step).is_some())
            .collect()
    }

    pub(super) async fn finish(&mut self, ended: Ended) -> Result<Flow, StoreError> {
        let Ended {
            good,
            words,
            announcement,
        } = ended;
        self.operation.state = if good {
            State::Succeeded { words: words.clone() }
        } else {
            State::Failed { words: words.clone() }
        };
        let mut news_batch = Batch::default();
        if let Some(announcement) = announcement {
            // The watcher may have been first; then the news is out already.
            if !self.context.store.announced(&announcement.key).await? {
                news_batch = crate::announce::batch(
                    &announcement,
                    self.context.now(),
                    self.operation.plan.target.clone(),
                );
            }
        }
        match self.close(&words, good, news_batch).await {
            Err(StoreError::Conflict(Conflict::Announced(_))) => {
                self.close(&words, good, Batch::default()).await
            }
            other => other,
        }
    }

    /// The end, whichever: the result is told where it was asked, in the transaction that ends the operation.
    async fn close(&mut self, words: &str, good: bool, news_batch: Batch) -> Result<Flow, StoreError> {
        let now = self.context.now();
        self.operation.ended = Some(now);
        self.operation.wake_at = None;
        let result: Post = news::result(&self.run(), &self.title(), words, good, &self.context.settings);
        let mut batch = Batch::of(Write::Enqueue(result)).write(Write::Unclaim(self.fence.clone()));
        batch.writes.extend(news_batch.writes);
        batch.audit.extend(news_batch.audit);
        self.over(Vec::new(), batch).await
    }

    /// Ends or suspends the operation and its request together.
    async fn over(&mut self, entries: Vec<Entry>, batch: Batch) -> Result<Flow, StoreError> {
        loop {
            let request = self.context.store.request(&self.operation.request).await?;
            let mut batch = batch.clone();
            let now = self.context.now();
            if let Some(transition) =
                request.and_then(|request| request.follow(&self.operation.state, now).ok())
            {
                batch = transition.join(batch);
            }
            match self.commit(entries.clone(), batch).await {
                Err(StoreError::Conflict(Conflict::Request(_))) => {}
                other => return other.map(|()| Flow::Stop),
            }
        }
    }

    pub(super) fn title(&self) -> String {
        self.action.title(&self.operation.plan)
    }
}
