//! Everything that is pretended: a repository, three apps, and what will happen to them.
//!
//! Nothing here runs by itself. [`World::advance`] brings the world to a moment by letting happen, in order and each
//! at its own time, all that was due until then; so it does not matter how often anybody looks. The world knows
//! neither HTTP nor JSON.

mod agenda;
mod app;
mod ci;
mod dyno;
mod id;
mod others;
mod refusal;
mod release;
mod repository;
pub mod timeline;
mod treeherder;

use jiff::Timestamp;
use uuid::Uuid;

pub use self::app::{App, AutoDeploy};
pub use self::ci::{Check, Ci, Outcome, Place, Progress};
pub use self::dyno::{Dyno, OneOff, ProcessType, Quantity, Scale, Size, Which, Work};
pub use self::others::{CiState, NewCommit};
pub use self::refusal::Refusal;
pub use self::release::{Build, BuildStatus, Config, Release, ReleaseStatus, Slug};
pub use self::repository::{Change, Commit, Comparison, MoveError, Repository, Sha, Tree};
pub use self::treeherder::{BOT, GITHUB_DEPLOYS};

pub(crate) use self::id::uuid as uuid_of;

use self::agenda::{Agenda, Event};

/// The whole pretended world.
#[derive(Debug, Clone)]
pub struct World {
    now: Timestamp,
    repository: Repository,
    apps: Vec<App>,
    agenda: Agenda,
    changes: u64,
}

/// Which config vars to set (`Some`) and to remove (`None`).
pub type ConfigChange = std::collections::BTreeMap<String, Option<String>>;

impl World {
    /// Treeherder, as the story begins.
    pub fn treeherder(now: Timestamp) -> Self {
        let repository = treeherder::repository(now);
        let apps = treeherder::apps(&repository, now);
        Self {
            now,
            repository,
            apps,
            agenda: Agenda::default(),
            changes: 0,
        }
    }

    /// The moment up to which everything has happened.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// How often anybody changed anything; what happens by itself does not count.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// The repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// All apps.
    pub fn apps(&self) -> &[App] {
        &self.apps
    }

    /// The app with this name or id.
    pub fn app(&self, name_or_id: &str) -> Option<&App> {
        self.apps
            .iter()
            .find(|app| app.name == name_or_id || app.id.to_string() == name_or_id)
    }

    /// Lets everything happen that is due until `now`. A clock that was set back changes nothing.
    pub fn advance(&mut self, now: Timestamp) {
        while let Some((at, event)) = self.agenda.next_due(now) {
            self.now = at;
            match event {
                Event::BranchNoticed { app } => self.notice_branch(app),
                Event::CiEnds { commit } => self.end_ci(&commit),
                Event::BuildEnds { app, build } => self.end_build(app, build),
                Event::ReleasePhaseEnds { app, release } => {
                    if let Some(app) = self.apps.iter_mut().find(|it| it.name == app) {
                        app.end_release_phase(release, at);
                    }
                }
            }
        }
        self.now = self.now.max(now);
        for app in &mut self.apps {
            app.dynos.retain(|dyno| !dyno.is_gone(self.now));
        }
    }

    /// Moves a branch forward, or with `force` anywhere; `Ok(false)` if it was there already.
    ///
    /// A branch that does not move deploys nothing (reference/domain.md §2.7).
    pub fn move_branch(&mut self, branch: &str, sha: &str, force: bool) -> Result<bool, MoveError> {
        let moved = self.repository.move_branch(branch, sha, force)?;
        if moved {
            self.changes += 1;
            self.notify_apps(branch);
        }
        Ok(moved)
    }

    /// Changes config vars, which makes a release unless nothing differs.
    pub fn change_config(&mut self, app: &str, change: ConfigChange, user: &str) -> Result<(), Refusal> {
        let app = self.app_mut(app)?;
        let differs = |(name, value): &(String, Option<String>)| app.config.get(name) != value.as_ref();
        let change: Vec<_> = change.into_iter().filter(differs).collect();
        if change.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = change.iter().map(|(name, _)| name.clone()).collect();
        let only_removed = change.iter().all(|(_, value)| value.is_none());
        for (name, value) in change {
            match value {
                Some(value) => app.config.insert(name, value),
                None => app.config.remove(&name),
            };
        }
        let verb = if only_removed { "Remove" } else { "Set" };
        let description = format!("{verb} {} config vars", names.join(", "));
        let (name, slug) = (app.name, app.current_release().ok_or(Refusal::NoRelease)?.slug);
        self.changes += 1;
        self.release(name, description, slug, user).map(|_| ())
    }

    /// Makes a release of the code and the config vars of an earlier one.
    pub fn roll_back(&mut self, app: &str, to: Uuid, user: &str) -> Result<&Release, Refusal> {
        let app = self.app_mut(app)?;
        let target = app.release_by_id(to).ok_or(Refusal::NoRelease)?;
        if !target.is_eligible_for_rollback() {
            return Err(Refusal::NotEligible);
        }
        let description = format!("Rollback to v{}", target.version);
        let (name, slug, config) = (app.name, target.slug, target.config.clone());
        app.config = config;
        self.changes += 1;
        self.release(name, description, slug, user)
    }

    /// Makes a release of a slug that exists and the config vars as they are.
    pub fn release_slug(
        &mut self,
        app: &str,
        slug: Uuid,
        description: Option<String>,
        user: &str,
    ) -> Result<&Release, Refusal> {
        let app = self.app_mut(app)?;
        let found = app
            .slug(slug)
            .filter(|slug| slug.deleted_at.is_none())
            .ok_or(Refusal::NoSlug)?;
        let description = description.unwrap_or_else(|| format!("Deploy {}", abbreviated(&found.commit)));
        let name = app.name;
        self.changes += 1;
        self.release(name, description, slug, user)
    }

    /// Changes the formation, all of it or, if anything is wrong, nothing.
    pub fn scale(&mut self, app: &str, scales: &[Scale]) -> Result<(), Refusal> {
        let now = self.now;
        let changed = self.app_mut(app)?.scale(scales, now)?;
        self.changes += u64::from(changed);
        Ok(())
    }

    /// Restarts dynos of the formation; a one-off dyno that is named is stopped.
    pub fn restart(&mut self, app: &str, which: &Which) -> Result<(), Refusal> {
        let now = self.now;
        self.app_mut(app)?.restart(which, now)?;
        self.changes += 1;
        Ok(())
    }

    /// Starts a dyno for a command of its own.
    pub fn run(&mut self, app: &str, one_off: OneOff) -> Result<Dyno, Refusal> {
        let now = self.now;
        let dyno = self.app_mut(app)?.run(one_off, now).clone();
        self.changes += 1;
        Ok(dyno)
    }

    /// Switches maintenance mode.
    pub fn set_maintenance(&mut self, app: &str, on: bool) -> Result<(), Refusal> {
        let app = self.app_mut(app)?;
        let changed = app.maintenance != on;
        app.maintenance = on;
        self.changes += u64::from(changed);
        Ok(())
    }

    fn app_mut(&mut self, name_or_id: &str) -> Result<&mut App, Refusal> {
        let found = |app: &&mut App| app.name == name_or_id || app.id.to_string() == name_or_id;
        self.apps.iter_mut().find(found).ok_or(Refusal::NoApp)
    }

    /// Makes a release; its release phase runs from now on.
    fn release(
        &mut self,
        app: &'static str,
        description: String,
        slug: Uuid,
        user: &str,
    ) -> Result<&Release, Refusal> {
        let (now, agenda) = (self.now, &mut self.agenda);
        let app = self
            .apps
            .iter_mut()
            .find(|it| it.name == app)
            .ok_or(Refusal::NoApp)?;
        let skipped = app.config.contains_key("SKIP_PREDEPLOY");
        let phase = if skipped {
            timeline::RELEASE_PHASE_SKIPPED
        } else {
            timeline::RELEASE_PHASE
        };
        let name = app.name;
        let release = app.add_release(description, slug, user, now);
        agenda.add(
            now + phase,
            Event::ReleasePhaseEnds {
                app: name,
                release: release.id,
            },
        );
        Ok(release)
    }

    /// Starts a build of a commit.
    fn build(&mut self, app: &'static str, commit: &str, user: &str) {
        let now = self.now;
        let Some(app) = self.apps.iter_mut().find(|it| it.name == app) else {
            return;
        };
        app.auto_deploy.waiting = None;
        let id = id::uuid("build", &format!("{}/{}", app.name, app.builds.len()));
        let succeeds = !std::mem::take(&mut app.fail_next_build);
        let status = BuildStatus::Pending { succeeds };
        let (commit, user) = (commit.to_owned(), user.to_owned());
        app.builds.push(Build {
            id,
            commit,
            user,
            status,
            created_at: now,
            updated_at: now,
        });
        self.agenda.add(
            now + timeline::BUILD,
            Event::BuildEnds {
                app: app.name,
                build: id,
            },
        );
    }

    fn end_build(&mut self, app: &'static str, build: Uuid) {
        let now = self.now;
        let Some(index) = self.apps.iter().position(|it| it.name == app) else {
            return;
        };
        let Some(build) = self.apps[index].builds.iter().position(|it| it.id == build) else {
            return;
        };
        let Build {
            commit, user, status, ..
        } = self.apps[index].builds[build].clone();
        let status = match status {
            BuildStatus::Pending { succeeds: true } => {
                let subject = self
                    .repository
                    .commit(&commit)
                    .map_or("", Commit::subject)
                    .to_owned();
                let slug = self.apps[index].add_slug(&commit, &subject, now);
                let description = format!("Deploy {}", abbreviated(&commit));
                let release = self
                    .release(app, description, slug, &user)
                    .map(|release| release.id);
                release.map_or(BuildStatus::Failed, |release| BuildStatus::Succeeded {
                    slug,
                    release,
                })
            }
            _ => BuildStatus::Failed,
        };
        let build = &mut self.apps[index].builds[build];
        (build.status, build.updated_at) = (status, now);
    }

    /// The apps that deploy this branch will notice.
    fn notify_apps(&mut self, branch: &str) {
        for app in self.apps.iter().filter(|app| app.auto_deploy.branch == branch) {
            self.agenda.add(
                self.now + timeline::NOTICE,
                Event::BranchNoticed { app: app.name },
            );
        }
    }

    /// Heroku looks at the branch of an app: builds its head, or waits for its CI.
    fn notice_branch(&mut self, app: &'static str) {
        let Some(app) = self.apps.iter_mut().find(|it| it.name == app) else {
            return;
        };
        let Some(head) = self.repository.head(app.auto_deploy.branch) else {
            return;
        };
        if !app.auto_deploy.on || app.has_last_built(&head.sha) {
            return;
        }
        if head.ci.is_green(self.now) {
            let (name, head) = (app.name, head.sha.clone());
            self.build(name, &head, GITHUB_DEPLOYS);
        } else {
            app.auto_deploy.waiting = Some(head.sha.clone());
        }
    }

    /// CI of a commit is over: the apps that wait for it will notice.
    fn end_ci(&mut self, commit: &str) {
        for app in &self.apps {
            if app.auto_deploy.waiting.as_deref() == Some(commit) {
                self.agenda.add(
                    self.now + timeline::NOTICE,
                    Event::BranchNoticed { app: app.name },
                );
            }
        }
    }
}

/// The beginning of a commit's name, as long as Heroku shows it.
pub(crate) fn abbreviated(sha: &str) -> &str {
    sha.get(..8).unwrap_or(sha)
}
