//! How fast the bot speaks: a bucket of lines that fills again with time. Servers close the connection of whoever is
//! faster than they allow, so everything that is sent is counted, also what cannot wait.

use tokio::time::{Duration, Instant};

use crate::settings::Pace;

/// What a line costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// Nothing: servers have patience with those who have just come.
    Nothing,
    /// A PING or PONG, which servers count for less than what others have to read.
    Half,
    /// A line.
    Line,
}

/// The bucket. What is not its turn can be taken from it too; what comes next then waits the longer.
#[derive(Debug)]
pub(crate) struct Bucket {
    every: Duration,
    /// How far ahead of `full_at` a line may be said.
    ahead: Duration,
    /// When it is full again.
    full_at: Instant,
}

impl Bucket {
    /// A full one.
    pub(crate) fn new(pace: Pace, now: Instant) -> Self {
        Self {
            every: pace.every,
            ahead: pace.every.saturating_mul(pace.burst.saturating_sub(1)),
            full_at: now,
        }
    }

    /// How long until there is a line in it.
    pub(crate) fn wait(&self, now: Instant) -> Duration {
        self.full_at
            .saturating_duration_since(now)
            .saturating_sub(self.ahead)
    }

    /// Takes from it, also what is not in it.
    pub(crate) fn take(&mut self, cost: Cost, now: Instant) {
        let price = match cost {
            Cost::Nothing => return,
            Cost::Half => self.every / 2,
            Cost::Line => self.every,
        };
        self.full_at = self.full_at.max(now) + price;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace {
        burst: 3,
        every: Duration::from_secs(2),
    };

    #[tokio::test(start_paused = true)]
    async fn a_few_lines_at_once_then_one_each_so_often() {
        let start = Instant::now();
        let mut bucket = Bucket::new(PACE, start);
        let mut said = Vec::new();
        for _ in 0..6 {
            tokio::time::sleep(bucket.wait(Instant::now())).await;
            bucket.take(Cost::Line, Instant::now());
            said.push(start.elapsed().as_secs());
        }
        assert_eq!(said, [0, 0, 0, 2, 4, 6]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_could_not_wait_is_waited_for_afterwards() {
        let now = Instant::now();
        let mut bucket = Bucket::new(PACE, now);
        for _ in 0..10 {
            bucket.take(Cost::Half, now);
        }
        assert_eq!(bucket.wait(now), Duration::from_secs(6));
        bucket.take(Cost::Nothing, now);
        assert_eq!(bucket.wait(now), Duration::from_secs(6));
    }

    #[tokio::test(start_paused = true)]
    async fn it_does_not_hold_more_than_a_burst() {
        let start = Instant::now();
        let mut bucket = Bucket::new(PACE, start);
        tokio::time::sleep(Duration::from_hours(1)).await;
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(bucket.wait(now), Duration::ZERO);
            bucket.take(Cost::Line, now);
        }
        assert_eq!(bucket.wait(now), Duration::from_secs(2));
    }
}
