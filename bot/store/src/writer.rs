//! The one writer: a task that owns the only connection that writes (and so the only one that checkpoints).
//!
//! **Group commit.** It takes all batches that wait, runs each in a savepoint of one transaction, commits once and
//! then answers all. A batch that fails is rolled back alone. While one group is being flushed to disk the next one
//! gathers, so the more callers there are, the fewer flushes each of them pays for. A caller that goes away changes
//! nothing: its batch is with the writer, or was never sent.

use std::fs::File;

use countersign_core::store::{Batch, StoreError};
use countersign_core::time::Duration;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use crate::audit::{self, Head};
use crate::batch;
use crate::notes::{self, LeaseAsk};
use crate::operations::{self, Claim};
use crate::words::{Shared, unavailable};

/// How many batches one transaction takes at most: some tens of milliseconds of work.
const GROUP: usize = 256;

/// The log is emptied when nobody has ordered anything for so long: one order after the other pays nothing for it.
pub(crate) const QUIET: Duration = Duration::from_millis(20);
/// And at the latest this long after something ended, however many orders wait; and again after this, if a long read
/// holds the log.
const LATEST: Duration = Duration::from_secs(1);

/// What the writer is asked to do.
#[derive(Debug)]
pub(crate) enum Work {
    /// Write a batch; the outcome is the number of the newest audit record.
    Commit(Batch),
    /// Claim an operation; the outcome is the claim's token.
    Claim(Claim),
    /// Take a lease; the outcome is the lease's token.
    Lease(LeaseAsk),
    /// Do what waits already, and end.
    Close,
}

/// The number that came of it, or nothing if somebody else has what was asked for.
pub(crate) type Outcome = Result<Option<u64>, StoreError>;

/// Work, and who waits for its outcome.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) work: Work,
    pub(crate) reply: oneshot::Sender<Outcome>,
}

/// The writer's belongings.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) options: SqliteConnectOptions,
    /// Absent after a failure. The next group opens a new one, whatever state SQLite had left the old one in.
    pub(crate) connection: Option<SqliteConnection>,
    pub(crate) wakeups: watch::Sender<u64>,
    /// Keeps other processes from writing. Released when the writer is dropped, after the connection is closed.
    pub(crate) lock: File,
    /// Whether something that has ended may still stand in the log.
    pub(crate) erasing: Option<Erasing>,
}

/// When the log is to be emptied.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Erasing {
    /// When nobody has ordered anything for so long.
    quiet: Duration,
    /// At the latest.
    by: Instant,
}

impl Erasing {
    /// After so much quiet, and soon in any case.
    pub(crate) fn within(quiet: Duration) -> Self {
        let by = Instant::now() + LATEST;
        Self { quiet, by }
    }
}

impl Writer {
    /// Works until the store is closed or dropped, and no order waits any more.
    pub(crate) async fn run(mut self, mut orders: mpsc::Receiver<Order>) {
        let mut group = Vec::with_capacity(GROUP);
        while self.next(&mut orders, &mut group).await {
            if group.iter().any(|order| matches!(order.work, Work::Close)) {
                orders.close();
            }
            let (works, replies): (Vec<_>, Vec<_>) =
                group.drain(..).map(|order| (order.work, order.reply)).unzip();
            self.settle(works, replies).await;
        }
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "the store was not closed cleanly; nothing is lost");
        }
        drop(self.lock);
    }

    /// Takes the orders that wait, or waits for one; says no when none will come. Empties the log in between.
    async fn next(&mut self, orders: &mut mpsc::Receiver<Order>, group: &mut Vec<Order>) -> bool {
        while let Some(Erasing { quiet, by }) = self.erasing {
            let now = Instant::now();
            if now < by
                && let Ok(taken) = timeout_at(by.min(now + quiet), orders.recv_many(group, GROUP)).await
            {
                return taken > 0;
            }
            self.erase().await;
        }
        orders.recv_many(group, GROUP).await > 0
    }

    /// Moves the log into the file and empties it. A read that takes long hinders it: then it is tried again.
    async fn erase(&mut self) {
        let emptied = match &mut self.connection {
            Some(db) => empty_log(db).await,
            None => Ok(false),
        };
        let is_empty = emptied.unwrap_or_else(|error| {
            tracing::warn!(%error, "the store's log could not be emptied; it is tried again");
            false
        });
        self.erasing = (!is_empty).then(|| Erasing::within(LATEST));
    }

    async fn settle(&mut self, works: Vec<Work>, replies: Vec<oneshot::Sender<Outcome>>) {
        match self.group(works).await {
            // A caller that has gone away does not hear of it.
            Ok(outcomes) => {
                for (reply, outcome) in replies.into_iter().zip(outcomes) {
                    reply.send(outcome).ok();
                }
            }
            Err(error) => {
                tracing::error!(%error, batches = replies.len(), "a group of batches was not written");
                let error = Shared::new(error);
                for reply in replies {
                    reply.send(Err(error.told())).ok();
                }
            }
        }
    }

    async fn group(&mut self, works: Vec<Work>) -> Result<Vec<Outcome>, StoreError> {
        let mut db = match self.connection.take() {
            Some(db) => db,
            None => self.options.connect().await.map_err(unavailable("writing"))?,
        };
        if works
            .iter()
            .any(|work| matches!(work, Work::Commit(batch) if batch::erases(batch)))
        {
            self.erasing.get_or_insert_with(|| Erasing::within(QUIET));
        }
        match transaction(&mut db, works).await {
            Ok((outcomes, changed)) => {
                self.connection = Some(db);
                if changed {
                    self.wakeups.send_modify(|commits| *commits += 1);
                }
                Ok(outcomes)
            }
            Err(error) => {
                // There must never be two that write, so the old one is closed before there is a new one.
                db.close().await.ok();
                Err(error)
            }
        }
    }
}

/// All works in one transaction; says also whether a batch is among what was written. After an error nothing is
/// known to be written.
async fn transaction(
    db: &mut SqliteConnection,
    works: Vec<Work>,
) -> Result<(Vec<Outcome>, bool), StoreError> {
    execute(db, "BEGIN IMMEDIATE").await?;
    let mut head = None;
    let mut changed = false;
    let mut outcomes = Vec::with_capacity(works.len());
    for work in works {
        let is_batch = matches!(work, Work::Commit(_));
        execute(db, "SAVEPOINT one").await?;
        let outcome = match perform(db, work, &mut head).await {
            // SQLite has rolled back everything by itself, as it does after errors of the disk: this concerns all.
            Err(error) if execute(db, "ROLLBACK TO SAVEPOINT one").await.is_err() => return Err(error),
            outcome => outcome,
        };
        execute(db, "RELEASE SAVEPOINT one").await?;
        changed |= is_batch && outcome.is_ok();
        outcomes.push(outcome);
    }
    execute(db, "COMMIT").await?;
    Ok((outcomes, changed))
}

/// `head` is the head of the audit chain in this transaction, once it was read.
async fn perform(db: &mut SqliteConnection, work: Work, head: &mut Option<Head>) -> Outcome {
    match work {
        Work::Commit(batch) => {
            let before = match *head {
                Some(before) => before,
                None => audit::head(db).await?,
            };
            let after = batch::write(db, batch, before).await?;
            *head = Some(after);
            Ok(after.map(|(seq, _)| seq))
        }
        Work::Claim(claim) => operations::claim(db, &claim).await,
        Work::Lease(ask) => notes::lease(db, &ask).await,
        Work::Close => Ok(None),
    }
}

/// Whether the log is empty now. Waits for readers, but not long: everybody who wants to write waits too.
async fn empty_log(db: &mut SqliteConnection) -> Result<bool, StoreError> {
    execute(db, "PRAGMA busy_timeout = 50").await?;
    let emptied = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)")
        .fetch_one(&mut *db)
        .await
        .map_err(unavailable("emptying the log"));
    execute(db, "PRAGMA busy_timeout = 5000").await?;
    Ok(emptied? == 0)
}

async fn execute(db: &mut SqliteConnection, statement: &'static str) -> Result<(), StoreError> {
    sqlx::query(statement)
        .execute(db)
        .await
        .map(drop)
        .map_err(unavailable("writing"))
}
