//! Finding the build of a commit, and following it.

use countersign_core::operation::{Progress, Run, Trouble};
use countersign_core::text::span;
use countersign_core::time::{Duration, between};
use countersign_github::{Ci, CompareStatus, ErrorKind, Revision, Sha};
use countersign_heroku::{Build, BuildId, BuildStatus};

use super::release::live_version;
use super::{BUILDS, CI_WITHIN, Found, Made, SOON, STEADY, Wanted, bad, done, wait, waits_for_ci};
use crate::app::Apps;
use crate::news;
use crate::trouble::Fault;
use crate::words::failed_checks;

/// Looks for the build of the wanted commit.
pub(crate) async fn find(apps: &Apps, wanted: Wanted<'_>, run: &Run<'_>) -> Result<Progress, Trouble> {
    let builds = apps
        .heroku
        .newest_builds(&wanted.app.heroku, BUILDS)
        .await
        .map_err(Fault::from)?;
    if let Some(found) = among(apps, wanted, &builds).await? {
        return done(&found);
    }
    // What CI is at only explains why nothing happens: if GitHub does not say, that is no reason to stop.
    let ci = apps.github.ci(&wanted.app.repository, wanted.sha).await.ok();
    Ok(not_found_yet(wanted, ci.as_ref(), run.in_step()))
}

/// The build of the wanted commit, or of a later one that contains it.
pub(crate) async fn among(
    apps: &Apps,
    wanted: Wanted<'_>,
    builds: &[Build],
) -> Result<Option<Found>, Trouble> {
    let new = newer(builds, wanted.after_build);
    let usually_s = usual(builds).map(|usual| usual.as_secs());
    let short = wanted.sha.short();
    if let Some(build) = new.iter().find(|build| is_of(build, wanted.sha)) {
        let (build, code) = (build.id.clone(), short.to_owned());
        return Ok(Some(Found {
            build,
            code,
            usually_s,
        }));
    }
    let Some(newest) = new.first() else {
        return Ok(None);
    };
    let Some(other) = newest
        .commit
        .as_ref()
        .and_then(|commit| commit.as_str().parse::<Sha>().ok())
    else {
        return Ok(None);
    };
    let (ours, theirs) = (Revision::from(wanted.sha.clone()), Revision::from(other.clone()));
    let compared = apps.github.compare(&wanted.app.repository, &ours, &theirs).await;
    let contains = match compared {
        Ok(compared) => compared.status == CompareStatus::Ahead,
        Err(error) if is_strange(error.kind()) => false,
        Err(error) => return Err(Fault::from(error).into()),
    };
    let code = format!("{}, which contains {short}", other.short());
    Ok(contains.then(|| Found {
        build: newest.id.clone(),
        code,
        usually_s,
    }))
}

/// Whether GitHub says that it can't compare with what somebody built: a commit that it does not know, pushed to Heroku
/// from elsewhere. That is no build of ours, and no reason to stop.
fn is_strange(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::Invalid)
}

/// The builds that came after this one, newest first.
fn newer<'b>(builds: &'b [Build], after: Option<&BuildId>) -> &'b [Build] {
    let end = builds.iter().position(|build| Some(&build.id) == after);
    &builds[..end.unwrap_or(builds.len())]
}

/// Whether it builds this commit.
pub(crate) fn is_of(build: &Build, sha: &Sha) -> bool {
    build
        .commit
        .as_ref()
        .is_some_and(|commit| commit.as_str() == sha.as_str())
}

/// How long builds take: the median of those that succeeded. Both times are by Heroku's clock.
fn usual(builds: &[Build]) -> Option<Duration> {
    let succeeded = builds
        .iter()
        .filter(|build| build.status == BuildStatus::Succeeded);
    let mut spans: Vec<Duration> = succeeded
        .map(|build| between(build.created_at, build.updated_at))
        .collect();
    spans.sort_unstable();
    spans.get(spans.len() / 2).copied()
}

/// What to say, and whether to go on waiting, as long as there is no build.
fn not_found_yet(wanted: Wanted<'_>, ci: Option<&Ci>, waited: Duration) -> Progress {
    let (app, short) = (wanted.app, wanted.sha.short());
    if let Some(Ci::Running { done, total, .. }) = ci
        && waited < CI_WITHIN
    {
        return waits_for_ci(short, *done, *total);
    }
    if waited < app.starts_within {
        let moved = if wanted.state.is_empty() {
            String::new()
        } else {
            format!("{} moved to {short} · ", app.branch)
        };
        return wait(SOON, format!("{moved}waiting for Heroku"), None);
    }
    let why = match ci {
        _ if !app.auto_deploy => format!("automatic deploys of {} are off", app.target),
        Some(Ci::Red { failed }) => format!(
            "CI on it is red ({}), and Heroku may be waiting for it",
            failed_checks(failed)
        ),
        Some(Ci::None) => "no CI looks at it, and Heroku may be waiting for some".to_owned(),
        Some(Ci::Running { .. }) => "CI on it is still running".to_owned(),
        Some(Ci::Green { .. }) | None => "automatic deploys may be off".to_owned(),
    };
    let stays = if wanted.state.is_empty() {
        String::new()
    } else {
        format!("; {}", wanted.state)
    };
    bad(format!(
        "nothing started within {}: Heroku has no build of {short}{stays}. {}. Look at {}",
        span(waited),
        capitalised(&why),
        app.dashboard("deploy/github")
    ))
}

fn capitalised(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// Follows the build.
pub(crate) async fn build(apps: &Apps, wanted: Wanted<'_>, found: &Found) -> Result<Progress, Trouble> {
    let app = wanted.app;
    let build = apps
        .heroku
        .build(&app.heroku, &found.build)
        .await
        .map_err(Fault::from)?;
    let code = &found.code;
    match (build.status, build.release) {
        (BuildStatus::Succeeded, Some(release)) => done(&Made { release }),
        (BuildStatus::Succeeded, None) => Ok(wait(SOON, "built, waiting for the release", None)),
        (BuildStatus::Failed, _) => {
            let live = live_version(apps, app).await?;
            let stays = news::stays_live(live);
            let state = if wanted.state.is_empty() {
                String::new()
            } else {
                format!(", and {}", wanted.state)
            };
            Ok(bad(format!(
                "the build of {code} failed; {stays}{state}. Fix it on {}, then !deploy {}. Output: {}",
                app.source_branch(),
                app.target,
                app.dashboard("activity")
            )))
        }
        (BuildStatus::Pending | BuildStatus::Other, _) => {
            let usually = found.usually_s.map(Duration::from_secs);
            let of = if code.contains(' ') {
                format!(" {code}")
            } else {
                String::new()
            };
            Ok(wait(STEADY, format!("building{of}"), usually))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::prod;
    use crate::words::tests::sha;

    fn build(id: &str, commit: char, status: &str, minutes: u32) -> Build {
        serde_json::from_value(serde_json::json!({
            "id": id, "status": status, "source_blob": { "version": sha(commit) }, "slug": null, "release": null,
            "user": { "id": "u", "email": "ops@example.org" }, "created_at": "2026-11-22T10:00:00Z",
            "updated_at": format!("2026-11-22T10:{minutes:02}:00Z"),
        }))
        .unwrap()
    }

    fn said(state: &str, ci: Option<&Ci>, waited: Duration) -> String {
        let (app, sha) = (prod(), sha('8'));
        let wanted = Wanted {
            app: &app,
            sha: &sha,
            after_build: None,
            state,
        };
        match not_found_yet(wanted, ci, waited) {
            Progress::Wait { phase, .. } => phase,
            Progress::End(ended) if !ended.good => ended.words,
            other => panic!("{other:?}"),
        }
    }

    const SHORT: Duration = Duration::from_secs(20);
    const LONG: Duration = Duration::from_mins(10);
    const MOVED: &str = "production is at 8888888";

    #[test]
    fn only_builds_after_the_plan_count() {
        let builds = [
            build("3", 'a', "pending", 0),
            build("2", 'b', "succeeded", 4),
            build("1", 'a', "failed", 1),
        ];
        let ids = |after: Option<&str>| {
            let after: Option<BuildId> = after.map(|id| id.parse().unwrap());
            newer(&builds, after.as_ref())
                .iter()
                .map(|build| build.id.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(Some("1")), ["3", "2"]);
        assert_eq!(ids(Some("3")), [""; 0]);
        assert_eq!(ids(None), ["3", "2", "1"]);
        assert!(is_of(&builds[0], &sha('a')) && !is_of(&builds[1], &sha('a')));
    }

    #[test]
    fn a_build_of_a_commit_that_github_does_not_know_is_not_ours() {
        assert!(is_strange(ErrorKind::NotFound) && is_strange(ErrorKind::Invalid));
        assert!(!is_strange(ErrorKind::Unauthorized) && !is_strange(ErrorKind::Malformed));
    }

    #[test]
    fn the_usual_time_is_that_of_builds_that_succeeded() {
        let builds = [
            build("4", 'a', "failed", 1),
            build("3", 'a', "succeeded", 9),
            build("2", 'b', "succeeded", 4),
        ];
        assert_eq!(usual(&builds[..1]), None);
        assert_eq!(usual(&builds), Some(Duration::from_mins(9)));
        assert_eq!(usual(&builds[2..]), Some(Duration::from_mins(4)));
    }

    #[test]
    fn as_long_as_something_may_come_it_waits() {
        let green = Ci::Green { total: 5 };
        assert_eq!(
            said(MOVED, Some(&green), SHORT),
            "production moved to 8888888 · waiting for Heroku"
        );
        assert_eq!(said("", None, SHORT), "waiting for Heroku");
        let running = Ci::Running {
            done: 3,
            total: 5,
            since: None,
        };
        assert_eq!(said(MOVED, Some(&running), LONG), "waiting for CI on 8888888");
    }

    #[test]
    fn when_nothing_starts_it_says_so_and_where_to_look() {
        let red = Ci::Red {
            failed: vec!["python".to_owned()],
        };
        assert_eq!(
            said(MOVED, Some(&red), LONG),
            "nothing started within 10 min: Heroku has no build of 8888888; production is at 8888888. CI on it is red \
             (python), and Heroku may be waiting for it. Look at \
             https://dashboard.heroku.com/apps/treeherder-prod/deploy/github"
        );
        let running = Ci::Running {
            done: 3,
            total: 5,
            since: None,
        };
        assert!(said("", Some(&running), CI_WITHIN).contains("CI on it is still running"));
    }

    #[test]
    fn trap_23_no_ci_is_no_endless_wait() {
        assert!(said(MOVED, Some(&Ci::None), LONG).contains("No CI looks at it"));
        assert!(said(MOVED, None, LONG).contains("Automatic deploys may be off"));
    }
}
