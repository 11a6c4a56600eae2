//! How a change of config is executed: it is sent, once; the release that Heroku makes of it is followed to its end.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble};
use countersign_core::plan::{Facts, Plan};
use countersign_core::reply::Line;
use countersign_core::secret::Secret;
use countersign_core::time::Duration;
use countersign_heroku::{ConfigUpdate, Release, Version};
use secrecy::ExposeSecret;

use super::made::{Go, Sought, before_changing, happened};
use super::vars::{Present, moved};
use super::wanted::{Value, Wanted};
use crate::app::{App, Apps};
use crate::deploy::{since_begun, tried_before};
use crate::follow::{self, Live, Made, Released, SOON, bad, done, wait};
use crate::news;
use crate::trouble::{Fault, with_state};

/// The action that sets.
pub(super) const SET: &str = "config-set";
/// The action that removes.
pub(super) const UNSET: &str = "config-unset";

const CHANGE: &str = "change the config";
const FIND: &str = "find the release";
const RELEASE: &str = "release phase";
const DYNOS: &str = "dynos up";

/// Heroku has listed the release of a change after this long, or has made none.
const LISTED_WITHIN: Duration = Duration::from_mins(1);

/// Executes changes of config.
pub(crate) struct Change {
    apps: Arc<Apps>,
    sets: bool,
}

/// What was found of an app before a change, or after one in doubt.
struct Look {
    newer: Vec<Release>,
    /// Whether the config var is as it shall be.
    holds: bool,
}

impl Change {
    /// The action that sets.
    pub(crate) fn set(apps: Arc<Apps>) -> Self {
        Self { apps, sets: true }
    }

    /// The action that removes.
    pub(crate) fn unset(apps: Arc<Apps>) -> Self {
        Self { apps, sets: false }
    }

    /// `set`, `removed`.
    fn verb(&self) -> &'static str {
        if self.sets { "set" } else { "removed" }
    }

    /// What is so as long as it was not sent.
    fn nothing(&self) -> &'static str {
        if self.sets {
            "nothing was set"
        } else {
            "nothing was removed"
        }
    }

    fn sought<'w>(&self, wanted: &'w Wanted) -> Sought<'w> {
        Sought {
            name: &wanted.name,
            verb: self.verb(),
        }
    }

    /// The value that was signed; none if the config var is to be removed.
    async fn value(&self, wanted: &Wanted, plan: &Plan) -> Result<Option<Secret>, Trouble> {
        match (&wanted.value, &self.apps.handing, self.sets) {
            (Value::Plain { value }, _, true) => Ok(Some(value.clone().into())),
            (Value::Nothing {}, _, false) => Ok(None),
            (Value::Dropped { drop_box, .. }, Some(handing), true) => {
                let value = handing.links.dropped(plan).await?;
                if value.expose_secret().is_empty() {
                    return Err(Trouble::never(format!(
                        "drop box {drop_box} was filled with nothing"
                    )));
                }
                self.apps.keep_one(&value);
                Ok(Some(value))
            }
            (Value::Dropped { .. }, None, true) => Err(Trouble::never(
                "the configuration has no web side any more, and drop boxes are not opened without it",
            )),
            _ => Err(Trouble::never("the plan does not fit its action").hint("Ask again.")),
        }
    }

    async fn look(&self, app: &App, wanted: &Wanted, value: Option<&Secret>) -> Result<Look, Fault> {
        let heroku = &self.apps.heroku;
        // In this order: a change between the two is seen as a newer release.
        let vars = heroku.config_vars(&wanted.app).await?;
        let newer = heroku.releases_after(&wanted.app, wanted.newest).await?;
        self.apps.keep_secret(app, &vars);
        let now = vars.get(&wanted.name).map(ExposeSecret::expose_secret);
        Ok(Look {
            newer,
            holds: now == value.map(ExposeSecret::expose_secret),
        })
    }

    async fn change(&self, app: &App, wanted: &Wanted, run: &Run<'_>) -> Result<Progress, Trouble> {
        let again = tried_before(CHANGE, run.journal);
        // What an earlier try may have done is not denied.
        let state = if again { "" } else { self.nothing() };
        let value = self.value(wanted, run.plan()).await;
        let value = value.map_err(|trouble| with_state(trouble, state))?;
        let seen = self
            .look(app, wanted, value.as_ref())
            .await
            .map_err(Trouble::from);
        let go = seen.and_then(|seen| before_changing(&seen.newer, seen.holds, again));
        match go.map_err(|trouble| with_state(trouble, state))? {
            Go::Change => {}
            Go::Done => return Ok(Progress::Done(serde_json::Value::Null)),
            Go::Same => return Ok(self.same(wanted)),
        }
        let update = ConfigUpdate::default();
        let update = match value {
            Some(value) => update.set(&wanted.name, value),
            None => update.unset(&wanted.name),
        };
        let changed = self.apps.heroku.update_config_vars(&wanted.app, &update).await;
        let vars = changed.map_err(|error| with_state(Fault::from(error).into(), self.nothing()))?;
        self.apps.keep_secret(app, &vars);
        Ok(Progress::Done(serde_json::Value::Null))
    }

    /// There is nothing to do: the value that was dropped is the one that is set.
    fn same(&self, wanted: &Wanted) -> Progress {
        let words = if self.sets {
            format!(
                "{} had that value already; no release, nothing restarted",
                wanted.name
            )
        } else {
            format!(
                "{} was not set any more; no release, nothing restarted",
                wanted.name
            )
        };
        Progress::End(Ended {
            good: true,
            words,
            announcement: None,
        })
    }

    /// Heroku's answer does not name the release, so it is looked for.
    async fn find(&self, app: &App, wanted: &Wanted, run: &Run<'_>) -> Result<Progress, Trouble> {
        let newer = self.apps.heroku.releases_after(&wanted.app, wanted.newest).await;
        let newer = newer.map_err(|error| with_state(Fault::from(error).into(), &self.state(wanted)))?;
        if let Some(release) = self.sought(wanted).newest(&newer) {
            return done(&Made { release });
        }
        if run.in_step() < LISTED_WITHIN {
            return Ok(wait(SOON, "waiting for Heroku to make a release of it", None));
        }
        Ok(bad(format!(
            "{} after {} is a release of it, so I can't follow it. Look at !config list {} and !releases {}",
            if newer.is_empty() {
                "nothing"
            } else {
                "none of what came"
            },
            wanted.newest,
            app.target,
            app.target
        )))
    }

    /// What is so once it was sent.
    fn state(&self, wanted: &Wanted) -> String {
        format!("{} is {} at Heroku", wanted.name, self.verb())
    }

    /// What to say and to type when the release phase fails: the change stays all the same.
    fn after_failure(&self, app: &App, wanted: &Wanted) -> String {
        let name = &wanted.name;
        let (stays, back) = if self.sets {
            (
                format!("the new value of {name} stays"),
                format!("!config unset {} {name}", app.target),
            )
        } else {
            (
                format!("{name} stays removed"),
                format!("!config set {} {name}", app.target),
            )
        };
        format!("; {stays}, and goes live with the next release that works. To take it back: {back}.")
    }
}

#[async_trait]
impl Action for Change {
    fn name(&self) -> &'static str {
        if self.sets { SET } else { UNSET }
    }

    fn title(&self, plan: &Plan) -> String {
        let target = plan.target.as_ref().map_or("", |target| target.as_str());
        let verb = if self.sets { "set" } else { "unset" };
        format!("config {verb} {target}")
    }

    fn steps(&self) -> &'static [Step] {
        const STEPS: &[Step] = &[
            Step::once(CHANGE),
            Step::repeatable(FIND),
            Step::repeatable(RELEASE),
            Step::repeatable(DYNOS),
        ];
        STEPS
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        let (app, wanted) = (self.apps.of(plan)?, Wanted::of(plan)?);
        Ok(Present::of(&self.apps, app).await?.changed(&wanted.name))
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        match Wanted::of(plan) {
            Ok(wanted) => moved(plan, &wanted.name, found),
            Err(trouble) => trouble.sentence(),
        }
    }

    async fn run(&self, step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        let (app, wanted) = (self.apps.of(run.plan())?, Wanted::of(run.plan())?);
        match step {
            CHANGE => self.change(app, &wanted, run).await,
            FIND => self.find(app, &wanted, run).await,
            RELEASE => {
                let made: Made = run.result(FIND)?;
                let after = self.after_failure(app, &wanted);
                let followed = follow::release_phase(&self.apps, app, &made.release, &after).await;
                followed.map_err(|trouble| with_state(trouble, &self.state(&wanted)))
            }
            _ => {
                let released: Released = run.result(RELEASE)?;
                let followed = follow::dynos_up(&self.apps, app, released.version, run).await;
                followed.map_err(|trouble| with_state(trouble, &format!("{} is released", released.version)))
            }
        }
    }

    async fn reconcile(&self, step: &'static str, run: &Run<'_>) -> Result<Reconciled, Trouble> {
        let (app, wanted) = (self.apps.of(run.plan())?, Wanted::of(run.plan())?);
        let value = self.value(&wanted, run.plan()).await?;
        let Look { newer, holds } = self.look(app, &wanted, value.as_ref()).await?;
        Ok(happened(
            &newer,
            self.sought(&wanted),
            holds,
            since_begun(step, run),
        ))
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let (app, wanted) = (self.apps.of(run.plan())?, Wanted::of(run.plan())?);
        let live: Live = run.result(DYNOS)?;
        let did = format!("{} {}", wanted.name, self.verb());
        let line = announcement(app, &news::by(run), &did, live.version);
        Ok(Ended {
            good: true,
            words: format!("done · {did}, {}", live.words("")),
            announcement: Some(news::of(app, live.version, line)),
        })
    }
}

/// `stage: config changed by alice, signed by bob: NEW_KEY set (v703)`.
fn announcement(app: &App, by: &str, did: &str, version: Version) -> Line {
    Line::new(format!(
        "{}: config changed by {by}: {did} ({version})",
        app.target
    ))
}

#[cfg(test)]
mod tests {
    use countersign_core::reply::plain_line;
    use futures_util::FutureExt as _;

    use super::super::wanted::tests::{all, wanted};
    use super::*;
    use crate::app::tests::{apps, stage};
    use crate::facts::tests::plan;

    #[test]
    fn a_plan_that_does_not_fit_its_action_changes_nothing() {
        let apps = Arc::new(apps(Arc::default()));
        let (set, unset) = (Change::set(Arc::clone(&apps)), Change::unset(apps));
        let plan = plan(Facts::new());
        let fits = |action: &Change, value: Value| {
            let wanted = wanted(value);
            action.value(&wanted, &plan).now_or_never().unwrap()
        };
        let [dropped, plain, nothing] = all();
        assert!(fits(&set, plain.clone()).unwrap().is_some());
        assert!(fits(&unset, nothing.clone()).unwrap().is_none());
        assert!(fits(&set, nothing).is_err());
        assert!(fits(&unset, plain).is_err());
        assert!(fits(&unset, dropped.clone()).is_err());
        let without_web = fits(&set, dropped).unwrap_err();
        assert!(without_web.words.contains("no web side"), "{without_web}");
    }

    #[test]
    fn the_news_say_what_who_and_which_release() {
        assert_eq!(
            plain_line(&announcement(
                &stage(),
                "alice, signed by bob",
                "NEW_KEY set",
                Version(703)
            )),
            "stage: config changed by alice, signed by bob: NEW_KEY set (v703)"
        );
    }

    #[test]
    fn a_change_outlives_a_failed_release_phase_and_that_is_said() {
        let apps = Arc::new(apps(Arc::default()));
        let after = Change::set(Arc::clone(&apps)).after_failure(&stage(), &wanted(all()[1].clone()));
        assert_eq!(
            after,
            "; the new value of NEW_KEY stays, and goes live with the next release that works. To take it back: !config \
             unset stage NEW_KEY."
        );
        let after = Change::unset(apps).after_failure(&stage(), &wanted(Value::Nothing {}));
        assert!(after.contains("NEW_KEY stays removed") && after.contains("!config set stage NEW_KEY"));
    }
}
