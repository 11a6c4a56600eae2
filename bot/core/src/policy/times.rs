//! When a rule holds (being written).
use serde::{Deserialize, Serialize};
/// Hours of days of the week in a time zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {}
/// Not a time.
#[derive(Debug, thiserror::Error)]
#[error("not a time")]
pub struct TimesError {}
