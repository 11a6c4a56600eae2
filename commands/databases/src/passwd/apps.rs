//! What changing an app's account needs of the app. The binary implements it over the pack of commands that knows apps.

use async_trait::async_trait;
use countersign_core::id::TargetName;
use countersign_core::operation::{Announcement, Progress, Run, Trouble};
use countersign_core::secret::Secret;

/// What a config var shall be; none: not set.
pub type Wanted = (String, Option<Secret>);

/// What is live on an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Current {
    /// The release that runs: `v812`.
    pub release: String,
    /// The number of the newest release, which may have failed.
    pub newest: u64,
}

/// Reads and changes the config of apps, and follows what comes of it.
#[async_trait]
pub trait AppUrls: Send + Sync {
    /// The value of one of an app's config vars.
    async fn url(&self, app: &TargetName, var: &str) -> Result<Option<Secret>, Trouble>;

    /// What is live, and what is newest.
    async fn now(&self, app: &TargetName) -> Result<Current, Trouble>;

    /// Changes config vars, in one request that is sent once; nothing is sent if all are as they shall be. Nothing is
    /// changed either if there is a release after `newest`. A lost reply is [`countersign_core::operation::TroubleKind::Lost`].
    async fn change(&self, app: &TargetName, set: &[Wanted], newest: u64) -> Result<(), Trouble>;

    /// Whether every one of these config vars is as it shall be.
    async fn holds(&self, app: &TargetName, set: &[Wanted]) -> Result<bool, Trouble>;

    /// The number of the newest release after `newest` that changed one of these config vars, once it is listed.
    async fn made(&self, app: &TargetName, newest: u64, vars: &[&str]) -> Result<Option<u64>, Trouble>;

    /// Follows the release phase of a release: waits, is done, or ends badly. `after` is what to say and to type then.
    async fn released(&self, app: &TargetName, release: u64, after: &str) -> Result<Progress, Trouble>;

    /// Waits until every dyno runs the release or a later one; done with `{"words": "v813 live on 14 dynos"}`.
    async fn live(&self, app: &TargetName, release: u64, run: &Run<'_>) -> Result<Progress, Trouble>;

    /// The releases that could be rolled back to, newest first: each would bring its own config vars back.
    async fn rollback_targets(&self, app: &TargetName) -> Result<Vec<String>, Trouble>;

    /// The news of a release that came of a change, for the rooms of the app.
    fn news(
        &self,
        app: &TargetName,
        release: u64,
        what: &str,
        run: &Run<'_>,
    ) -> Result<Announcement, Trouble>;
}
