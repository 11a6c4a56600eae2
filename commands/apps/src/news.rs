//! Announcements of releases: one key for each, whoever finds it first, and the rooms that hear of it.

use countersign_core::operation::{Announcement, Run};
use countersign_core::reply::Line;
use countersign_core::text::list;
use countersign_heroku::Version;

use crate::app::App;

/// What makes the news of a release one announcement.
pub(crate) fn key(app: &App, version: Version) -> String {
    format!("release/{}/{version}", app.heroku)
}

/// The news of a release that an operation of ours made.
pub(crate) fn of(app: &App, version: Version, line: Line) -> Announcement {
    Announcement {
        key: key(app, version),
        rooms: app.rooms.clone(),
        line,
    }
}

/// `alice, signed by bob`.
pub(crate) fn by(run: &Run<'_>) -> String {
    let requester = &run.plan().requester;
    if run.operation.signers.is_empty() {
        requester.to_string()
    } else {
        format!("{requester}, signed by {}", list(&run.operation.signers))
    }
}

/// `v812 stays live`, for a release that failed.
pub(crate) fn stays_live(live: Option<Version>) -> String {
    match live {
        Some(version) => format!("{version} stays live"),
        None => "nothing is live".to_owned(),
    }
}

/// A release whose release phase failed.
pub(crate) fn failed(app: &App, version: Version, live: Option<Version>) -> Line {
    Line::new(format!("{}: {version} ", app.target))
        .strong("FAILED")
        .then(format!(" in the release phase; {} · ", stays_live(live)))
        .link("output", app.dashboard("activity"))
}
