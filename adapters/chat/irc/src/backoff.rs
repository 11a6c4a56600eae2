//! How long to wait before the next connection.

use countersign_core::random::Random;
use countersign_core::time::Duration;

use crate::session::Pause;

const FIRST: Duration = Duration::from_secs(1);
/// After a server said that we come too often, or do not want us.
const FIRST_LONG: Duration = Duration::from_mins(1);

/// Pauses that double with each connection that came to nothing. Each is drawn between a half and the whole, or between
/// the least and half as much again, so that the bots and people that one server lost do not all come back at once.
#[derive(Debug)]
pub(crate) struct Backoff {
    failures: u32,
    longest: Duration,
}

impl Backoff {
    /// No pause is longer than this, but for those after which a server does not want us.
    pub(crate) fn new(longest: Duration) -> Self {
        Self { failures: 0, longest }
    }

    /// A connection lasted: the next pause is a short one.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next pause.
    pub(crate) fn next(&mut self, pause: Pause, random: &dyn Random) -> Duration {
        let least = match pause {
            Pause::Short => Duration::ZERO,
            Pause::Long => FIRST_LONG,
        };
        let whole = FIRST
            .saturating_mul(1 << self.failures.min(16))
            .min(self.longest)
            .max(least + least / 2);
        let from = (whole / 2).max(least);
        self.failures = self.failures.saturating_add(1);
        let mut byte = [0];
        random.fill(&mut byte);
        from + whole.saturating_sub(from) * u32::from(byte[0]) / u32::from(u8::MAX)
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::random::SeededRandom;

    use super::*;
    use crate::settings::LONGEST_PAUSE;

    #[test]
    fn pauses_double_up_to_five_minutes_and_are_not_alike() {
        let random = SeededRandom::new(7);
        let mut backoff = Backoff::new(LONGEST_PAUSE);
        let mut fraction = Vec::new();
        for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300] {
            let pause = backoff.next(Pause::Short, &random).as_secs_f64();
            let expected = f64::from(expected);
            assert!(
                (expected / 2.0..=expected).contains(&pause),
                "{pause} of {expected}"
            );
            fraction.push(pause / expected);
        }
        fraction.dedup_by(|a, b| (*a - *b).abs() < 0.01);
        assert!(fraction.len() > 6, "{fraction:?}");
        backoff.reset();
        assert!(backoff.next(Pause::Short, &random) <= FIRST);
    }

    #[test]
    fn whoever_is_told_to_stay_away_waits_a_minute_at_least() {
        let random = SeededRandom::new(7);
        let mut backoff = Backoff::new(LONGEST_PAUSE);
        let pauses: Vec<Duration> = (0..20).map(|_| backoff.next(Pause::Long, &random)).collect();
        for pause in &pauses {
            assert!((FIRST_LONG..=LONGEST_PAUSE).contains(pause), "{pause:?}");
        }
        let mut first = pauses[..6].to_vec();
        assert!(
            first.iter().all(|pause| *pause <= FIRST_LONG * 3 / 2),
            "{pauses:?}"
        );
        first.dedup();
        assert!(first.len() > 3, "they are not alike: {pauses:?}");
    }

    #[test]
    fn whoever_wants_it_back_soon_has_it_back_soon() {
        let random = SeededRandom::new(7);
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second);
        for _ in 0..20 {
            assert!(backoff.next(Pause::Short, &random) <= second);
        }
        assert!(backoff.next(Pause::Long, &random) >= FIRST_LONG);
    }
}
