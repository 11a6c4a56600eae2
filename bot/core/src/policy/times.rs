//! When a rule holds: hours of days of the week, by the clock on the wall of a time zone. Comparing wall clocks
//! makes "09:00" nine o'clock in winter and in summer.

use std::fmt;
use std::str::FromStr;

use jiff::tz::TimeZone;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::time::Timestamp;

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MINUTES_OF_A_DAY: u16 = 24 * 60;

/// Hours of days of the week in a time zone: `Mon-Fri 09:00-17:00; Sat 10:00-12:00 Europe/Berlin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Times {
    hours: Vec<Hours>,
    zone: TimeZone,
}

/// Hours that begin on certain days. If they end no later than they begin, they end on the day after.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Hours {
    /// Monday first.
    days: [bool; 7],
    /// In minutes since midnight.
    from: u16,
    /// In minutes since midnight; not included.
    to: u16,
}

/// What is wrong with a text for times.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}; times look like \"Mon-Fri 09:00-17:00; Sat 22:00-02:00 Europe/Berlin\"")]
pub struct TimesError {
    what: String,
}

fn wrong<T>(what: impl Into<String>) -> Result<T, TimesError> {
    Err(TimesError { what: what.into() })
}

impl Times {
    /// Whether it is one of these times.
    pub fn include(&self, now: Timestamp) -> bool {
        let wall = self.zone.to_datetime(now);
        let today = usize::from(wall.date().weekday().to_monday_zero_offset().unsigned_abs());
        let minute = u16::from(wall.hour().unsigned_abs()) * 60 + u16::from(wall.minute().unsigned_abs());
        self.hours.iter().any(|hours| hours.include(today, minute))
    }
}

impl Hours {
    fn include(&self, today: usize, minute: u16) -> bool {
        if self.from < self.to {
            return self.days[today] && (self.from..self.to).contains(&minute);
        }
        let yesterday = (today + 6) % 7;
        (self.days[today] && minute >= self.from) || (self.days[yesterday] && minute < self.to)
    }
}

impl FromStr for Times {
    type Err = TimesError;

    fn from_str(text: &str) -> Result<Self, TimesError> {
        let text = text.trim();
        let Some((ranges, zone)) = text.rsplit_once(char::is_whitespace) else {
            return wrong(format!("\"{text}\" is not a time"));
        };
        if zone.contains(':') || day(zone).is_some() {
            return wrong(format!("\"{text}\" does not end with a time zone"));
        }
        let Ok(zone) = TimeZone::get(zone) else {
            return wrong(format!("there is no time zone \"{zone}\""));
        };
        let hours = ranges.split(';').map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { hours, zone })
    }
}

impl FromStr for Hours {
    type Err = TimesError;

    fn from_str(text: &str) -> Result<Self, TimesError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [days_text, hours] = words[..] else {
            return wrong(format!("\"{}\" is not days and hours", text.trim()));
        };
        let Some((from, to)) = hours.split_once('-') else {
            return wrong(format!("\"{hours}\" is not from when to when"));
        };
        let (from, to) = (minute(from)?, minute(to)?);
        if from == to || from == MINUTES_OF_A_DAY {
            return wrong(format!(
                "\"{hours}\" is no time at all (a whole day is 00:00-24:00)"
            ));
        }
        let days = days(days_text)?;
        Ok(Self { days, from, to })
    }
}

/// `Mon`, `Mon-Fri`, `Fri-Mon`, `Mon,Wed-Fri`.
fn days(text: &str) -> Result<[bool; 7], TimesError> {
    let mut days = [false; 7];
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (Some(first), Some(last)) = (day(first), day(last)) else {
            return wrong(format!("\"{part}\" is not a day of the week (Mon … Sun)"));
        };
        let length = (last + 7 - first) % 7;
        for after in 0..=length {
            days[(first + after) % 7] = true;
        }
    }
    Ok(days)
}

fn day(text: &str) -> Option<usize> {
    DAYS.iter().position(|day| day.eq_ignore_ascii_case(text))
}

fn minute(text: &str) -> Result<u16, TimesError> {
    let parsed = text.split_once(':').and_then(|(hour, minute)| {
        let two_digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let well_formed = two_digits(hour) && two_digits(minute);
        let (hour, minute): (u16, u16) = (hour.parse().ok()?, minute.parse().ok()?);
        let of_day = hour * 60 + minute;
        (well_formed && minute < 60 && of_day <= MINUTES_OF_A_DAY).then_some(of_day)
    });
    match parsed {
        Some(minute) => Ok(minute),
        None => wrong(format!("\"{text}\" is not a time of day")),
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, hours) in self.hours.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{hours}")?;
        }
        write!(f, " {}", self.zone.iana_name().unwrap_or("UTC"))
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut day = 0;
        let mut separator = "";
        while day < 7 {
            let length = self.days[day..].iter().take_while(|is_in| **is_in).count();
            match length {
                0 => day += 1,
                1 => write!(f, "{separator}{}", DAYS[day])?,
                _ => write!(f, "{separator}{}-{}", DAYS[day], DAYS[day + length - 1])?,
            }
            if length > 0 {
                separator = ",";
            }
            day += length;
        }
        let (from, to) = (self.from, self.to);
        write!(
            f,
            " {:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            to / 60,
            to % 60
        )
    }
}

impl Serialize for Times {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Times {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
