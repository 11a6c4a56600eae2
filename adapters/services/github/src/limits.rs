//! GitHub's limits, and how long to wait by GitHub's own clock: the answer's `Date`, never ours.
//!
//! <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>; `reference/domain.md` §4.

use std::time::Duration;

use countersign_http::{retry_after, wait_until};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;

/// What the documentation asks for when a secondary limit comes without a time.
const DEFAULT_WAIT: Duration = Duration::from_mins(1);

/// What an answer says of the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// None was reached.
    Free,
    /// One was; how long to wait, if that can be told.
    Reached(Option<Duration>),
}

impl Limit {
    /// 429 is a limit, and so is a 403 that says so: in a header, or only in its `message`.
    pub(crate) fn read(status: StatusCode, headers: &HeaderMap, message: &str) -> Self {
        let spent = number(headers, "x-ratelimit-remaining") == Some(0);
        let asked = headers.contains_key(header::RETRY_AFTER);
        let told = message.to_ascii_lowercase().contains("rate limit");
        match status {
            StatusCode::TOO_MANY_REQUESTS => Self::Reached(wait(headers, spent)),
            StatusCode::FORBIDDEN if spent || asked || told => Self::Reached(wait(headers, spent)),
            _ => Self::Free,
        }
    }
}

fn wait(headers: &HeaderMap, spent: bool) -> Option<Duration> {
    if headers.contains_key(header::RETRY_AFTER) {
        return retry_after(headers);
    }
    if spent {
        let reset =
            number(headers, "x-ratelimit-reset").and_then(|second| Timestamp::from_second(second).ok())?;
        return wait_until(reset, headers);
    }
    Some(DEFAULT_WAIT)
}

fn number(headers: &HeaderMap, name: &str) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer was given at second 1,795,341,600.
    fn read(status: u16, headers: &[(&'static str, &'static str)], message: &str) -> Limit {
        let mut map = HeaderMap::new();
        map.insert(header::DATE, "Sun, 22 Nov 2026 10:00:00 GMT".parse().unwrap());
        for &(name, value) in headers {
            map.insert(name, value.parse().unwrap());
        }
        Limit::read(StatusCode::from_u16(status).unwrap(), &map, message)
    }

    fn seconds(seconds: u64) -> Limit {
        Limit::Reached(Some(Duration::from_secs(seconds)))
    }

    #[test]
    fn the_primary_limit_ends_when_it_is_reset() {
        let spent = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795342290"),
        ];
        assert_eq!(read(403, &spent, ""), seconds(690));
        assert_eq!(read(429, &spent, ""), seconds(690));
        let past = [
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1795341000"),
        ];
        assert_eq!(read(403, &past, ""), seconds(0));
        assert_eq!(
            read(403, &[("x-ratelimit-remaining", "0")], ""),
            Limit::Reached(None)
        );
    }

    #[test]
    fn a_secondary_limit_says_how_long_or_means_a_minute() {
        assert_eq!(read(403, &[("retry-after", "30")], ""), seconds(30));
        assert_eq!(
            read(403, &[], "You have exceeded a secondary rate limit."),
            seconds(60)
        );
        assert_eq!(read(429, &[("x-ratelimit-remaining", "4000")], ""), seconds(60));
        assert_eq!(
            read(429, &[("retry-after", "Sun, 22 Nov 2026 10:01:30 GMT")], ""),
            seconds(90)
        );
    }

    #[test]
    fn missing_rights_are_no_limit() {
        let left = [
            ("x-ratelimit-remaining", "4999"),
            ("x-ratelimit-reset", "1795342290"),
        ];
        assert_eq!(
            read(403, &left, "Resource not accessible by integration"),
            Limit::Free
        );
        assert_eq!(read(404, &[("x-ratelimit-remaining", "0")], ""), Limit::Free);
    }
}
