//! The plan of a deploy whose branch is where it should be: follow what Heroku makes of it, or say why nothing will
//! come of it.

use countersign_core::command::Outcome;
use countersign_core::plan::{Detail, Draft, Effect, Facts};
use countersign_core::refusal::Refusal;
use countersign_core::reply::Reply;
use countersign_github::Sha;
use countersign_heroku::{Build, BuildId, BuildStatus, Release, ReleaseStatus};

use super::pinned::Pinned;
use super::present::{Present, summary};
use super::ship::FOLLOW;
use crate::app::{App, Apps};
use crate::change::Change;
use crate::follow::is_of;
use crate::news::stays_live;
use crate::trouble::Fault;
use crate::words;

/// Plans to follow this commit, which the app's branch is at.
pub(super) async fn plan(
    apps: &Apps,
    app: &App,
    sha: &Sha,
    reason: Option<String>,
) -> Result<Outcome, Refusal> {
    let seen = Present::of(apps, app).await?;
    if seen.live().as_ref() == Some(sha) {
        let release = seen
            .release
            .map(|release| format!(" ({})", release.version))
            .unwrap_or_default();
        let words = format!(
            "{} has {} already{release}; nothing to deploy.",
            app.target,
            sha.short()
        );
        return Ok(Outcome::Reply(Reply::line(words)));
    }
    let after_build = coming(apps, app, sha, &seen).await?;
    let draft = draft(apps, app, sha, seen, after_build, reason).await?;
    Ok(Outcome::Plan(Box::new(draft)))
}

/// The newest build that has nothing to do with this commit, if something is still to come of it.
async fn coming(apps: &Apps, app: &App, sha: &Sha, seen: &Present) -> Result<Option<BuildId>, Refusal> {
    let Some(at) = seen.builds.iter().position(|build| is_of(build, sha)) else {
        return Ok(seen.builds.first().map(|build| build.id.clone()));
    };
    let build = &seen.builds[at];
    let release = match (&build.status, &build.release) {
        (BuildStatus::Succeeded, Some(release)) => Some(
            apps.heroku
                .release(&app.heroku, release)
                .await
                .map_err(Fault::from)?,
        ),
        _ => None,
    };
    let live = stays_live(seen.release.as_ref().map(|release| release.version));
    match came_to(build, release.as_ref()) {
        None => Ok(seen.builds.get(at + 1).map(|build| build.id.clone())),
        Some(what) => Err(Refusal::new(format!(
            "{} is at {}, which {what}; {live}",
            app.branch,
            sha.short()
        ))
        .hint(format!(
            "Nothing starts by itself: push a fix to {}, or press Deploy Branch at {}",
            app.source_branch(),
            app.dashboard("deploy/github")
        ))),
    }
}

/// What a build came to, if nothing more will come of it.
fn came_to(build: &Build, release: Option<&Release>) -> Option<String> {
    match (build.status, release) {
        (BuildStatus::Failed, _) => Some("was built, and the build failed".to_owned()),
        (BuildStatus::Succeeded, Some(release)) => match release.status {
            ReleaseStatus::Failed => Some(format!(
                "was released as {}, and its release phase failed",
                release.version
            )),
            ReleaseStatus::Succeeded | ReleaseStatus::Expired => Some(format!(
                "was live as {} and has been replaced since",
                release.version
            )),
            ReleaseStatus::Pending | ReleaseStatus::Other => None,
        },
        _ => None,
    }
}

async fn draft(
    apps: &Apps,
    app: &App,
    sha: &Sha,
    seen: Present,
    after_build: Option<BuildId>,
    reason: Option<String>,
) -> Result<Draft, Refusal> {
    let live = seen.live();
    let change = match &live {
        // What lies between explains the plan; it is not needed to follow it.
        Some(live) => Change::between(apps, app, live, sha).await.ok(),
        None => None,
    };
    let ci = apps.github.ci(&app.repository, sha).await.map_err(Fault::from)?;
    let pinned = Pinned {
        app: app.heroku.clone(),
        repository: app.repository.clone(),
        branch: app.branch.clone(),
        from: None,
        sha: sha.clone(),
        subject: change.as_ref().map_or("", Change::subject).to_owned(),
        size: change.as_ref().map(Change::size_and_migrations),
        compare: change.as_ref().map(|change| change.link.clone()),
        wait_ci: false,
        after_build,
    };
    let how = format!(
        "Heroku deploys {} by itself; I follow it and change nothing",
        app.branch
    );
    let mut details = vec![Detail {
        label: "how".to_owned(),
        lines: vec![how],
    }];
    details.extend(change.iter().flat_map(Change::details));
    Ok(Draft {
        command: None,
        action: FOLLOW.to_owned(),
        effect: Effect::Change,
        target: Some(app.target.clone()),
        resource: Some(seen.resource),
        also: Vec::new(),
        summary: summary(app, change.as_ref(), live.as_ref(), sha, words::ci(&ci)),
        details,
        parameters: pinned.parameters()?,
        // It changes nothing, so there is nothing that must not have moved.
        fingerprint: Facts::new(),
        reason,
    })
}
