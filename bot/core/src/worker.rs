//! Does everything that is due: posts to send, requests to begin, remind of or end, operations to go on with, targets
//! to look at. Time comes from the context's clock; how to wait for it is the caller's business.

mod due;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use tokio::task::{Id, JoinError, JoinSet};

use crate::access;
use crate::approval;
use crate::command::Registry;
use crate::context::Context;
use crate::dispatch::Dispatcher;
use crate::drop_box;
use crate::id::{BoxId, OperationId, RequestId, TargetName};
use crate::link;
use crate::message::Place;
use crate::operation::{self, Engine};
use crate::outbox;
use crate::requests::Requests;
use crate::speaker::Speaker;
use crate::store::{OperationsWhere, RequestsWhere, StoreError};
use crate::time::{Duration, Timestamp, after};
use crate::watch::{self, Sight, Watcher};

/// The pause after work that came to nothing, such as an operation that another process has; doubled every time.
const FRUITLESS: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// A piece of work. No two pieces with the same key are done at the same time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Work {
    Outbox(Place),
    Targets,
    Request(RequestId),
    Operation(OperationId),
    Links,
    Boxes,
    Box(BoxId),
    Accesses(TargetName),
    Reconcile,
    Watch(usize),
}

/// What came of a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fruit {
    /// Something, or there was nothing to do.
    Borne,
    /// Nothing yet: somebody else has to be done first, which may be soon.
    Waits,
    /// Nothing: the same again may work, after pauses that grow.
    None,
}

/// How far [`Worker::drain`] got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drained {
    /// When something that is in progress goes on: an operation, a request that is about to begin, a post.
    pub busy_until: Option<Timestamp>,
    /// When anything at all is due next.
    pub next_due: Option<Timestamp>,
}

/// Does what is due.
pub struct Worker {
    shared: Arc<Shared>,
    busy: HashMap<Id, Work>,
    /// Tasks of their own: a piece of work that waits for the store must not hold up another that has the connection it
    /// waits for.
    running: JoinSet<Fruit>,
    /// What came to nothing: how often, and when it is tried again.
    in_vain: HashMap<Work, (u32, Timestamp)>,
    look_at: Vec<Timestamp>,
    /// When records and accounts are compared next, if there are databases.
    reconcile_at: Option<Timestamp>,
}

struct Shared {
    context: Context,
    engine: Engine,
    requests: Requests,
    dispatcher: Arc<Dispatcher>,
    speaker: Speaker,
    watchers: Vec<(Arc<dyn Watcher>, tokio::sync::Mutex<Sight>)>,
    blind: tokio::sync::Mutex<access::Blind>,
}

impl Worker {
    pub(crate) fn new(
        context: Context,
        registry: Arc<Registry>,
        dispatcher: Arc<Dispatcher>,
        speaker: Speaker,
        watchers: Vec<Arc<dyn Watcher>>,
    ) -> Self {
        let look_at = vec![Timestamp::MIN; watchers.len()];
        let reconcile_at = context.keeper.as_ref().map(|_| Timestamp::MIN);
        let shared = Shared {
            engine: Engine::new(context.clone(), speaker.clone()),
            requests: Requests::new(context.clone(), registry),
            dispatcher,
            watchers: watchers
                .into_iter()
                .map(|watcher| (watcher, tokio::sync::Mutex::default()))
                .collect(),
            blind: tokio::sync::Mutex::default(),
            context,
            speaker,
        };
        Self {
            shared: Arc::new(shared),
            busy: HashMap::new(),
            running: JoinSet::new(),
            in_vain: HashMap::new(),
            look_at,
            reconcile_at,
        }
    }

    /// Does everything that is due now, one piece after the other, until nothing more is. For scripts and tests,
    /// which want the same order every time.
    pub async fn drain(&mut self) -> Result<Drained, StoreError> {
        let changes = self.shared.context.store.wakeups();
        loop {
            let before = *changes.borrow();
            for work in self.due().await? {
                let fruit = Arc::clone(&self.shared)
                    .perform(work.clone(), self.tries(&work))
                    .await;
                self.performed(work, fruit);
            }
            if *changes.borrow() == before {
                break;
            }
        }
        let next_due = self.shared.next_due(self.own_timers()).await?;
        let approved = self.shared.context.store.requests(RequestsWhere::Open).await?;
        Ok(Drained {
            busy_until: self.shared.busy_until(self.tried_again(&approved)).await?,
            next_due,
        })
    }

    /// Does what is due, as it becomes due, until `stop` is ready; then lets what is being done come to its end.
    /// `wait_until` waits for a time of the context's clock.
    pub async fn run<W, F>(mut self, wait_until: W, stop: impl Future<Output = ()>)
    where
        W: Fn(Timestamp) -> F,
        F: Future<Output = ()>,
    {
        let mut changes = self.shared.context.store.wakeups();
        tokio::pin!(stop);
        loop {
            changes.borrow_and_update();
            let next = self.start_what_is_due().await;
            tokio::select! {
                () = &mut stop => break,
                Some(ended) = self.running.join_next_with_id() => self.ended(ended),
                changed = changes.changed() => if changed.is_err() { break },
                () = wait_until(next) => {}
            }
        }
        while let Some(ended) = self.running.join_next_with_id().await {
            self.ended(ended);
        }
    }

    fn ended(&mut self, ended: Result<(Id, Fruit), JoinError>) {
        let (id, fruit) = ended.unwrap_or_else(|error| {
            tracing::error!(%error, "a piece of work broke off; it is tried again");
            (error.id(), Fruit::None)
        });
        if let Some(work) = self.busy.remove(&id) {
            self.performed(work, fruit);
        }
    }

    /// Starts what is due and says when to look again.
    async fn start_what_is_due(&mut self) -> Timestamp {
        let now = self.shared.context.now();
        match self.due().await {
            Ok(due) => {
                for work in due {
                    let task = Arc::clone(&self.shared).perform(work.clone(), self.tries(&work));
                    self.busy.insert(self.running.spawn(task).id(), work);
                }
            }
            Err(error) => tracing::error!(%error, "the store cannot be read; I look again"),
        }
        let soonest = after(now, Duration::from_secs(1));
        let own = self.own_timers();
        match self.shared.next_due(own).await {
            Ok(Some(next)) => next.max(soonest),
            Ok(None) => after(now, Duration::from_hours(1)),
            Err(_) => after(now, FRUITLESS),
        }
    }

    fn performed(&mut self, work: Work, fruit: Fruit) {
        let now = self.shared.context.now();
        let tries = self.tries(&work);
        let pause = match (&work, fruit) {
            (Work::Watch(n), _) => {
                self.look_at[*n] = after(now, self.shared.watchers[*n].0.every());
                return;
            }
            (Work::Reconcile, _) => {
                self.reconcile_at = Some(after(now, access::EVERY));
                return;
            }
            (_, Fruit::Borne) => {
                self.in_vain.remove(&work);
                return;
            }
            (_, Fruit::Waits) => FRUITLESS,
            (_, Fruit::None) => FRUITLESS.saturating_mul(1 << tries.min(10)).min(LONGEST_PAUSE),
        };
        self.in_vain.insert(work, (tries + 1, after(now, pause)));
    }

    fn tries(&self, work: &Work) -> u32 {
        self.in_vain.get(work).map_or(0, |(tries, _)| *tries)
    }

    fn is_busy(&self, work: &Work) -> bool {
        self.busy.values().any(|busy| busy == work)
    }

    async fn due(&mut self) -> Result<Vec<Work>, StoreError> {
        let now = self.shared.context.now();
        let mut due = due::stored(&self.shared.context, now).await?;
        due.extend(
            self.look_at
                .iter()
                .enumerate()
                .filter(|(_, at)| **at <= now)
                .map(|(n, _)| Work::Watch(n)),
        );
        if self.reconcile_at.is_some_and(|at| at <= now) {
            due.push(Work::Reconcile);
        }
        due.retain(|work| {
            !self.is_busy(work) && self.in_vain.get(work).is_none_or(|(_, again)| *again <= now)
        });
        // What is not due any more was dealt with by somebody else.
        self.in_vain
            .retain(|work, (_, again)| *again > now || due.contains(work));
        Ok(due)
    }

    /// The timers that are not in the store: when to look at targets and accounts again, and at what came to nothing.
    fn own_timers(&self) -> Option<Timestamp> {
        self.look_at
            .iter()
            .copied()
            .chain(self.reconcile_at)
            .chain(self.in_vain.values().map(|(_, again)| *again))
            .min()
    }

    /// When the next of these requests, approved and not to be begun just now, is tried again.
    fn tried_again(&self, requests: &[approval::Request]) -> Option<Timestamp> {
        let approved = requests
            .iter()
            .filter(|request| matches!(request.state, approval::State::Approved { .. }));
        approved
            .filter_map(|request| {
                self.in_vain
                    .get(&Work::Request(request.id.clone()))
                    .map(|(_, again)| *again)
            })
            .min()
    }
}

impl Shared {
    async fn next_due(&self, own: Option<Timestamp>) -> Result<Option<Timestamp>, StoreError> {
        let stored = self.context.store.next_due().await?;
        Ok(own.into_iter().chain(stored).min())
    }

    async fn busy_until(&self, tried_again: Option<Timestamp>) -> Result<Option<Timestamp>, StoreError> {
        let operations = self.context.store.operations(OperationsWhere::Open).await?;
        let running = operations
            .iter()
            .filter(|operation| operation.state == operation::State::Running);
        Ok(running
            .filter_map(|operation| operation.wake_at)
            .chain(tried_again)
            .min())
    }

    /// Does a piece of work that was tried in vain so many times, and says what came of it.
    async fn perform(self: Arc<Self>, work: Work, tries: u32) -> Fruit {
        let fruit = match &work {
            Work::Outbox(place) => outbox::deliver(&self.context, &self.speaker, place)
                .await
                .map(|()| Fruit::Borne),
            Work::Targets => self.requests.end_locks().await.map(|()| Fruit::Borne),
            Work::Request(id) => self.requests.attend(id, tries).await,
            Work::Operation(id) => self
                .engine
                .advance(id)
                .await
                .map(|ours| if ours { Fruit::Borne } else { Fruit::None }),
            Work::Links => link::sweep(&self.context).await.map(|()| Fruit::Borne),
            Work::Boxes => drop_box::sweep(&self.context).await.map(|()| Fruit::Borne),
            Work::Box(id) => drop_box::plan(&self.context, &self.dispatcher, id, tries).await,
            Work::Accesses(database) => access::tend(&self.context, database).await,
            Work::Reconcile => access::reconcile(&self.context, &mut *self.blind.lock().await)
                .await
                .map(|()| Fruit::Borne),
            Work::Watch(n) => {
                let (watcher, sight) = &self.watchers[*n];
                let looked = watch::look(&self.context, &**watcher, &mut *sight.lock().await).await;
                looked.map(|()| Fruit::Borne)
            }
        };
        fruit.unwrap_or_else(|error| {
            tracing::error!(?work, %error, "the store did not do its part; I try again");
            Fruit::None
        })
    }
}

impl fmt::Debug for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker")
            .field("busy", &self.busy)
            .finish_non_exhaustive()
    }
}
