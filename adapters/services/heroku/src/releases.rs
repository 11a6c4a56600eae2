//! Releases: a slug together with the config vars and add-ons it runs with.
//!
//! `reference/domain.md` §2.3.

use std::{fmt, num::ParseIntError, str::FromStr};

use countersign_http::{Call, Etag, Polled};
use http::header;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    apps::{Account, AppName},
    client::Heroku,
    error::Result,
    ids::Id,
    paging::{Pages, newest_first},
    slugs::SlugId,
};

/// How many releases are fetched at once while looking for one; it is nearly always among the first few.
const PAGE: usize = 50;

/// The id of a release, which roll-back wants, instead of its version.
pub type ReleaseId = Id<Release>;

/// The number of a release within its app, written `v811`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u64);

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// Its number.
    pub version: Version,
    /// How far it got.
    pub status: ReleaseStatus,
    /// Whether it is the one that runs; the newest one is not if its release phase failed.
    pub current: bool,
    /// Whether Heroku would still roll back to it.
    #[serde(default)]
    pub eligible_for_rollback: bool,
    /// `Deploy 69eec518`, `Rollback to v1234`, `Set FOO config vars`: a stranger's text.
    pub description: String,
    /// Its code; none before the first deploy.
    #[serde(deserialize_with = "crate::slugs::id_of")]
    pub slug: Option<SlugId>,
    /// Who made it.
    pub user: Account,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed: with a release phase, when that ended.
    pub updated_at: Timestamp,
}

/// How far a release got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseStatus {
    /// Its release phase runs.
    Pending,
    /// It ran, or runs.
    Succeeded,
    /// Its release phase failed; it never ran.
    Failed,
    /// Its slug was thrown away: older than 30 days and more than 20 releases ago.
    Expired,
    /// Something that Heroku has added since.
    #[serde(other)]
    Other,
}

impl Heroku {
    /// The newest releases, newest first, at most `count`.
    pub async fn newest_releases(&self, app: &AppName, count: usize) -> Result<Vec<Release>> {
        self.release_pages(app, count).take(count).await
    }

    /// [`Heroku::newest_releases`] for asking again and again: cheap as long as nothing changes.
    ///
    /// Give the [`Etag`] of the last answer to the same question, that is, with the same `count`. At most 1000.
    pub async fn newest_releases_if_changed(
        &self,
        app: &AppName,
        count: usize,
        known: Option<&Etag>,
    ) -> Result<Polled<Vec<Release>>> {
        self.client
            .poll(
                releases(app).with_header(header::RANGE, newest_first("version", count)),
                known,
            )
            .await
    }

    /// All releases, newest first. Apps have thousands; seldom what you want.
    pub async fn all_releases(&self, app: &AppName) -> Result<Vec<Release>> {
        self.release_pages(app, usize::MAX).take_while(|_| true).await
    }

    /// The releases made after this one, newest first.
    pub async fn releases_after(&self, app: &AppName, version: Version) -> Result<Vec<Release>> {
        self.release_pages(app, PAGE)
            .take_while(|release| release.version > version)
            .await
    }

    /// The release that runs; none before the first.
    pub async fn current_release(&self, app: &AppName) -> Result<Option<Release>> {
        self.release_pages(app, PAGE)
            .find(|release| release.current)
            .await
    }

    /// The release of this id.
    pub async fn release(&self, app: &AppName, id: &ReleaseId) -> Result<Release> {
        self.client
            .fetch(&Call::get(["apps", app.as_str(), "releases", id.as_str()]))
            .await
    }

    /// The release of this number.
    pub async fn release_by_version(&self, app: &AppName, version: Version) -> Result<Release> {
        self.client
            .fetch(&Call::get([
                "apps",
                app.as_str(),
                "releases",
                &version.0.to_string(),
            ]))
            .await
    }

    /// Makes a new release of the code *and the config vars* of an old one, and returns the new one.
    ///
    /// Runs the release phase again. Sent once: see [`crate::Error::maybe_done`].
    pub async fn roll_back(&self, app: &AppName, to: &ReleaseId) -> Result<Release> {
        let body = serde_json::json!({ "release": to });
        self.client
            .fetch(&Call::post(["apps", app.as_str(), "releases"], body))
            .await
    }

    fn release_pages(&self, app: &AppName, size: usize) -> Pages<'_, Release> {
        Pages::newest_first(self, releases(app), "version", size)
    }
}

fn releases(app: &AppName) -> Call {
    Call::get(["apps", app.as_str(), "releases"])
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}", self.0)
    }
}

impl FromStr for Version {
    type Err = ParseIntError;

    /// Reads `v811` and `811`.
    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        text.strip_prefix('v').unwrap_or(text).parse().map(Self)
    }
}
