//! An app: what it runs, with which config vars, on which dynos.
//!
//! It changes only through [`World`](super::World), which knows the time.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::dyno::{Dyno, OneOff, ProcessType, Scale, Which, Work};
use super::refusal::Refusal;
use super::release::{Build, Config, Release, ReleaseStatus, Slug};
use super::repository::Sha;
use super::{id, timeline};

/// The automatic deploys of an app.
#[derive(Debug, Clone)]
pub struct AutoDeploy {
    /// Whether they are on.
    pub on: bool,
    /// The branch that is deployed when it moves and its CI is green.
    pub branch: &'static str,
    /// The head that waits for CI to become green.
    pub(crate) waiting: Option<Sha>,
}

/// An app.
#[derive(Debug, Clone)]
pub struct App {
    /// Its id.
    pub id: Uuid,
    /// Its name.
    pub name: &'static str,
    /// Where it is to be seen.
    pub web_url: &'static str,
    /// Whether it is in maintenance mode.
    pub maintenance: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its automatic deploys.
    pub auto_deploy: AutoDeploy,
    /// Its config vars as last set, also by a release that failed (reference/domain.md §2.2).
    pub config: Config,
    /// Its builds, oldest first.
    pub builds: Vec<Build>,
    /// Its slugs, oldest first.
    pub slugs: Vec<Slug>,
    /// Its releases, oldest first.
    pub releases: Vec<Release>,
    /// The number of the release that runs, which is not always the newest.
    pub current: u32,
    /// Its process types.
    pub formation: Vec<ProcessType>,
    /// Its dynos.
    pub dynos: Vec<Dyno>,
    /// Past and present one-off dynos, for their logs.
    pub one_offs: Vec<Dyno>,
    pub(crate) fail_next_build: bool,
    pub(crate) fail_next_release_phase: bool,
    pub(crate) next_exit_status: u8,
    /// How many dynos were ever started; names them.
    pub(crate) started: u32,
}

impl App {
    /// The release that runs.
    pub fn current_release(&self) -> Option<&Release> {
        self.release_by_version(self.current)
    }

    /// The newest release.
    pub fn newest_release(&self) -> Option<&Release> {
        self.releases.last()
    }

    /// The release with this number.
    pub fn release_by_version(&self, version: u32) -> Option<&Release> {
        self.releases.iter().find(|release| release.version == version)
    }

    /// The release with this id.
    pub fn release_by_id(&self, id: Uuid) -> Option<&Release> {
        self.releases.iter().find(|release| release.id == id)
    }

    /// The slug with this id.
    pub fn slug(&self, id: Uuid) -> Option<&Slug> {
        self.slugs.iter().find(|slug| slug.id == id)
    }

    /// The commit that runs.
    pub fn current_commit(&self) -> Option<&Sha> {
        let release = self.current_release()?;
        self.slug(release.slug).map(|slug| &slug.commit)
    }

    /// Whether this commit is the one last built or being built.
    pub(crate) fn has_last_built(&self, commit: &str) -> bool {
        self.builds.last().is_some_and(|build| build.commit == commit)
    }

    pub(crate) fn add_slug(&mut self, commit: &str, subject: &str, now: Timestamp) -> Uuid {
        let id = id::uuid("slug", &format!("{}/{}", self.name, self.slugs.len()));
        let (commit, subject) = (commit.to_owned(), subject.to_owned());
        self.slugs.push(Slug {
            id,
            commit,
            subject,
            created_at: now,
            deleted_at: None,
        });
        id
    }

    /// Adds the next release, made of a slug and the config vars as they are now.
    pub(crate) fn add_release(
        &mut self,
        description: String,
        slug: Uuid,
        user: &str,
        now: Timestamp,
    ) -> &Release {
        let version = self
            .newest_release()
            .map_or(self.current, |newest| newest.version)
            + 1;
        let id = id::uuid("release", &format!("{}/v{version}", self.name));
        let succeeds = !std::mem::take(&mut self.fail_next_release_phase);
        let release = Release {
            id,
            version,
            description,
            slug,
            config: self.config.clone(),
            user: user.to_owned(),
            status: ReleaseStatus::Pending { succeeds },
            created_at: now,
            updated_at: now,
        };
        self.start_release_phase(version, now);
        self.releases.push(release);
        &self.releases[self.releases.len() - 1]
    }

    /// Ends the release phase; a release that succeeds is current from then on, unless a newer one is already.
    pub(crate) fn end_release_phase(&mut self, id: Uuid, now: Timestamp) {
        let Some(release) = self.releases.iter_mut().find(|release| release.id == id) else {
            return;
        };
        let ReleaseStatus::Pending { succeeds } = release.status else {
            return;
        };
        let version = release.version;
        release.updated_at = now;
        release.status = if succeeds {
            ReleaseStatus::Succeeded
        } else {
            ReleaseStatus::Failed
        };
        self.dynos
            .retain(|dyno| dyno.work != Work::ReleasePhase || dyno.release != version);
        if succeeds && version > self.current {
            self.current = version;
            self.expire_old_slugs(now);
            self.dynos.retain(|dyno| dyno.work != Work::Process);
            self.fill_formation(now);
        }
    }

    /// Slugs are destroyed once they are both old and not among the newest (reference/domain.md §2.3).
    pub(crate) fn expire_old_slugs(&mut self, now: Timestamp) {
        let kept: Vec<Uuid> = {
            let newest = self.releases.iter().rev().take(20).map(|release| release.slug);
            newest
                .chain(self.current_release().map(|release| release.slug))
                .collect()
        };
        for slug in &mut self.slugs {
            let old = now.duration_since(slug.created_at) > timeline::SLUG_LIFE;
            if old && !kept.contains(&slug.id) && slug.deleted_at.is_none() {
                slug.deleted_at = Some(now);
            }
        }
        let deleted = |id| {
            self.slugs
                .iter()
                .any(|slug| slug.id == id && slug.deleted_at.is_some())
        };
        for release in &mut self.releases {
            if release.status == ReleaseStatus::Succeeded && deleted(release.slug) {
                release.status = ReleaseStatus::Expired;
            }
        }
    }

    /// Restarts dynos of the formation; a one-off dyno that is named is stopped.
    pub(crate) fn restart(&mut self, which: &Which, now: Timestamp) -> Result<(), Refusal> {
        let chosen = |dyno: &Dyno| match which {
            Which::All => dyno.work == Work::Process,
            Which::Type(name) => dyno.work == Work::Process && dyno.process_type == *name,
            Which::One(name) => dyno.name == *name || dyno.id.to_string() == *name,
        };
        match which {
            Which::Type(name) if !self.formation.iter().any(|process| process.name == name) => {
                return Err(Refusal::NoProcessType(name.clone()));
            }
            Which::One(_) if !self.dynos.iter().any(chosen) => return Err(Refusal::NoDyno),
            _ => {}
        }
        self.dynos.retain(|dyno| !chosen(dyno));
        self.fill_formation(now);
        Ok(())
    }

    /// Changes the formation, all of it or, after an error, nothing.
    pub(crate) fn scale(&mut self, scales: &[Scale], now: Timestamp) -> Result<bool, Refusal> {
        let mut formation = self.formation.clone();
        for scale in scales {
            let name = &scale.process_type;
            let process = formation.iter_mut().find(|process| process.name == name);
            let process = process.ok_or_else(|| Refusal::NoProcessType(name.clone()))?;
            if let Some(quantity) = scale.quantity {
                let quantity = quantity.apply(process.quantity);
                process.quantity = quantity.ok_or_else(|| Refusal::Quantity(name.clone()))?;
            }
            process.size = scale.size.unwrap_or(process.size);
        }
        let changed = formation != self.formation;
        self.formation = formation;
        let wanted = |dyno: &Dyno| {
            let fits = |process: &ProcessType| {
                let index = dyno.name.rsplit('.').next().and_then(|index| index.parse().ok());
                process.size == dyno.size && index.is_some_and(|index: u32| index <= process.quantity)
            };
            dyno.work != Work::Process
                || self
                    .formation
                    .iter()
                    .any(|it| it.name == dyno.process_type && fits(it))
        };
        self.dynos.retain(wanted);
        self.fill_formation(now);
        Ok(changed)
    }

    /// Starts a dyno for a command of its own.
    pub(crate) fn run(&mut self, one_off: OneOff, now: Timestamp) -> &Dyno {
        let up_at = now + timeline::ONE_OFF_UP;
        let by_itself = up_at + timeline::ONE_OFF_RUN;
        let at_latest = one_off.time_to_live.map_or(by_itself, |time| now + time);
        let exit_status = std::mem::take(&mut self.next_exit_status);
        let work = Work::OneOff {
            ends: by_itself.min(at_latest),
            exit_status,
        };
        let OneOff {
            command,
            process_type,
            size,
            ..
        } = one_off;
        let name = format!("{process_type}.{}", 1001 + self.one_offs.len());
        let dyno = Dyno {
            size,
            ..self.dyno(name, &process_type, command, work, now, up_at)
        };
        self.one_offs.push(dyno.clone());
        self.dynos.push(dyno);
        &self.dynos[self.dynos.len() - 1]
    }

    /// Starts the dynos that the formation wants and that are not there.
    pub(crate) fn fill_formation(&mut self, now: Timestamp) {
        let wanted = self.formation.clone().into_iter().flat_map(|process| {
            (1..=process.quantity).map(move |index| (format!("{}.{index}", process.name), process.clone()))
        });
        let missing: Vec<_> = wanted
            .filter(|(name, _)| !self.dynos.iter().any(|dyno| dyno.name == *name))
            .collect();
        let span = timeline::LAST_DYNO_UP - timeline::FIRST_DYNO_UP;
        let steps = i32::try_from(missing.len()).unwrap_or(i32::MAX).max(2) - 1;
        for (step, (name, process)) in (0..).zip(missing) {
            let up_at = now + timeline::FIRST_DYNO_UP + whole_seconds(span * step / steps);
            let dyno = self.dyno(name, process.name, process.command, Work::Process, now, up_at);
            self.dynos.push(Dyno {
                size: process.size,
                ..dyno
            });
        }
        self.dynos
            .sort_by_key(|dyno| (dyno.process_type.clone(), dyno.name.len(), dyno.name.clone()));
    }

    fn start_release_phase(&mut self, version: u32, now: Timestamp) {
        let name = format!("release.{}", 1000 + version);
        let command = "bin/pre_deploy".to_owned();
        let dyno = self.dyno(
            name,
            "release",
            command,
            Work::ReleasePhase,
            now,
            now + timeline::ONE_OFF_UP,
        );
        self.dynos.push(Dyno {
            release: version,
            ..dyno
        });
    }

    fn dyno(
        &mut self,
        name: String,
        process_type: &str,
        command: String,
        work: Work,
        created_at: Timestamp,
        up_at: Timestamp,
    ) -> Dyno {
        self.started += 1;
        let id = id::uuid("dyno", &format!("{}/{}", self.name, self.started));
        let (process_type, release) = (process_type.to_owned(), self.current);
        let size = super::dyno::Size::Standard1X;
        Dyno {
            id,
            name,
            process_type,
            command,
            work,
            size,
            release,
            created_at,
            up_at,
        }
    }
}

fn whole_seconds(duration: SignedDuration) -> SignedDuration {
    SignedDuration::from_secs(duration.as_secs())
}
