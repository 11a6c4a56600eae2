//! The posts of one place, in the order in which they are said.

use std::collections::VecDeque;

use countersign_core::reply::Urgency;
use tokio::time::Instant;

use crate::post::{Job, JobId, Jobs};

/// How many urgencies there are.
const URGENCIES: usize = 3;

/// The posts of a place. Some may be over already: those are passed over.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// Begun, or to be said again: before all others, in this order.
    pub(crate) begun: VecDeque<JobId>,
    /// By urgency, the most urgent last.
    waiting: [VecDeque<JobId>; URGENCIES],
    /// The bot cannot speak here, though the network is there.
    pub(crate) shut: Option<Shut>,
}

/// A place where the bot cannot speak now.
#[derive(Debug)]
pub(crate) struct Shut {
    pub(crate) since: Instant,
    pub(crate) reason: String,
}

impl Lane {
    /// Adds a post behind those that are as urgent.
    pub(crate) fn wait(&mut self, id: JobId, urgency: Urgency) {
        let rank = match urgency {
            Urgency::Chatter => 0,
            Urgency::Normal => 1,
            Urgency::Result => 2,
        };
        self.waiting[rank].push_back(id);
    }

    /// Whether there is something to say. Forgets what is over and what nobody waits for.
    pub(crate) fn has_next(&mut self, jobs: &mut Jobs) -> bool {
        while let Some(id) = self.queue().and_then(|queue| queue.front().copied()) {
            match jobs.get(&id).map(Job::is_abandoned) {
                Some(false) => return true,
                Some(true) => drop(jobs.remove(&id)),
                None => {}
            }
            self.queue().map(VecDeque::pop_front);
        }
        false
    }

    /// The post that has the next line. From now on it is begun, and no other comes before it.
    pub(crate) fn begin(&mut self) -> Option<JobId> {
        if self.begun.is_empty() {
            let most_urgent = self.queue()?.pop_front()?;
            self.begun.push_back(most_urgent);
        }
        self.begun.front().copied()
    }

    /// Where the next post is taken from.
    fn queue(&mut self) -> Option<&mut VecDeque<JobId>> {
        let begun = std::iter::once(&mut self.begun);
        begun
            .chain(self.waiting.iter_mut().rev())
            .find(|queue| !queue.is_empty())
    }

    /// All that are not said to their end.
    pub(crate) fn ids(&self) -> impl Iterator<Item = JobId> {
        self.begun.iter().chain(self.waiting.iter().flatten()).copied()
    }
}
