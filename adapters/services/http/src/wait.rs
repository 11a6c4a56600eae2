//! How long a service wants us to wait, by its own clock: the answer's `Date`, never ours.

use std::time::Duration;

use http::{HeaderMap, header};
use jiff::{Timestamp, fmt::rfc2822};

/// The wait that `Retry-After` asks for, which is a number of seconds or a date (RFC 9110 §10.2.3).
pub fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    match value.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => wait_until(timestamp(value)?, headers),
    }
}

/// How long it is from the moment of the answer until `moment`; nothing when that has passed.
pub fn wait_until(moment: Timestamp, headers: &HeaderMap) -> Option<Duration> {
    let answered = answered_at(headers)?;
    Some(Duration::try_from(moment.duration_since(answered)).unwrap_or(Duration::ZERO))
}

/// When the answer was made, by the service's clock, in whole seconds.
pub fn answered_at(headers: &HeaderMap) -> Option<Timestamp> {
    timestamp(headers.get(header::DATE)?.to_str().ok()?)
}

fn timestamp(http_date: &str) -> Option<Timestamp> {
    rfc2822::parse(http_date).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(retry_after_value: &'static str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert(header::DATE, "Sun, 22 Nov 2026 10:00:00 GMT".parse().unwrap());
        headers.insert(header::RETRY_AFTER, retry_after_value.parse().unwrap());
        retry_after(&headers)
    }

    #[test]
    fn seconds_and_dates_are_understood() {
        assert_eq!(wait("40"), Some(Duration::from_secs(40)));
        assert_eq!(
            wait("Sun, 22 Nov 2026 10:01:30 GMT"),
            Some(Duration::from_secs(90))
        );
        assert_eq!(wait("Sun, 22 Nov 2026 09:59:00 GMT"), Some(Duration::ZERO));
        assert_eq!(wait("soon"), None);
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
