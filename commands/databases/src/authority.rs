//! Watching for the end of the authorities that vouch for a database's servers: after it nothing there can be reached, and
//! nobody who was given access gets in.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::id::TargetName;
use countersign_core::message::Room;
use countersign_core::operation::{Announcement, Trouble};
use countersign_core::reply::Line;
use countersign_core::text::span;
use countersign_core::time::{Duration, Timestamp, between};
use countersign_core::watch::{Sighting, Watcher};

use crate::databases::{Database, Databases};

const EVERY: Duration = Duration::from_hours(6);
const DAY: Duration = Duration::from_hours(24);
/// So many days before the end it is said, once each.
const SAID: [u32; 4] = [1, 3, 7, 30];

/// Watches the bundle of one database.
pub(crate) struct Authority {
    target: TargetName,
    name: String,
    rooms: Vec<Room>,
    ends: Timestamp,
}

impl Authority {
    /// For every database of whose bundle the end is known.
    pub(crate) fn all(databases: &Databases) -> Vec<Arc<dyn Watcher>> {
        let of = |database: &Database| -> Option<Arc<dyn Watcher>> { Some(Arc::new(Self::of(database)?)) };
        databases.iter().filter_map(of).collect()
    }

    fn of(database: &Database) -> Option<Self> {
        Some(Self {
            target: database.target.clone(),
            name: format!("authority/{}", database.target),
            rooms: database.rooms.clone(),
            ends: database.ca_expires?,
        })
    }

    fn words(&self, now: Timestamp) -> String {
        let date = self.ends.strftime("%Y-%m-%d");
        let help = "Whoever runs the bot gets the bundle of today, and names it in ca.";
        let target = &self.target;
        if self.ends <= now {
            format!(
                "{target}: the last certificate of its CA bundle ended on {date}: I reach none of its servers, and neither \
                 does whoever checks them with it. {help}"
            )
        } else {
            format!(
                "{target}: the last certificate of its CA bundle ends in {}, on {date}; after that I reach none of its \
                 servers. {help}",
                span(between(now, self.ends))
            )
        }
    }
}

/// How near the end is: the days of the last warning that is due, 0 after it; nothing while it is far.
fn stage(ends: Timestamp, now: Timestamp) -> Option<u32> {
    if ends <= now {
        return Some(0);
    }
    let left = between(now, ends);
    SAID.into_iter().find(|days| left <= DAY * *days)
}

#[async_trait]
impl Watcher for Authority {
    fn name(&self) -> &str {
        &self.name
    }

    /// What goes on at the servers does not matter to the bundle.
    fn target(&self) -> Option<&TargetName> {
        None
    }

    fn rooms(&self) -> &[Room] {
        &self.rooms
    }

    fn every(&self) -> Duration {
        EVERY
    }

    async fn look(&self, seen: Option<&str>, now: Timestamp) -> Result<Sighting, Trouble> {
        let stage = stage(self.ends, now);
        // Another bundle has another end, and its own warnings.
        let here = stage.map_or_else(|| "far".to_owned(), |days| format!("{} {days}", self.ends));
        let news = stage.filter(|_| seen != Some(&here)).map(|days| Announcement {
            key: format!("authority/{}/{}/{days}", self.target, self.ends),
            rooms: self.rooms.clone(),
            line: Line::new(self.words(now)),
        });
        Ok(Sighting {
            seen: here,
            news: news.into_iter().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::time::{after, from_millis};

    use super::*;

    const END: i64 = 1_800_000_000_000;

    fn authority() -> Authority {
        Authority {
            target: TargetName::from("prod-db"),
            name: "authority/prod-db".to_owned(),
            rooms: Vec::new(),
            ends: from_millis(END),
        }
    }

    /// What is said at each of these times, in hours before the end, by one that remembers.
    async fn said(hours: &[u64]) -> Vec<String> {
        let (authority, mut seen, mut said) = (authority(), None::<String>, Vec::new());
        for hours in hours {
            let begin = from_millis(END - 100 * 24 * 3_600_000);
            let now = after(begin, Duration::from_hours(100 * 24 - hours));
            let sighting = authority.look(seen.as_deref(), now).await.unwrap();
            said.extend(
                sighting
                    .news
                    .into_iter()
                    .map(|news| format!("{hours} {}", news.key)),
            );
            seen = Some(sighting.seen);
        }
        said
    }

    #[tokio::test]
    async fn the_end_is_said_a_few_times_before_it_comes_and_once_when_it_has() {
        let hours = [2000, 721, 720, 714, 168, 72, 30, 24, 1, 0];
        let keys: Vec<String> = [(720, 30), (168, 7), (72, 3), (24, 1), (0, 0)]
            .map(|(hours, days)| format!("{hours} authority/prod-db/2027-01-15T08:00:00Z/{days}"))
            .into();
        assert_eq!(said(&hours).await, keys);
    }

    #[tokio::test]
    async fn a_bot_that_was_away_says_what_is_now_and_not_what_was() {
        assert_eq!(
            said(&[2000, 20]).await,
            ["20 authority/prod-db/2027-01-15T08:00:00Z/1"]
        );
        assert_eq!(said(&[20]).await, ["20 authority/prod-db/2027-01-15T08:00:00Z/1"]);
    }

    #[test]
    fn the_words_say_when_and_what_to_do() {
        let words = authority().words(from_millis(END - 36 * 3_600_000));
        assert_eq!(
            words,
            "prod-db: the last certificate of its CA bundle ends in 1 d 12 h, on 2027-01-15; after that I reach none of its \
             servers. Whoever runs the bot gets the bundle of today, and names it in ca."
        );
        assert!(
            authority()
                .words(from_millis(END))
                .contains("ended on 2027-01-15")
        );
    }
}
