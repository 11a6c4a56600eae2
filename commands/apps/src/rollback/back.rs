//! How a rollback is executed: one release is made, once; the target is held; the release is followed.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::audit::{self, Event};
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble};
use countersign_core::plan::{Facts, Plan};
use countersign_core::refusal::Refusal;
use countersign_core::reply::Line;
use countersign_core::store::{Hold, Write};
use countersign_heroku::{AppName, Release, ReleaseId, SlugId, Version};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::Restored;
use super::made::{before_posting, happened, newest_fit};
use crate::app::{App, Apps};
use crate::deploy::{since_begun, tried_before};
use crate::facts;
use crate::follow::{self, Live, Made, Released, bad, done};
use crate::news;
use crate::trouble::{Fault, with_state};

/// The action.
pub(super) const ROLL_BACK: &str = "rollback";

/// What is so as long as it was not posted.
const NOTHING: &str = "nothing was rolled back";

const BACK: &str = "roll back";
const HOLD: &str = "hold the target";
const RELEASE: &str = "release phase";
const DYNOS: &str = "dynos up";

/// The parameters of a rollback, each with its final value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Target {
    /// The app at Heroku.
    pub(super) app: AppName,
    /// The release to go back to, by the id that Heroku wants.
    pub(super) release: ReleaseId,
    pub(super) version: Version,
    pub(super) slug: Option<SlugId>,
    /// The commit of its code, abbreviated.
    pub(super) code: Option<String>,
    /// The release that runs when it is asked for.
    pub(super) from: Version,
    /// The newest release then, which may have failed.
    pub(super) newest: Version,
    /// The config vars that change: `~` changes, `+` comes, `-` goes.
    pub(super) config: Vec<String>,
    /// Where the commits that go back can be read.
    pub(super) compare: Option<String>,
}

impl Target {
    /// As the parameters of a plan.
    pub(super) fn parameters(&self) -> Result<BTreeMap<String, Value>, Refusal> {
        match serde_json::to_value(self) {
            Ok(Value::Object(fields)) => Ok(fields.into_iter().collect()),
            _ => Err(Refusal::new("the plan can't be written down")),
        }
    }

    fn of(plan: &Plan) -> Result<Self, Trouble> {
        let fields = plan.parameters.clone().into_iter().collect();
        serde_json::from_value(Value::Object(fields)).map_err(|error| Trouble {
            source: Some(Box::new(error)),
            ..Trouble::never("the plan was made by another version of the bot, and this one can't read it")
                .hint("Ask again.")
        })
    }
}

/// What a rollback relies on.
pub(super) fn facts(current: &Release, newest: Version, to: &Release, config: &[String]) -> Facts {
    Facts::from([
        (facts::RELEASE.to_owned(), json!(current.version.to_string())),
        (facts::MADE_BY.to_owned(), json!(facts::made_by(current))),
        ("newest".to_owned(), json!(newest.to_string())),
        ("to".to_owned(), json!(to.id)),
        ("eligible".to_owned(), json!(to.eligible_for_rollback)),
        ("config".to_owned(), json!(config)),
    ])
}

/// Executes rollbacks.
pub(crate) struct Back {
    apps: Arc<Apps>,
}

impl Back {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }

    /// The releases after the plan's newest, newest first.
    async fn newer(&self, target: &Target) -> Result<Vec<Release>, Fault> {
        Ok(self
            .apps
            .heroku
            .releases_after(&target.app, target.newest)
            .await?)
    }

    async fn roll_back(&self, target: &Target, run: &Run<'_>) -> Result<Progress, Trouble> {
        let again = tried_before(BACK, run.journal);
        let newer = self.newer(target).await.map_err(Trouble::from);
        let earlier = newer.and_then(|newer| before_posting(&newer, target, again));
        // What an earlier try may have done is not denied.
        let state = if again { "" } else { NOTHING };
        if let Some(release) = earlier.map_err(|trouble| with_state(trouble, state))? {
            return done(&Made { release });
        }
        let made = self.apps.heroku.roll_back(&target.app, &target.release).await;
        let made = made.map_err(|error| with_state(Fault::from(error).into(), NOTHING))?;
        done(&Made { release: made.id })
    }

    /// The release that was made. If a person skipped that step, the newest one that fits; there may be none.
    async fn made(&self, target: &Target, run: &Run<'_>) -> Result<Option<ReleaseId>, Trouble> {
        if let Ok(Made { release }) = run.result::<Made>(BACK) {
            return Ok(Some(release));
        }
        let newer = self.newer(target).await?;
        Ok(newest_fit(&newer, target))
    }

    /// Holds the target, unless nothing was rolled back.
    async fn hold(&self, app: &App, target: &Target, run: &Run<'_>) -> Result<Progress, Trouble> {
        let made = self.made(target, run).await;
        let made = made.map_err(|trouble| with_state(trouble, "no hold was set"))?;
        Ok(match made {
            Some(release) => hold(app, target, release, run),
            None => not_made(app, target),
        })
    }
}

/// A person went on as if the rollback had been made, and it was not.
fn not_made(app: &App, target: &Target) -> Progress {
    bad(format!(
        "nothing after {} is a rollback to {}, so no hold was set. If you still want it: !rollback {} {}",
        target.newest, target.version, app.target, target.version
    ))
}

/// The hold that keeps the bot from bringing the newer code back.
fn hold(app: &App, target: &Target, release: ReleaseId, run: &Run<'_>) -> Progress {
    let plan = &run.operation.plan;
    let at = target.version.to_string();
    let hold = Hold {
        target: app.target.clone(),
        at: at.clone(),
        by: plan.requester.clone(),
        reason: plan.reason.clone(),
        since: run.now,
    };
    let entry = audit::Entry {
        person: Some(plan.requester.clone()),
        target: Some(app.target.clone()),
        request: Some(run.operation.request.clone()),
        operation: Some(run.operation.id.clone()),
        digest: Some(plan.digest()),
        ..audit::Entry::new(run.now, Event::Held, format!("{} is held at {at}", app.target))
    };
    Progress::Record {
        value: json!(Made { release }),
        writes: vec![Write::Hold(hold)],
        audit: vec![entry],
    }
}

#[async_trait]
impl Action for Back {
    fn name(&self) -> &'static str {
        ROLL_BACK
    }

    fn title(&self, plan: &Plan) -> String {
        format!(
            "rollback {}",
            plan.target.as_ref().map_or("", |target| target.as_str())
        )
    }

    fn steps(&self) -> &'static [Step] {
        const STEPS: &[Step] = &[
            Step::once(BACK),
            Step::repeatable(HOLD).tied(),
            Step::repeatable(RELEASE),
            Step::repeatable(DYNOS),
        ];
        STEPS
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        let (app, target) = (self.apps.of(plan)?, Target::of(plan)?);
        let heroku = &self.apps.heroku;
        let newest = heroku
            .newest_releases(&target.app, 1)
            .await
            .map_err(Fault::from)?;
        let current = heroku.current_release(&target.app).await.map_err(Fault::from)?;
        let to = heroku
            .release(&target.app, &target.release)
            .await
            .map_err(Fault::from)?;
        let restored = Restored::read(&self.apps, app, &target.release).await?;
        match (newest.first(), current) {
            (Some(newest), Some(current)) => Ok(facts(&current, newest.version, &to, &restored.names())),
            _ => Err(Trouble::never(format!(
                "nothing is live on {} any more",
                app.target
            ))),
        }
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        moved(plan, found)
    }

    async fn run(&self, step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        let (app, target) = (self.apps.of(run.plan())?, Target::of(run.plan())?);
        match step {
            BACK => self.roll_back(&target, run).await,
            HOLD => self.hold(app, &target, run).await,
            RELEASE => {
                let made: Made = run.result(HOLD)?;
                let kept = format!(
                    "; its config vars stay as they were at {}, and {} stays held. Fix it on {}, then !release-hold \
                     {} <why>.",
                    target.version,
                    app.target,
                    app.source_branch(),
                    app.target
                );
                let followed = follow::release_phase(&self.apps, app, &made.release, &kept).await;
                followed.map_err(|trouble| with_state(trouble, "the rollback was made and goes on at Heroku"))
            }
            _ => {
                let released: Released = run.result(RELEASE)?;
                let followed = follow::dynos_up(&self.apps, app, released.version, run).await;
                followed.map_err(|trouble| with_state(trouble, &format!("{} is released", released.version)))
            }
        }
    }

    async fn reconcile(&self, step: &'static str, run: &Run<'_>) -> Result<Reconciled, Trouble> {
        let target = Target::of(run.plan())?;
        let newer = self.newer(&target).await?;
        Ok(happened(&newer, &target, since_begun(step, run)))
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let (app, target) = (self.apps.of(run.plan())?, Target::of(run.plan())?);
        let live: Live = run.result(DYNOS)?;
        let line = announcement(app, &target, live, &news::by(run));
        Ok(Ended {
            good: true,
            words: format!("done · {}", live.words(&format!(" ({}'s code)", target.version))),
            announcement: Some(news::of(app, live.version, line)),
        })
    }
}

/// `prod: v814 live · rolled back from v813 to v811 (3f2a91c) by alice, signed by bob · held · https://…`.
fn announcement(app: &App, target: &Target, live: Live, by: &str) -> Line {
    let code = target
        .code
        .as_ref()
        .map(|code| format!(" ({code})"))
        .unwrap_or_default();
    let line = Line::new(format!(
        "{}: {} live · rolled back from {} to {}{code} by {by} · held",
        app.target, live.version, target.from, target.version
    ));
    match &target.compare {
        Some(link) => line.then(" · ").link("compare", link.clone()),
        None => line,
    }
}

/// What moved: "prod went from v813 to v814 (erin@…: Deploy 8d07be4)".
fn moved(plan: &Plan, found: &Facts) -> String {
    let mut moves = Vec::new();
    for (name, before, now) in facts::changes(plan, found) {
        moves.push(match name {
            facts::RELEASE => facts::release_moved(plan, found),
            facts::MADE_BY => continue,
            "newest" if found.get(facts::RELEASE) != plan.fingerprint.get(facts::RELEASE) => continue,
            "newest" => format!("{now} was made, and is not live"),
            "eligible" => "Heroku does not allow going back to that release any more".to_owned(),
            "config" => "other config vars would change back".to_owned(),
            other => format!("{other} went from {before} to {now}"),
        });
    }
    facts::in_words(moves)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::app::tests::prod;

    pub(in crate::rollback) fn target() -> Target {
        Target {
            app: "treeherder-prod".parse().unwrap(),
            release: "id-811".parse().unwrap(),
            version: Version(811),
            slug: Some("slug-a".parse().unwrap()),
            code: Some("3f2a91c".to_owned()),
            from: Version(812),
            newest: Version(813),
            config: Vec::new(),
            compare: None,
        }
    }

    #[test]
    fn where_there_is_no_rollback_nothing_is_held() {
        let Progress::End(ended) = not_made(&prod(), &target()) else {
            panic!("it went on")
        };
        assert!(!ended.good);
        assert_eq!(
            ended.words,
            "nothing after v813 is a rollback to v811, so no hold was set. If you still want it: !rollback prod v811"
        );
    }

    #[test]
    fn what_is_pinned_survives_the_plan() {
        let parameters = target().parameters().unwrap();
        let fields = parameters.into_iter().collect();
        assert_eq!(
            serde_json::from_value::<Target>(Value::Object(fields)).unwrap(),
            target()
        );
    }
}
