//! Watching an app for releases that others made: deploys by Heroku itself, config changes, rollbacks, failures. What
//! the bot did it tells itself, under the same key, so that nothing is told twice.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use countersign_core::id::TargetName;
use countersign_core::message::Room;
use countersign_core::operation::{Announcement, Trouble};
use countersign_core::reply::Line;
use countersign_core::time::{Duration, Timestamp};
use countersign_core::watch::{Sighting, Watcher};
use countersign_github::Commit;
use countersign_heroku::{Etag, Polled, Release, ReleaseStatus, Slug, Version};

use crate::app::{App, Apps, sha_of};
use crate::change::Change;
use crate::news;
use crate::rollback::rolled_back_to;
use crate::trouble::Fault;
use crate::words::{credits, mail, one_line, quoted, short_commit};

/// How many of the newest releases are looked at.
const RELEASES: usize = 20;
/// More news than this is told in one line.
const MOST_NEWS: usize = 5;

/// Watches one app.
pub(crate) struct Watch {
    apps: Arc<Apps>,
    target: TargetName,
    name: String,
    rooms: Vec<Room>,
    every: Duration,
    memory: Mutex<Option<Memory>>,
}

/// The last answer, and what was seen with it. It is used only if that has been stored: otherwise what the answer held
/// would be lost.
struct Memory {
    etag: Option<Etag>,
    seen: String,
}

impl Watch {
    pub(crate) fn new(apps: Arc<Apps>, app: &App, every: Duration) -> Self {
        Self {
            name: format!("releases/{}", app.target),
            target: app.target.clone(),
            rooms: app.rooms.clone(),
            memory: Mutex::default(),
            apps,
            every,
        }
    }

    fn known(&self, seen: Option<&str>) -> Option<Etag> {
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory
            .as_ref()
            .filter(|memory| Some(memory.seen.as_str()) == seen)?
            .etag
            .clone()
    }

    fn remember(&self, etag: Option<Etag>, seen: &str) {
        let seen = seen.to_owned();
        *self.memory.lock().unwrap_or_else(PoisonError::into_inner) = Some(Memory { etag, seen });
    }
}

#[async_trait]
impl Watcher for Watch {
    fn name(&self) -> &str {
        &self.name
    }

    fn target(&self) -> Option<&TargetName> {
        Some(&self.target)
    }

    fn rooms(&self) -> &[Room] {
        &self.rooms
    }

    fn every(&self) -> Duration {
        self.every
    }

    async fn look(&self, seen: Option<&str>, _now: Timestamp) -> Result<Sighting, Trouble> {
        let app = self
            .apps
            .get(self.target.as_str())
            .map_err(|refusal| Trouble::never(refusal.words))?;
        let known = self.known(seen);
        let polled = self
            .apps
            .heroku
            .newest_releases_if_changed(&app.heroku, RELEASES, known.as_ref())
            .await;
        let (releases, etag) = match (polled.map_err(Fault::from)?, seen) {
            (Polled::Unchanged, Some(seen)) => {
                return Ok(Sighting {
                    seen: seen.to_owned(),
                    news: Vec::new(),
                });
            }
            (Polled::Unchanged, None) => {
                return Err(Trouble::again("Heroku says that nothing changed since nothing"));
            }
            (Polled::Changed { value, etag }, _) => (value, etag),
        };
        let seen = seen.and_then(|seen| seen.parse::<Version>().ok());
        let sight = Sight::of(&releases, seen);
        let mut told = Vec::new();
        if sight.new.len() > MOST_NEWS {
            told.extend(many(app, &sight));
        } else {
            for release in &sight.new {
                let line = line(&self.apps, app, &sight, release).await?;
                told.push(announcement(app, release.version, line));
            }
        }
        let seen = sight.seen.to_string();
        self.remember(etag, &seen);
        Ok(Sighting { seen, news: told })
    }
}

fn announcement(app: &App, version: Version, line: Line) -> Announcement {
    Announcement {
        key: news::key(app, version),
        rooms: app.rooms.clone(),
        line,
    }
}

/// What a look saw.
struct Sight<'r> {
    /// Oldest first.
    releases: Vec<&'r Release>,
    /// Those that ended and were not seen before, oldest first.
    new: Vec<&'r Release>,
    /// How far it has seen: a release whose release phase still runs is not seen yet, nor is any after it.
    seen: Version,
    /// What is live.
    current: Option<Version>,
}

impl<'r> Sight<'r> {
    fn of(releases: &'r [Release], seen: Option<Version>) -> Self {
        let mut releases: Vec<&Release> = releases.iter().collect();
        releases.sort_by_key(|release| release.version);
        let goes_on =
            |release: &&Release| matches!(release.status, ReleaseStatus::Pending | ReleaseStatus::Other);
        let before = releases
            .first()
            .map_or(0, |release| release.version.0.saturating_sub(1));
        let last_ended = releases.iter().take_while(|release| !goes_on(release)).last();
        let ended = last_ended.map_or(Version(before), |release| release.version);
        let (new, seen) = match seen {
            None => (Vec::new(), ended),
            Some(seen) => {
                let is_new = |release: &&&Release| release.version > seen && release.version <= ended;
                (releases.iter().filter(is_new).copied().collect(), seen.max(ended))
            }
        };
        let current = releases
            .iter()
            .find(|release| release.current)
            .map(|release| release.version);
        Self {
            releases,
            new,
            seen,
            current,
        }
    }

    /// The release that ran before this one.
    fn before(&self, release: &Release) -> Option<&'r Release> {
        let ran = |other: &&&Release| {
            other.version < release.version
                && matches!(other.status, ReleaseStatus::Succeeded | ReleaseStatus::Expired)
        };
        self.releases.iter().rev().find(ran).copied()
    }
}

/// What a release is.
#[derive(Debug, PartialEq, Eq)]
enum What {
    /// Its release phase failed.
    Failed,
    /// Code and config vars of an older one.
    Rollback(Version),
    /// The same code: config vars, add-ons.
    Config,
    /// New code.
    Code,
}

fn what(release: &Release, before: Option<&Release>) -> What {
    if release.status == ReleaseStatus::Failed {
        return What::Failed;
    }
    match rolled_back_to(release) {
        Some(version) => What::Rollback(version),
        None if before.is_some_and(|before| before.slug == release.slug) => What::Config,
        None => What::Code,
    }
}

/// Many releases in one line: what happened while the bot was away is history.
fn many(app: &App, sight: &Sight<'_>) -> Option<Announcement> {
    let (first, last) = (sight.new.first()?, sight.new.last()?);
    let line = Line::new(format!(
        "{}: {} releases while I was not looking, {} to {}; {} is live · ",
        app.target,
        sight.new.len(),
        first.version,
        last.version,
        sight
            .current
            .map_or("nothing".to_owned(), |version| version.to_string())
    ))
    .code(format!("!releases {}", app.target));
    Some(announcement(app, last.version, line))
}

async fn line(apps: &Apps, app: &App, sight: &Sight<'_>, release: &Release) -> Result<Line, Fault> {
    let before = sight.before(release);
    match what(release, before) {
        What::Failed => {
            let failed = news::failed(app, release.version, sight.current);
            Ok(failed.then(format!(" · made by {}", mail(&release.user.email))))
        }
        What::Config => Ok(config_line(app, release)),
        What::Rollback(to) => {
            let (then, now) = (
                apps.slug_of(app, release).await?,
                slug_before(apps, app, before).await?,
            );
            let change = explained(apps, app, then.as_ref(), now.as_ref()).await?;
            let same_code = before.is_some_and(|before| before.slug == release.slug);
            let what = if same_code { None } else { then.as_ref() };
            Ok(rollback_line(app, release, to, what, change.as_ref()))
        }
        What::Code => {
            let (now, then) = (
                apps.slug_of(app, release).await?,
                slug_before(apps, app, before).await?,
            );
            let change = explained(apps, app, then.as_ref(), now.as_ref()).await?;
            Ok(code_line(app, sight, release, now.as_ref(), change.as_ref()))
        }
    }
}

async fn slug_before(apps: &Apps, app: &App, before: Option<&Release>) -> Result<Option<Slug>, Fault> {
    match before {
        Some(release) => apps.slug_of(app, release).await,
        None => Ok(None),
    }
}

/// What lies between two slugs. What GitHub can't tell for good is left out; what may pass is waited for.
async fn explained(
    apps: &Apps,
    app: &App,
    from: Option<&Slug>,
    to: Option<&Slug>,
) -> Result<Option<Change>, Fault> {
    let (Some(from), Some(to)) = (from.and_then(sha_of), to.and_then(sha_of)) else {
        return Ok(None);
    };
    match Change::between(apps, app, &from, &to).await {
        Ok(change) => Ok(Some(change).filter(|change| change.count() > 0)),
        Err(fault) if fault.may_pass() => Err(fault),
        Err(_) => Ok(None),
    }
}

/// `stage: v702 live · 5d6b1f0 "Fix task graph (Bug 1612)" by erin and 2 others, no migrations, deployed by ops@… · link`.
fn code_line(
    app: &App,
    sight: &Sight<'_>,
    release: &Release,
    slug: Option<&Slug>,
    change: Option<&Change>,
) -> Line {
    let mut line = start(app, sight, release);
    if let Some(commit) = slug.and_then(|slug| slug.commit.as_ref()) {
        line = line.then(" · ").code(short_commit(commit));
    }
    let newest = change.and_then(|change| change.comparison.commits.last());
    let subject = newest
        .map(Commit::subject)
        .or_else(|| slug?.commit_description.as_deref()?.lines().next());
    if let Some(subject) = subject {
        line = line.then(" ").foreign(quoted(subject));
    }
    if let Some(credits) = change.and_then(|change| credits(&change.comparison.commits)) {
        line = line.then(" by ").foreign(credits);
    }
    if let Some(migrations) = change.and_then(|change| change.migrations.summary()) {
        line = line.then(format!(", {migrations}"));
    }
    line = line.then(format!(", deployed by {}", mail(&release.user.email)));
    match change {
        Some(change) => line.then(" · ").link("compare", change.link.clone()),
        None => line,
    }
}

/// `prod: v814 live · rolled back to v811 (3f2a91c), code and config vars, by erin@… outside the bot · link`. Without
/// a slug the code is the same.
fn rollback_line(
    app: &App,
    release: &Release,
    to: Version,
    slug: Option<&Slug>,
    change: Option<&Change>,
) -> Line {
    let what = match slug.map(|slug| &slug.commit) {
        None => ", the same code with the config vars of then".to_owned(),
        Some(None) => ", code and config vars".to_owned(),
        Some(Some(commit)) => format!(" ({}), code and config vars", short_commit(commit)),
    };
    let line = Line::new(format!(
        "{}: {} live · rolled back to {to}{what}, by {} outside the bot",
        app.target,
        release.version,
        mail(&release.user.email)
    ));
    match change {
        Some(change) => line.then(" · ").link("compare", change.link.clone()),
        None => line,
    }
}

/// `prod: config changed by ops@… outside the bot: WEB_CONCURRENCY set (v815)`.
fn config_line(app: &App, release: &Release) -> Line {
    let (target, version, who) = (&app.target, release.version, mail(&release.user.email));
    match config_change(&release.description) {
        Some((names, verb)) => Line::new(format!("{target}: config changed by {who} outside the bot: "))
            .foreign(names)
            .then(format!(" {verb} ({version})")),
        None => Line::new(format!("{target}: {version} live · the same code, by {who}: "))
            .foreign(quoted(&release.description)),
    }
}

/// `Set FOO, BAR config vars` → `FOO, BAR` were `set`. Names only; Heroku never writes values there.
pub(crate) fn config_change(description: &str) -> Option<(String, &'static str)> {
    let verbs = [("Set ", "set"), ("Remove ", "removed"), ("Unset ", "removed")];
    let (rest, verb) = verbs
        .iter()
        .find_map(|(begin, verb)| Some((description.strip_prefix(begin)?, *verb)))?;
    let names = rest
        .strip_suffix(" config vars")
        .or_else(|| rest.strip_suffix(" config var"))?;
    Some((one_line(names), verb))
}

/// `stage: v702 live`, or `released` if another one is live by now.
fn start(app: &App, sight: &Sight<'_>, release: &Release) -> Line {
    let word = if sight.current == Some(release.version) {
        "live"
    } else {
        "released"
    };
    Line::new(format!("{}: {} {word}", app.target, release.version))
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watch").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests;
