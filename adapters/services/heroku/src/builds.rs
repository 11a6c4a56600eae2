//! Builds: source becoming a slug.

use countersign_http::Call;
use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    apps::{Account, AppName},
    client::Heroku,
    error::Result,
    ids::Id,
    paging::Pages,
    releases::ReleaseId,
    slugs::{CommitId, SlugId},
};

/// The id of a build.
pub type BuildId = Id<Build>;

/// A build.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct Build {
    /// Its id.
    pub id: BuildId,
    /// How far it got.
    pub status: BuildStatus,
    /// The commit that it builds.
    pub commit: Option<CommitId>,
    /// What it made; none before it has succeeded.
    pub slug: Option<SlugId>,
    /// The release made of it; none before it has succeeded.
    pub release: Option<ReleaseId>,
    /// Who started it.
    pub user: Account,
    /// When it was started.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// How far a build got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildStatus {
    /// It runs.
    Pending,
    /// It made a slug.
    Succeeded,
    /// It made none.
    Failed,
    /// Something that Heroku has added since.
    #[serde(other)]
    Other,
}

impl Heroku {
    /// The build of this id.
    pub async fn build(&self, app: &AppName, id: &BuildId) -> Result<Build> {
        self.client
            .fetch(&Call::get(["apps", app.as_str(), "builds", id.as_str()]))
            .await
    }

    /// The newest builds, newest first, at most `count`.
    pub async fn newest_builds(&self, app: &AppName, count: usize) -> Result<Vec<Build>> {
        let call = Call::get(["apps", app.as_str(), "builds"]);
        // Builds have no number; this is the order in which the official CLI asks for them.
        Pages::newest_first(self, call, "created_at", count)
            .take(count)
            .await
    }
}

/// A build as Heroku writes it. The addresses of its source and output are left out: whoever knows them may read both.
#[derive(Deserialize)]
struct Wire {
    id: BuildId,
    status: BuildStatus,
    source_blob: Option<Source>,
    slug: Option<Reference<SlugId>>,
    release: Option<Reference<ReleaseId>>,
    user: Account,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Deserialize)]
struct Source {
    version: Option<CommitId>,
}

#[derive(Deserialize)]
struct Reference<I> {
    id: I,
}

impl From<Wire> for Build {
    fn from(wire: Wire) -> Self {
        let Wire {
            id,
            status,
            source_blob,
            slug,
            release,
            user,
            created_at,
            updated_at,
        } = wire;
        Self {
            id,
            status,
            commit: source_blob.and_then(|source| source.version),
            slug: slug.map(|slug| slug.id),
            release: release.map(|release| release.id),
            user,
            created_at,
            updated_at,
        }
    }
}
