//! What CI says about a commit: five checks that end one after the other.
//!
//! Three of them report as commit statuses and two as check-runs, because a client that reads only one of the two
//! lists must be found out (reference/domain.md §4).

use jiff::{SignedDuration, Timestamp};

/// CI of one commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ci {
    /// There is none: no status, no check-run.
    None,
    /// Started, and over at `ends`; never over if that is `None`.
    Run {
        /// When it started.
        started: Timestamp,
        /// When its last check is over.
        ends: Option<Timestamp>,
        /// How it ends.
        outcome: Outcome,
    },
}

/// How CI ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every check succeeds.
    Green,
    /// The last check to end fails.
    Red,
}

/// How far a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Not over yet.
    Running,
    /// Over, well or not.
    Done {
        /// When it was over.
        at: Timestamp,
        /// Whether it was green.
        outcome: Outcome,
    },
}

/// Where a check reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `GET commits/:ref/status`.
    Status,
    /// `GET commits/:ref/check-runs`.
    CheckRun,
}

/// One check.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// What it is called.
    pub name: &'static str,
    /// Where it reports.
    pub place: Place,
    /// When it started.
    pub started: Timestamp,
    /// How far it is.
    pub progress: Progress,
}

/// In the order in which they end.
const CHECKS: [(&str, Place); 5] = [
    ("lint", Place::CheckRun),
    ("docs", Place::CheckRun),
    ("ci/circleci: javascript-tests", Place::Status),
    ("ci/circleci: docker-image", Place::Status),
    ("ci/circleci: python-tests", Place::Status),
];

/// How many checks of a CI that never ends are over all the same.
const DONE_OF_ENDLESS: usize = 3;

impl Ci {
    /// CI that has been green since `ended`.
    pub fn green_since(ended: Timestamp) -> Self {
        let started = ended - SignedDuration::from_secs(300);
        Self::Run {
            started,
            ends: Some(ended),
            outcome: Outcome::Green,
        }
    }

    /// The checks as they are now.
    pub fn checks(self, now: Timestamp) -> Vec<Check> {
        let Self::Run {
            started,
            ends,
            outcome,
        } = self
        else {
            return Vec::new();
        };
        let last = CHECKS.len() - 1;
        CHECKS
            .into_iter()
            .enumerate()
            .map(|(index, (name, place))| {
                let outcome = if index == last { outcome } else { Outcome::Green };
                let progress = match end_of_check(index, started, ends) {
                    Some(at) if at <= now => Progress::Done { at, outcome },
                    _ => Progress::Running,
                };
                Check {
                    name,
                    place,
                    started,
                    progress,
                }
            })
            .collect()
    }

    /// Whether there are checks and all are green now.
    pub fn is_green(self, now: Timestamp) -> bool {
        let green = |check: &Check| {
            matches!(
                check.progress,
                Progress::Done {
                    outcome: Outcome::Green,
                    ..
                }
            )
        };
        let checks = self.checks(now);
        !checks.is_empty() && checks.iter().all(green)
    }
}

fn end_of_check(index: usize, started: Timestamp, ends: Option<Timestamp>) -> Option<Timestamp> {
    match ends {
        Some(ends) => {
            let share = i32::try_from(index + 1).unwrap_or(i32::MAX);
            let all = i32::try_from(CHECKS.len()).unwrap_or(i32::MAX);
            Some(started + started.duration_until(ends) * share / all)
        }
        None => (index < DONE_OF_ENDLESS).then_some(started),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_end_one_after_the_other() {
        let started = Timestamp::UNIX_EPOCH;
        let ends = started + SignedDuration::from_secs(100);
        let ci = Ci::Run {
            started,
            ends: Some(ends),
            outcome: Outcome::Red,
        };
        let running = |seconds| {
            let checks = ci.checks(started + SignedDuration::from_secs(seconds));
            checks
                .iter()
                .filter(|check| check.progress == Progress::Running)
                .count()
        };
        assert_eq!([running(0), running(20), running(99), running(100)], [5, 4, 1, 0]);
        assert!(!ci.is_green(ends));
        assert!(Ci::green_since(ends).is_green(ends));
        assert!(!Ci::None.is_green(ends));
    }
}
