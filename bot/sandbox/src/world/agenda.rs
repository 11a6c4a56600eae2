//! What is going to happen, and when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::repository::Sha;

/// Something that happens by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    /// Heroku looks at the branch that an app deploys.
    BranchNoticed { app: &'static str },
    /// The last check of a commit is over.
    CiEnds { commit: Sha },
    /// A build is over.
    BuildEnds { app: &'static str, build: Uuid },
    /// A release phase is over.
    ReleasePhaseEnds { app: &'static str, release: Uuid },
}

/// Events in the order of their time and, at the same time, in the order they were added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Agenda {
    events: BTreeMap<(Timestamp, u64), Event>,
    added: u64,
}

impl Agenda {
    pub(crate) fn add(&mut self, at: Timestamp, event: Event) {
        self.events.insert((at, self.added), event);
        self.added += 1;
    }

    /// Takes out the next event that is due.
    pub(crate) fn next_due(&mut self, now: Timestamp) -> Option<(Timestamp, Event)> {
        let entry = self.events.first_entry()?;
        let (at, _) = *entry.key();
        (at <= now).then(|| (at, entry.remove()))
    }
}
