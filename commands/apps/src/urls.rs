//! What changing a database's password needs of an app: its config is changed in one request, the release that Heroku
//! makes of it is found and followed to its end. Public, because another pack of commands works with it through the
//! binary.

use std::sync::Arc;

use countersign_core::id::TargetName;
use countersign_core::operation::{Announcement, Progress, Run, Trouble};
use countersign_core::reply::Line;
use countersign_core::secret::Secret;
use countersign_heroku::{ConfigUpdate, ConfigVars, Release, ReleaseId, ReleaseStatus, Version};
use secrecy::ExposeSecret as _;
use serde_json::json;

use crate::app::{App, Apps};
use crate::follow::{self, Live};
use crate::news;
use crate::trouble::Fault;
use crate::watch::config_change;

/// How many of the newest releases are looked at for those that could be rolled back to.
const RELEASES: usize = 50;

/// What a config var shall be; none: not set.
pub type Wanted = (String, Option<Secret>);

/// What is live on an app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Now {
    /// The release that runs: `v812`; `v0` before the first.
    pub release: String,
    /// The number of the newest release, which may have failed.
    pub newest: u64,
}

/// Changes config vars of apps, and follows what comes of it.
#[derive(Debug)]
pub struct Urls {
    apps: Arc<Apps>,
}

impl Urls {
    /// For these apps.
    pub fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }

    fn app(&self, target: &TargetName) -> Result<&App, Trouble> {
        self.apps
            .get(target.as_str())
            .map_err(|refusal| Trouble::never(refusal.words))
    }

    /// What the app has now; every value is made known to the scrubber.
    async fn vars(&self, app: &App) -> Result<ConfigVars, Fault> {
        let vars = self.apps.heroku.config_vars(&app.heroku).await?;
        self.apps.keep_secret(app, &vars);
        Ok(vars)
    }

    async fn after(&self, app: &App, newest: u64) -> Result<Vec<Release>, Fault> {
        let newer = self.apps.heroku.releases_after(&app.heroku, Version(newest));
        Ok(newer.await?)
    }

    /// The value of one of an app's config vars.
    pub async fn value(&self, app: &TargetName, name: &str) -> Result<Option<Secret>, Trouble> {
        let app = self.app(app)?;
        Ok(self.vars(app).await?.get(name).cloned())
    }

    /// What is live, and what is newest.
    pub async fn now(&self, app: &TargetName) -> Result<Now, Trouble> {
        let (app, heroku) = (self.app(app)?, &self.apps.heroku);
        let asked = futures_util::future::try_join(
            heroku.current_release(&app.heroku),
            heroku.newest_releases(&app.heroku, 1),
        );
        let (current, newest) = asked.await.map_err(Fault::from)?;
        let current = current.map_or(Version(0), |release| release.version);
        Ok(Now {
            release: current.to_string(),
            newest: newest.first().map_or(0, |release| release.version.0),
        })
    }

    /// Whether every one of these config vars is as it shall be.
    pub async fn holds(&self, app: &TargetName, wanted: &[Wanted]) -> Result<bool, Trouble> {
        let app = self.app(app)?;
        Ok(are(&self.vars(app).await?, wanted))
    }

    /// Changes config vars, in one request that is sent once; nothing is sent if all are as they shall be. Nothing is
    /// changed either if there is a release after `newest`. If the reply is lost, [`Urls::holds`] tells what happened.
    pub async fn change(&self, app: &TargetName, wanted: &[Wanted], newest: u64) -> Result<(), Trouble> {
        let app = self.app(app)?;
        // In this order: a change between the two is seen as a newer release.
        let vars = self.vars(app).await?;
        if are(&vars, wanted) {
            return Ok(());
        }
        let newer = self.after(app, newest).await?;
        if let Some(newest) = newer.first() {
            let words = format!("{} was made meanwhile", newest.version);
            return Err(Trouble::never(words).hint("Look at it, then ask again."));
        }
        let update = wanted
            .iter()
            .fold(ConfigUpdate::default(), |update, (name, value)| match value {
                Some(value) => {
                    self.apps.keep_one(value);
                    update.set(name, value.clone())
                }
                None => update.unset(name),
            });
        let changed = self.apps.heroku.update_config_vars(&app.heroku, &update).await;
        self.apps.keep_secret(app, &changed.map_err(Fault::from)?);
        Ok(())
    }

    /// The number of the newest release after `newest` that changed one of these config vars, once Heroku lists it. Its
    /// answer to the change does not name it.
    pub async fn made(&self, app: &TargetName, newest: u64, names: &[&str]) -> Result<Option<u64>, Trouble> {
        let app = self.app(app)?;
        let newer = self.after(app, newest).await?;
        let ours = newer.iter().find(|release| changes(release, names));
        Ok(ours.map(|release| release.version.0))
    }

    /// Follows the release phase: waits, is done, or ends badly. `after` is what to say and to type then.
    pub async fn released(&self, app: &TargetName, release: u64, after: &str) -> Result<Progress, Trouble> {
        let app = self.app(app)?;
        follow::release_phase(&self.apps, app, &by_number(release)?, after).await
    }

    /// Waits until every dyno runs the release or a later one; done with `{"words": "v813 live on 14 dynos"}`.
    pub async fn live(&self, app: &TargetName, release: u64, run: &Run<'_>) -> Result<Progress, Trouble> {
        let app = self.app(app)?;
        let progress = follow::dynos_up(&self.apps, app, Version(release), run).await?;
        Ok(match progress {
            Progress::Done(live) => Progress::Done(in_words(&live)),
            other => other,
        })
    }

    /// The releases that could be rolled back to, newest first: each would bring its own config vars back. The one that
    /// runs is among them, as it can be gone back to once another one is live.
    pub async fn rollback_targets(&self, app: &TargetName) -> Result<Vec<String>, Trouble> {
        let app = self.app(app)?;
        let releases = self.apps.heroku.newest_releases(&app.heroku, RELEASES);
        let releases = releases.await.map_err(Fault::from)?;
        Ok(eligible(&releases))
    }

    /// The news of a release that came of a change, as a watcher would tell them too: `prod: config changed by alice,
    /// signed by bob: DATABASE_URL set (v813)`.
    pub fn news(
        &self,
        app: &TargetName,
        release: u64,
        what: &str,
        run: &Run<'_>,
    ) -> Result<Announcement, Trouble> {
        let app = self.app(app)?;
        let version = Version(release);
        let line = Line::new(format!(
            "{}: config changed by {}: {what} ({version})",
            app.target,
            news::by(run)
        ));
        Ok(news::of(app, version, line))
    }
}

/// Heroku takes a release's number wherever a release is read.
fn by_number(release: u64) -> Result<ReleaseId, Trouble> {
    let id = release.to_string().parse();
    id.map_err(|_| Trouble::never(format!("v{release} is no release")))
}

fn are(vars: &ConfigVars, wanted: &[Wanted]) -> bool {
    wanted.iter().all(|(name, value)| {
        vars.get(name).map(Secret::expose_secret) == value.as_ref().map(Secret::expose_secret)
    })
}

/// Whether a release says that it changed one of these config vars.
fn changes(release: &Release, names: &[&str]) -> bool {
    config_change(&release.description)
        .is_some_and(|(changed, _)| changed.split(", ").any(|name| names.contains(&name)))
}

fn eligible(releases: &[Release]) -> Vec<String> {
    let runs = |release: &&Release| release.current || release.eligible_for_rollback;
    let usable = releases
        .iter()
        .filter(|release| release.status == ReleaseStatus::Succeeded)
        .filter(runs);
    usable.map(|release| release.version.to_string()).collect()
}

/// What the journal gets of a release that is live.
fn in_words(live: &serde_json::Value) -> serde_json::Value {
    match serde_json::from_value::<Live>(live.clone()) {
        Ok(live) => json!({ "words": live.words("") }),
        Err(_) => json!({ "words": "live" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::tests::release;

    fn vars(vars: &[(&str, &str)]) -> ConfigVars {
        vars.iter()
            .map(|(name, value)| ((*name).to_owned(), Secret::from((*value).to_owned())))
            .collect()
    }

    #[test]
    fn config_vars_are_as_wanted_only_if_every_one_is() {
        let wanted = |url: &str, skip: Option<&str>| {
            [
                ("DATABASE_URL".to_owned(), Some(Secret::from(url.to_owned()))),
                (
                    "SKIP_PREDEPLOY".to_owned(),
                    skip.map(|skip| Secret::from(skip.to_owned())),
                ),
            ]
        };
        let have = vars(&[("DATABASE_URL", "mysql://new"), ("OTHER", "x")]);
        assert!(are(&have, &wanted("mysql://new", None)));
        assert!(!are(&have, &wanted("mysql://new", Some("1"))));
        assert!(!are(&have, &wanted("mysql://old", None)));
        let have = vars(&[("DATABASE_URL", "mysql://new"), ("SKIP_PREDEPLOY", "1")]);
        assert!(are(&have, &wanted("mysql://new", Some("1"))));
        assert!(!are(&have, &wanted("mysql://new", None)));
    }

    #[test]
    fn the_release_of_a_change_names_one_of_its_config_vars() {
        let names = ["DATABASE_URL", "SKIP_PREDEPLOY"];
        for ours in [
            "813 a pending: Set DATABASE_URL, SKIP_PREDEPLOY config vars",
            "813 a pending: Set DATABASE_URL config vars",
            "814 a ok: Remove SKIP_PREDEPLOY config vars",
        ] {
            assert!(changes(&release(ours), &names), "{ours}");
        }
        for other in [
            "813 a ok: Set DATABASE_URL_OLD config vars",
            "813 a ok: Deploy 3f2a91c",
            "813 a ok: Update DATABASE by heroku-postgresql",
        ] {
            assert!(!changes(&release(other), &names), "{other}");
        }
    }

    #[test]
    fn trap_14_what_could_be_rolled_back_to_is_named_and_nothing_else() {
        let releases: Vec<Release> = [
            "815 a failed",
            "814 a current",
            "813 a ok",
            "812 a expired",
            "811 b pending",
            "810 b ok",
        ]
        .map(release)
        .into();
        assert_eq!(eligible(&releases), ["v814", "v813", "v810"]);
    }

    #[test]
    fn what_is_live_is_told_in_words() {
        let live = serde_json::to_value(Live {
            version: Version(813),
            dynos: 14,
        })
        .unwrap();
        assert_eq!(in_words(&live), json!({ "words": "v813 live on 14 dynos" }));
        assert_eq!(by_number(813).unwrap().as_str(), "813");
    }
}
