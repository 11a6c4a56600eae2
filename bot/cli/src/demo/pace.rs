//! How time passes in a demo: by itself, and faster than outside, or only when the script says so.

use std::sync::Arc;

use countersign_core::time::{Clock, ManualClock, Timestamp, after, between};

use crate::clock::SpeedClock;

/// How time passes.
#[derive(Clone, Debug)]
pub(super) enum Pace {
    /// By leaps, when somebody waits for something.
    Leaps(Arc<ManualClock>),
    /// By itself.
    Flows(Arc<SpeedClock>),
}

impl Pace {
    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        match self {
            Self::Leaps(clock) => Arc::clone(clock) as Arc<dyn Clock>,
            Self::Flows(clock) => Arc::clone(clock) as Arc<dyn Clock>,
        }
    }

    /// How many times as fast as outside; leaps have no speed.
    pub(super) fn speed(&self) -> f64 {
        match self {
            Self::Leaps(_) => 1.0,
            Self::Flows(clock) => clock.speed(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Waits for a time, or makes it that time.
    pub(super) async fn reach(&self, at: Timestamp) {
        match self {
            Self::Leaps(clock) if at > clock.now() => clock.set(at),
            Self::Leaps(_) => {}
            Self::Flows(clock) => tokio::time::sleep(clock.real(between(clock.now(), at))).await,
        }
    }

    /// A moment later than now: what is due at once is not waited for without end.
    pub(super) fn soon(&self) -> Timestamp {
        after(self.now(), std::time::Duration::from_secs(1))
    }
}
