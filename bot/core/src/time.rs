//! Time as a parameter. Core never asks the operating system what time it is.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

pub use jiff::Timestamp;
pub use std::time::Duration;

/// Tells the time, in whole milliseconds (what the store keeps).
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present.
    fn now(&self) -> Timestamp;
}

/// The time stamp of this many milliseconds since 1970, clamped to what a time stamp can say.
pub fn from_millis(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}

/// `at` and `span` later, clamped to what a time stamp can say.
pub fn after(at: Timestamp, span: Duration) -> Timestamp {
    let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    from_millis(at.as_millisecond().saturating_add(millis))
}

/// How long from `from` to `to`; nothing if `to` is earlier.
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    let millis = to.as_millisecond().saturating_sub(from.as_millisecond());
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// `at` and `span` earlier, clamped to what a time stamp can say.
pub fn before(at: Timestamp, span: Duration) -> Timestamp {
    let millis = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    from_millis(at.as_millisecond().saturating_sub(millis))
}

/// Not a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write it like 30min, 2h or 1d")]
pub struct SpanError;

/// A span of time as people type it: `30min`, `2h`, `1d 12h`. A day has 24 hours.
pub fn parse_span(typed: &str) -> Result<Duration, SpanError> {
    let span: jiff::Span = typed.to_lowercase().parse().map_err(|_| SpanError)?;
    let span = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|_| SpanError)?;
    Duration::try_from(span)
        .ok()
        .filter(|span| !span.is_zero())
        .ok_or(SpanError)
}

/// A clock that stands still until it is set. Scripts and tests run on it.
#[derive(Debug)]
pub struct ManualClock {
    millis: AtomicI64,
}

impl ManualClock {
    /// A clock that stands at `start`.
    pub fn new(start: Timestamp) -> Self {
        Self {
            millis: AtomicI64::new(start.as_millisecond()),
        }
    }

    /// Sets the clock, also back.
    pub fn set(&self, now: Timestamp) {
        self.millis.store(now.as_millisecond(), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        from_millis(self.millis.load(Ordering::SeqCst))
    }
}

/// A clock that never goes back: the operating system's may, and a deadline that has passed must stay passed
/// (invariant A6). It starts at the last time that the store has seen.
#[derive(Debug)]
pub struct SteadyClock<C> {
    inner: C,
    floor: AtomicI64,
}

impl<C: Clock> SteadyClock<C> {
    /// Follows `inner`, but never below `floor` or what it said before.
    pub fn new(inner: C, floor: Timestamp) -> Self {
        Self {
            inner,
            floor: AtomicI64::new(floor.as_millisecond()),
        }
    }
}

impl<C: Clock> Clock for SteadyClock<C> {
    fn now(&self) -> Timestamp {
        let now = self.inner.now().as_millisecond();
        from_millis(self.floor.fetch_max(now, Ordering::SeqCst).max(now))
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_type_them() {
        for (typed, minutes) in [
            ("30min", 30),
            ("90m", 90),
            ("2h", 120),
            ("1d", 1_440),
            ("1D 12H", 2_160),
            ("1w", 10_080),
        ] {
            assert_eq!(
                parse_span(typed),
                Ok(Duration::from_secs(minutes * 60)),
                "{typed}"
            );
        }
        for typed in ["", "2", "0h", "-2h", "soon", "1 month", "99999999999999h"] {
            assert_eq!(parse_span(typed), Err(SpanError), "{typed}");
        }
    }

    #[test]
    fn a_step_back_of_the_system_clock_revives_nothing() {
        let inner = std::sync::Arc::new(ManualClock::new(from_millis(1_000)));
        let steady = SteadyClock::new(std::sync::Arc::clone(&inner), from_millis(500));
        assert_eq!(steady.now(), from_millis(1_000));
        inner.set(from_millis(10));
        assert_eq!(steady.now(), from_millis(1_000));
        inner.set(from_millis(2_000));
        assert_eq!(steady.now(), from_millis(2_000));
    }

    #[test]
    fn it_starts_no_earlier_than_what_the_store_has_seen() {
        let steady = SteadyClock::new(ManualClock::new(from_millis(10)), from_millis(700));
        assert_eq!(steady.now(), from_millis(700));
    }
}
