//! The few sessions that a server is asked over, kept for a while after use.
//!
//! A session comes back only from a call that ended well. One whose call failed, ran out of time or was dropped is
//! closed: nobody knows what would be read from it next. If an answer is owed it is closed when that has come.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};

use crate::{
    error::{Error, Kind, Result},
    owed::Owed,
    server::Settings,
    wire::{Login, Wire},
};

/// At most so many sessions at a time; servers of this kind have few to spare.
const MOST: usize = 4;

/// How long a session is kept without anything to do: longer than a change may take, so that there is one to look at it.
const IDLE: Duration = Duration::from_secs(90);

/// Sessions of one account with one server.
pub(crate) struct Pool {
    settings: Settings,
    permits: Arc<Semaphore>,
    kept: Mutex<Kept>,
    /// The sessions whose answers somebody waits for, by their numbers at the server.
    in_use: Mutex<BTreeSet<u32>>,
    owed: Owed,
}

#[derive(Default)]
struct Kept {
    wires: Vec<(u64, Wire)>,
    /// The number of the next one that is kept.
    next: u64,
}

/// A session in use.
pub(crate) struct Lease {
    pub(crate) wire: Wire,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
    _in_use: InUse,
}

/// Somebody waits for the answers on this session.
struct InUse {
    pool: Arc<Pool>,
    id: u32,
}

impl Pool {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            settings,
            permits: Arc::new(Semaphore::new(MOST)),
            kept: Mutex::default(),
            in_use: Mutex::default(),
            owed: Owed::nothing(),
        })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A session: one that was kept and still answers, or a new one.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease> {
        let permit = timeout(self.settings.timeout, Arc::clone(&self.permits).acquire_owned())
            .await
            .ok()
            .and_then(std::result::Result::ok)
            .ok_or_else(|| Error::new(Kind::Busy, "waiting for a session"))?;
        if let Some(mut wire) = self.take() {
            if wire.is_alive(self.settings.connect_timeout).await {
                return Ok(self.lend(wire, permit));
            }
            // What befell one befell the others: the server went, or the way to it.
            drop(std::mem::take(&mut self.kept().wires));
        }
        let login = Login {
            user: &self.settings.user,
            password: &self.settings.password,
            schema: None,
            trust: Some(&self.settings.trust),
        };
        let wire = Wire::open(&self.settings, &login, &self.owed).await?;
        Ok(self.lend(wire, permit))
    }

    /// Sees to it that a session is kept besides those in use, if there is one to spare. It is no matter if that fails.
    pub(crate) async fn keep_a_spare(self: &Arc<Self>) {
        let lacks_one = self.kept().wires.is_empty() && self.permits.available_permits() > 1;
        if lacks_one && let Ok(lease) = self.lease().await {
            lease.give_back();
        }
    }

    fn lend(self: &Arc<Self>, wire: Wire, permit: OwnedSemaphorePermit) -> Lease {
        self.in_use().insert(wire.id);
        Lease {
            _in_use: InUse {
                pool: Arc::clone(self),
                id: wire.id,
            },
            wire,
            pool: Arc::clone(self),
            _permit: permit,
        }
    }

    fn take(&self) -> Option<Wire> {
        self.kept().wires.pop().map(|(_, wire)| wire)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn in_use(&self) -> MutexGuard<'_, BTreeSet<u32>> {
        self.in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What this server owes.
    pub(crate) fn owed(&self) -> &Owed {
        &self.owed
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.pool.in_use().remove(&self.id);
    }
}

impl Lease {
    /// The sessions whose answers somebody waits for, this one among them.
    pub(crate) fn in_use(&self) -> BTreeSet<u32> {
        self.pool.in_use().clone()
    }

    /// Gives the session back after a call that ended well.
    pub(crate) fn give_back(self) {
        let Self { wire, pool, .. } = self;
        let number = {
            let mut kept = pool.kept();
            let number = kept.next;
            kept.next += 1;
            kept.wires.push((number, wire));
            number
        };
        let pool = Arc::downgrade(&pool);
        tokio::spawn(async move {
            sleep(IDLE).await;
            let wire = pool.upgrade().and_then(|pool| pool.kept().remove(number));
            if let Some(wire) = wire {
                wire.close().await;
            }
        });
    }
}

impl Kept {
    fn remove(&mut self, number: u64) -> Option<Wire> {
        let at = self.wires.iter().position(|(kept, _)| *kept == number)?;
        Some(self.wires.swap_remove(at).1)
    }
}
