//! Clocks of the operating system's time: the only place that reads it.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use countersign_core::time::{Clock, ManualClock, Timestamp, after, between, from_millis};
use url::Url;

/// The operating system's time.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the operating system for the time"
    )]
    fn now(&self) -> Timestamp {
        from_millis(Timestamp::now().as_millisecond())
    }
}

/// A clock that goes faster (or slower) than the system's: for the demo and the sandbox.
#[derive(Debug)]
pub struct SpeedClock {
    /// What it showed when it was started.
    shown: Timestamp,
    /// When that was.
    started: Timestamp,
    speed: f64,
}

impl SpeedClock {
    /// Starts at the real time.
    pub fn starting_now(speed: f64) -> Self {
        Self::starting_at(SystemClock.now(), speed)
    }

    /// Starts now, showing another time.
    pub fn starting_at(shown: Timestamp, speed: f64) -> Self {
        Self {
            shown,
            started: SystemClock.now(),
            speed,
        }
    }

    /// How many times faster than the system's it goes.
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// How long a span of this clock takes in real time; at least a millisecond, so that waiting is waiting.
    pub fn real(&self, span: Duration) -> Duration {
        span.div_f64(self.speed).max(Duration::from_millis(1))
    }
}

impl Clock for SpeedClock {
    fn now(&self) -> Timestamp {
        let passed = between(self.started, SystemClock.now());
        after(self.shown, passed.mul_f64(self.speed))
    }
}

impl countersign_sandbox::Time for SpeedClock {
    fn now(&self) -> Timestamp {
        Clock::now(self)
    }

    fn speed(&self) -> f64 {
        self.speed
    }
}

/// A clock that stands still until it is set, shared with the sandbox.
#[derive(Clone, Debug)]
pub struct Shared(pub Arc<ManualClock>);

impl countersign_sandbox::Time for Shared {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// A clock that goes like that of a sandbox in another process.
pub async fn follow(sandbox: &Url) -> anyhow::Result<SpeedClock> {
    let about = crate::control::about(sandbox).await?;
    let said = |name: &str| {
        about
            .get(name)
            .with_context(|| format!("{sandbox} does not say its {name}; is it a sandbox?"))
    };
    let now: Timestamp = said("now")?
        .as_str()
        .unwrap_or_default()
        .parse()
        .context("the sandbox's time cannot be read")?;
    let speed = said("speed")?
        .as_f64()
        .filter(|speed| *speed > 0.0)
        .context("the sandbox's speed is no number above 0")?;
    Ok(SpeedClock::starting_at(now, speed))
}
