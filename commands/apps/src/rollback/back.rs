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
use countersign_core::text::list;
use countersign_core::time::Duration;
use countersign_heroku::{AppName, Release, ReleaseId, SlugId, Version};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::config::Restored;
use super::target::rolled_back_to;
use crate::app::{App, Apps};
use crate::deploy::{SETTLE, since_begun};
use crate::facts;
use crate::follow::{self, Live, Made, Released, SOON, done};
use crate::news;
use crate::trouble::{Fault, with_state};

/// The action.
pub(super) const ROLL_BACK: &str = "rollback";

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

    async fn roll_back(&self, target: &Target) -> Result<Progress, Trouble> {
        let heroku = &self.apps.heroku;
        let newer = heroku
            .releases_after(&target.app, target.newest)
            .await
            .map_err(Fault::from)?;
        if let Some(newest) = newer.first() {
            let words = format!("{} was made meanwhile, so I did not roll back", newest.version);
            return Err(Trouble::never(words).hint("Look at it, then ask again."));
        }
        let made = heroku
            .roll_back(&target.app, &target.release)
            .await
            .map_err(Fault::from)?;
        done(&Made { release: made.id })
    }

    /// The release that was made. If a person skipped that step, the newest one that fits.
    async fn made(&self, target: &Target, run: &Run<'_>) -> Result<ReleaseId, Trouble> {
        if let Ok(Made { release }) = run.result::<Made>(BACK) {
            return Ok(release);
        }
        let newer = self
            .apps
            .heroku
            .releases_after(&target.app, target.newest)
            .await
            .map_err(Fault::from)?;
        let fits = newer
            .iter()
            .find(|release| is_it(release, target))
            .or(newer.first());
        match fits {
            Some(release) => Ok(release.id.clone()),
            None => Err(
                Trouble::never(format!("there is no release after {}", target.newest))
                    .hint("So nothing was rolled back; ask again if you still want it."),
            ),
        }
    }
}

/// Whether a release is the rollback that was wanted.
fn is_it(release: &Release, target: &Target) -> bool {
    rolled_back_to(release) == Some(target.version) && release.slug == target.slug
}

/// What the releases after the plan's newest say of a rollback in doubt. A request that was delayed may still
/// arrive, so that "no" takes a while.
fn happened(newer: &[Release], target: &Target, since: Duration) -> Reconciled {
    let mut ours = newer.iter().filter(|release| is_it(release, target));
    match (ours.next(), ours.next()) {
        (Some(one), None) => Reconciled::Happened(json!(Made {
            release: one.id.clone()
        })),
        (Some(_), Some(_)) => Reconciled::CannotTell(format!(
            "there are several releases that roll back to {}",
            target.version
        )),
        (None, _) if newer.is_empty() && since < SETTLE => Reconciled::Later(SOON),
        (None, _) if newer.is_empty() => Reconciled::NotHappened,
        (None, _) => Reconciled::CannotTell(format!(
            "after {} came {}, and none of it is a rollback to {}",
            target.newest,
            list(newer.iter().map(|release| release.version)),
            target.version
        )),
    }
}

/// The hold that keeps the bot from bringing the newer code back.
fn hold(app: &App, target: &Target, run: &Run<'_>) -> Progress {
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
        value: Value::Null,
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
            Step::repeatable(HOLD),
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
            BACK => {
                let made = self.roll_back(&target).await;
                made.map_err(|trouble| with_state(trouble, "nothing was rolled back"))
            }
            HOLD => Ok(hold(app, &target, run)),
            RELEASE => {
                let made = self.made(&target, run).await?;
                let kept = format!(
                    "; its config vars stay as they were at {}, and {} stays held. Fix it on {}, then !release-hold \
                     {} <why>.",
                    target.version,
                    app.target,
                    app.source_branch(),
                    app.target
                );
                let followed = follow::release_phase(&self.apps, app, &made, &kept).await;
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
        let newer = self
            .apps
            .heroku
            .releases_after(&target.app, target.newest)
            .await
            .map_err(Fault::from)?;
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
    list(moves)
}

#[cfg(test)]
mod tests {
    use super::super::target::tests::release;
    use super::*;

    fn target() -> Target {
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

    fn told(newer: &[&str], since: Duration) -> Reconciled {
        let newer: Vec<Release> = newer.iter().map(|text| release(text)).collect();
        happened(&newer, &target(), since)
    }

    #[test]
    fn trap_16_a_lost_rollback_is_found_among_the_newer_releases() {
        let ours = "814 a pending: Rollback to v811";
        let found = Reconciled::Happened(json!({ "release": "id-814" }));
        assert_eq!(told(&[ours], Duration::ZERO), found);
        assert_eq!(told(&["815 a ok: Set A config vars", ours], SETTLE), found);
    }

    #[test]
    fn trap_16_no_is_believed_only_when_a_delayed_request_cannot_arrive_any_more() {
        assert_eq!(told(&[], Duration::ZERO), Reconciled::Later(SOON));
        assert_eq!(told(&[], SETTLE), Reconciled::NotHappened);
    }

    #[test]
    fn what_cannot_be_told_is_left_to_a_person() {
        let seen = |newer: &[&str]| match told(newer, SETTLE) {
            Reconciled::CannotTell(saw) => saw,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            seen(&["814 c ok: Deploy 8d07be4"]),
            "after v813 came v814, and none of it is a rollback to v811"
        );
        assert!(seen(&["814 b ok: Rollback to v811"]).contains("none of it"));
        let ours = "a ok: Rollback to v811";
        assert_eq!(
            seen(&[&format!("815 {ours}"), &format!("814 {ours}")]),
            "there are several releases that roll back to v811"
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
