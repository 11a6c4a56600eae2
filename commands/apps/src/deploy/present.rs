//! What is on an app, and what was built for it: where every plan of a deploy starts.

use countersign_core::text::list;
use countersign_github::Sha;
use countersign_heroku::{Build, Release, Slug};
use futures_util::future::try_join3;

use crate::app::{App, Apps, sha_of};
use crate::change::Change;
use crate::follow::BUILDS;
use crate::trouble::Fault;

/// What is on an app.
pub(super) struct Present {
    /// The app's immutable id.
    pub(super) resource: String,
    /// What is live.
    pub(super) release: Option<Release>,
    /// Its code.
    pub(super) slug: Option<Slug>,
    /// The newest builds, newest first.
    pub(super) builds: Vec<Build>,
}

impl Present {
    pub(super) async fn of(apps: &Apps, app: &App) -> Result<Self, Fault> {
        let name = &app.heroku;
        let asked = try_join3(
            apps.heroku.app(name),
            apps.heroku.current_release(name),
            apps.heroku.newest_builds(name, BUILDS),
        );
        let (info, release, builds) = asked.await?;
        let slug = match &release {
            Some(release) => apps.slug_of(app, release).await?,
            None => None,
        };
        Ok(Self {
            resource: info.id.to_string(),
            release,
            slug,
            builds,
        })
    }

    /// The commit that is live.
    pub(super) fn live(&self) -> Option<Sha> {
        self.slug.as_ref().and_then(sha_of)
    }
}

/// `deploy prod: 12 commits by 4 people, 3f2a91c..8d07be4, CI green, no migrations`.
pub(super) fn summary(app: &App, change: Option<&Change>, base: Option<&Sha>, sha: &Sha, ci: &str) -> String {
    let range = match base {
        Some(base) => format!("{}..{}", base.short(), sha.short()),
        None => sha.short().to_owned(),
    };
    let parts = change
        .map(Change::size)
        .into_iter()
        .chain([range, ci.to_owned()])
        .chain(change.and_then(|change| change.migrations.summary()));
    format!("deploy {}: {}", app.target, list(parts))
}
