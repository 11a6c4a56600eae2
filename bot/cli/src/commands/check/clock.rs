//! This machine's clock, against those of the services.

use countersign_core::text::span;
use countersign_core::time::{Duration, Timestamp, after, between};

use super::finding::Findings;

/// So far off it is said.
const NOTICEABLE: Duration = Duration::from_secs(5);
/// So far off, expiry times and freezes are wrong, and logins may be refused.
const WRONG: Duration = Duration::from_mins(1);

/// A service's time, and when it was asked and had answered by this machine's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Comparison {
    /// Whose clock it is.
    pub(super) service: &'static str,
    pub(super) asked: Timestamp,
    /// In whole seconds.
    pub(super) theirs: Timestamp,
    pub(super) answered: Timestamp,
}

/// How far this machine's clock is from another at the least.
enum Gap {
    Fast(Duration),
    Slow(Duration),
}

impl Comparison {
    fn gap(&self) -> Gap {
        // They answered within the second that they name, some time between being asked and our having the answer.
        let end = after(self.theirs, Duration::from_secs(1));
        if self.asked > end {
            Gap::Fast(between(end, self.asked))
        } else {
            Gap::Slow(between(self.answered, self.theirs))
        }
    }
}

pub(super) fn check(comparison: Option<&Comparison>, findings: &mut Findings) {
    let Some(comparison) = comparison else {
        findings.skip(
            "clock",
            "no service said what time it is, so there is nothing to compare it with",
        );
        return;
    };
    let service = comparison.service;
    let (off, way) = match comparison.gap() {
        Gap::Fast(off) => (off, "fast"),
        Gap::Slow(off) => (off, "slow"),
    };
    let words = format!(
        "this machine's is {} {way} of {service}'s; set it by a time service, such as systemd-timesyncd or chrony",
        span(off)
    );
    if off > WRONG {
        findings.fail("clock", words);
    } else if off > NOTICEABLE {
        findings.warn("clock", words);
    } else {
        findings.ok("clock", format!("it agrees with {service}'s"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This machine's clock shows so many seconds when Heroku's shows 1000; the answer takes two seconds.
    fn found(ours: i64) -> String {
        let at = |seconds: i64| Timestamp::from_second(seconds).unwrap();
        let comparison = Comparison {
            service: "Heroku",
            asked: at(ours - 1),
            theirs: at(1000),
            answered: at(ours + 1),
        };
        let mut findings = Findings::default();
        check(Some(&comparison), &mut findings);
        findings.text().split(';').next().unwrap().trim_end().to_owned()
    }

    #[test]
    fn a_clock_is_off_by_at_least_what_cannot_be_the_way_of_the_answer() {
        for ours in [994, 999, 1000, 1001, 1007] {
            assert_eq!(found(ours), "ok    clock: it agrees with Heroku's", "{ours}");
        }
        assert_eq!(found(1008), "warn  clock: this machine's is 6 s fast of Heroku's");
        assert_eq!(found(993), "warn  clock: this machine's is 6 s slow of Heroku's");
        assert_eq!(
            found(1062),
            "warn  clock: this machine's is 1 min fast of Heroku's"
        );
        assert_eq!(
            found(1063),
            "FAIL  clock: this machine's is 1 min 1 s fast of Heroku's"
        );
        assert_eq!(
            found(938),
            "FAIL  clock: this machine's is 1 min 1 s slow of Heroku's"
        );
    }
}
