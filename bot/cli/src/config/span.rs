//! Lengths of time as people write them: `"30 min"`, `"2h"`, `"1h 30m"`, `"1 d"`.

use countersign_core::text;
use countersign_core::time::Duration;
use jiff::{Span, SpanRelativeTo};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(span: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&text::span(*span))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let written = String::deserialize(deserializer)?;
    written
        .parse::<Span>()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .ok()
        .and_then(|span| Duration::try_from(span).ok())
        .filter(|span| !span.is_zero())
        .ok_or_else(|| {
            D::Error::custom(format!(
                "{written:?} is not a length of time; write it like \"90 s\", \"30 min\", \"2 h\" or \"1 d\""
            ))
        })
}
