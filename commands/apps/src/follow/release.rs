//! Following the release phase.

use countersign_core::operation::{Ended, Progress, Trouble};
use countersign_heroku::{ReleaseId, ReleaseStatus, Version};

use super::{Released, SOON, done, wait};
use crate::app::{App, Apps};
use crate::news;
use crate::trouble::Fault;

/// Follows the release phase. `after` is what to say and to type if it fails.
pub(crate) async fn release_phase(
    apps: &Apps,
    app: &App,
    release: &ReleaseId,
    after: &str,
) -> Result<Progress, Trouble> {
    let release = apps
        .heroku
        .release(&app.heroku, release)
        .await
        .map_err(Fault::from)?;
    let version = release.version;
    match release.status {
        ReleaseStatus::Succeeded => done(&Released { version }),
        ReleaseStatus::Pending | ReleaseStatus::Other => Ok(wait(
            SOON,
            format!("release {version}, release phase running"),
            None,
        )),
        ReleaseStatus::Expired => Err(Trouble::never(format!("{version} expired before it was live"))),
        ReleaseStatus::Failed => {
            let live = live_version(apps, app).await?;
            let words = format!(
                "the release phase of {version} failed; {}{after} Output: {}",
                news::stays_live(live),
                app.dashboard("activity")
            );
            let line = news::failed(app, version, live);
            Ok(Progress::End(Ended {
                good: false,
                words,
                announcement: Some(news::of(app, version, line)),
            }))
        }
    }
}

/// What is live now.
pub(super) async fn live_version(apps: &Apps, app: &App) -> Result<Option<Version>, Trouble> {
    let live = apps
        .heroku
        .current_release(&app.heroku)
        .await
        .map_err(Fault::from)?;
    Ok(live.map(|release| release.version))
}
