//! Small words that several replies share.

use countersign_core::plan::Detail;
use countersign_core::text::{list, span};
use countersign_core::time::{Duration, Timestamp, between};

/// A labelled group of one line.
pub(crate) fn detail(label: &str, line: impl Into<String>) -> Detail {
    group(label, vec![line.into()])
}

/// A labelled group.
pub(crate) fn group(label: &str, lines: Vec<String>) -> Detail {
    Detail {
        label: label.to_owned(),
        lines,
    }
}

/// `2026-12-22 14:05 UTC`: a time that is signed is said so that it means the same to everybody.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// `2026-12-22`.
pub(crate) fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

/// `in 30 d`, or `3 d ago`; to the hour from about a day on, and to the day from three days on.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;
    let to = |unit: u64, seconds: u64| Duration::from_secs((seconds + unit / 2) / unit * unit);
    let rounded = |passed: Duration| match passed.as_secs() {
        few if few < DAY - HOUR / 2 => passed,
        some if some < 3 * DAY => to(HOUR, some),
        many => to(DAY, many),
    };
    if at > now {
        format!("in {}", span(rounded(between(now, at))))
    } else {
        format!("{} ago", span(rounded(between(at, now))))
    }
}

/// `until 2026-12-22 14:05 UTC (in 30 d)`, or that there is no end.
pub(crate) fn until(ends: Option<Timestamp>, now: Timestamp) -> String {
    match ends {
        Some(ends) => format!("until {} ({})", moment(ends), relative(ends, now)),
        None => "without an end".to_owned(),
    }
}

/// The first names and how many more: `a, b, c and 4 more`.
pub(crate) fn some<T: std::fmt::Display>(items: &[T], most: usize) -> String {
    let shown = list(items.iter().take(most));
    match items.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::time::from_millis;

    use super::*;

    #[test]
    fn ends_are_said_so_that_they_mean_the_same_to_everybody() {
        let (now, day) = (from_millis(0), 86_400_000);
        assert_eq!(
            until(Some(from_millis(30 * day)), now),
            "until 1970-01-31 00:00 UTC (in 30 d)"
        );
        assert_eq!(
            until(Some(now), from_millis(day)),
            "until 1970-01-01 00:00 UTC (1 d ago)"
        );
        assert_eq!(until(None, now), "without an end");
        assert_eq!(relative(from_millis(30 * day - 1_000), now), "in 30 d");
        assert_eq!(relative(from_millis(3 * day - 7_200_000), now), "in 2 d 22 h");
        for days in [1, 2, 3, 7] {
            let short = from_millis(days * day - 2_000);
            assert_eq!(relative(short, now), format!("in {days} d"));
        }
        assert_eq!(relative(from_millis(day / 2 - 60_000), now), "in 11 h 59 min");
        assert_eq!(some(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!(some(&["a", "b"], 2), "a, b");
    }
}
