//! Following what Heroku makes of a commit: build → release phase → dynos up. Every step only looks, so each may be
//! repeated; what a step finds is in the journal, and the next one goes on from there.
//!
//! Things are compared by ids and versions, never by time stamps: clocks differ.

use countersign_core::operation::{Ended, Progress, Run, Trouble};
use countersign_core::text::{clip, list, span};
use countersign_core::time::Duration;
use countersign_github::{Ci, CompareStatus, Revision, Sha};
use countersign_heroku::{
    Build, BuildId, BuildStatus, Dyno, DynoState, ProcessType, ReleaseId, ReleaseStatus, Version,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::{App, Apps};
use crate::news;
use crate::trouble::Fault;
use crate::words::{checks, failed_checks, one_line};

// How often we look. Heroku gives an account 75 calls a minute, shared by everything that uses it; no step makes more
// than two calls to Heroku a look, so an operation needs at most 24 of them.
/// While something is about to begin or to end.
pub(crate) const SOON: Duration = Duration::from_secs(5);
/// While something takes minutes.
pub(crate) const STEADY: Duration = Duration::from_secs(10);
/// While CI runs.
pub(crate) const CI_PAUSE: Duration = Duration::from_secs(15);

/// CI that runs longer than this hangs.
pub(crate) const CI_WITHIN: Duration = Duration::from_hours(2);
/// Dynos that are not up after this long do not come up by themselves.
const DYNOS_WITHIN: Duration = Duration::from_mins(10);
/// How many of the newest builds are looked at.
pub(crate) const BUILDS: usize = 20;

/// What is followed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) app: &'a App,
    pub(crate) sha: &'a Sha,
    /// The newest build that has nothing to do with it.
    pub(crate) after_build: Option<&'a BuildId>,
    /// What is so already, and stays so if nothing comes of it: "production is at 8d07be4". May be empty.
    pub(crate) state: &'a str,
}

/// The build that is followed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    build: BuildId,
    /// What is being built: the commit that was wanted, or a later one that contains it.
    code: String,
    /// How long builds took lately.
    usually_s: Option<u64>,
}

/// The release that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) release: ReleaseId,
}

/// The release whose release phase went well.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Released {
    pub(crate) version: Version,
}

/// The release that all dynos run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Live {
    pub(crate) version: Version,
    pub(crate) dynos: usize,
}

impl Live {
    /// `v813 live on 14 dynos`, with what it is in brackets.
    pub(crate) fn words(self, what: &str) -> String {
        let Self { version, dynos } = self;
        match dynos {
            0 => format!("{version}{what} released; no dynos are scaled up"),
            1 => format!("{version}{what} live on 1 dyno"),
            many => format!("{version}{what} live on {many} dynos"),
        }
    }
}

/// A step's result for the journal.
pub(crate) fn done<T: Serialize>(result: &T) -> Result<Progress, Trouble> {
    let value: Value =
        serde_json::to_value(result).map_err(|_| Trouble::never("a result can't be written down"))?;
    Ok(Progress::Done(value))
}

/// The end, without what was wanted.
pub(crate) fn bad(words: impl Into<String>) -> Progress {
    Progress::End(Ended {
        good: false,
        words: words.into(),
        announcement: None,
    })
}

pub(crate) fn wait(pause: Duration, phase: impl Into<String>, usually: Option<Duration>) -> Progress {
    Progress::Wait {
        pause,
        phase: phase.into(),
        usually,
    }
}

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
    let compared = apps
        .github
        .compare(&wanted.app.repository, &ours, &theirs)
        .await
        .map_err(Fault::from)?;
    let contains = compared.status == CompareStatus::Ahead;
    let code = format!("{}, which contains {short}", other.short());
    Ok(contains.then(|| Found {
        build: newest.id.clone(),
        code,
        usually_s,
    }))
}

/// The builds that came after this one, newest first.
pub(crate) fn newer<'b>(builds: &'b [Build], after: Option<&BuildId>) -> &'b [Build] {
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
        .map(|build| countersign_core::time::between(build.created_at, build.updated_at))
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
        return wait(
            CI_PAUSE,
            format!("waiting for CI on {short} ({})", checks(*done, *total)),
            None,
        );
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

/// Follows the release phase. `after` is what to say and to type if it fails.
pub(crate) async fn release_phase(
    apps: &Apps,
    app: &App,
    release: &ReleaseId,
    run: &Run<'_>,
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
                announcement: Some(news::elsewhere(app, run, version, line)),
            }))
        }
    }
}

async fn live_version(apps: &Apps, app: &App) -> Result<Option<Version>, Trouble> {
    let live = apps
        .heroku
        .current_release(&app.heroku)
        .await
        .map_err(Fault::from)?;
    Ok(live.map(|release| release.version))
}

/// Waits until every dyno runs this release, or a later one.
pub(crate) async fn dynos_up(
    apps: &Apps,
    app: &App,
    version: Version,
    run: &Run<'_>,
) -> Result<Progress, Trouble> {
    let asked =
        futures_util::future::try_join(apps.heroku.dynos(&app.heroku), apps.heroku.formation(&app.heroku));
    let (dynos, formation) = asked.await.map_err(Fault::from)?;
    let fleet = Fleet::of(&dynos, &formation, version);
    if fleet.is_up() {
        return done(&Live {
            version,
            dynos: fleet.wanted,
        });
    }
    if run.in_step() < DYNOS_WITHIN {
        return Ok(wait(STEADY, fleet.words(), None));
    }
    let words = format!("{version} is released, but only {}", fleet.words());
    let line = countersign_core::reply::Line::new(format!("{}: {words}", app.target));
    Ok(Progress::End(Ended {
        good: false,
        words: format!(
            "{words} after {}. Look at {}; !rollback {} goes back",
            span(run.in_step()),
            app.dashboard("logs"),
            app.target
        ),
        announcement: Some(news::elsewhere(app, run, version, line)),
    }))
}

/// The dynos of an app, seen from a release.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fleet {
    up: usize,
    wanted: usize,
    crashed: Vec<String>,
    /// Dynos that are there and do not run it.
    behind: usize,
}

impl Fleet {
    fn of(dynos: &[Dyno], formation: &[ProcessType], version: Version) -> Self {
        let serving: Vec<&Dyno> = dynos.iter().filter(|dyno| !dyno.is_one_off()).collect();
        let up = serving.iter().filter(|dyno| dyno.serves(version)).count();
        let crashed = serving.iter().filter(|dyno| dyno.state == DynoState::Crashed);
        // While dynos are replaced some are missing from the list; the formation says how many there should be.
        let scaled: u32 = formation.iter().map(|process| process.quantity).sum();
        Self {
            up,
            wanted: serving.len().max(usize::try_from(scaled).unwrap_or(usize::MAX)),
            crashed: crashed
                .map(|dyno| clip(&one_line(&dyno.name), 40).into_owned())
                .collect(),
            behind: serving.len() - up,
        }
    }

    fn is_up(&self) -> bool {
        self.up >= self.wanted && self.behind == 0
    }

    fn words(&self) -> String {
        let crashed = if self.crashed.is_empty() {
            String::new()
        } else {
            format!(", crashed: {}", list(&self.crashed))
        };
        format!("{} of {} dynos up{crashed}", self.up, self.wanted)
    }
}
