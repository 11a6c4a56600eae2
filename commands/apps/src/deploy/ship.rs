//! How deploys are executed: the branch is moved, once, and what Heroku makes of it is followed. A deploy that only
//! follows has the same steps without the move.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble, TroubleKind};
use countersign_core::plan::{Facts, Plan};
use countersign_core::reply::Line;
use countersign_core::text::span;
use countersign_core::time::Duration;
use countersign_github::Ci;
use futures_util::future::try_join;
use serde_json::{Value, json};

use super::branch::{Go, after_moving, before_moving, since_begun};
use super::pinned::{Pinned, facts, moved};
use crate::app::{App, Apps};
use crate::follow::{
    self, BUILDS, CI_PAUSE, CI_WITHIN, Found, Live, Made, Released, Wanted, bad, wait, waits_for_ci,
};
use crate::news;
use crate::trouble::{Fault, with_state};
use crate::words::{failed_checks, quoted};

/// The action that moves the branch.
pub(super) const PUSH: &str = "deploy";
/// The action that only follows.
pub(super) const FOLLOW: &str = "follow-deploy";

const WAIT_FOR_CI: &str = "wait for CI";
const MOVE: &str = "move the branch";
const FIND: &str = "find the build";
const BUILD: &str = "build";
const RELEASE: &str = "release phase";
const DYNOS: &str = "dynos up";

/// Executes deploys.
pub(crate) struct Ship {
    apps: Arc<Apps>,
    pushes: bool,
}

impl Ship {
    /// The action that moves the branch.
    pub(crate) fn push(apps: Arc<Apps>) -> Self {
        Self { apps, pushes: true }
    }

    /// The action that only follows.
    pub(crate) fn follow(apps: Arc<Apps>) -> Self {
        Self { apps, pushes: false }
    }

    async fn wait_for_ci(&self, app: &App, pinned: &Pinned, run: &Run<'_>) -> Result<Progress, Trouble> {
        if self.pushes && !pinned.wait_ci {
            return Ok(Progress::Done(Value::Null));
        }
        if !self.pushes {
            let builds = self
                .apps
                .heroku
                .newest_builds(&app.heroku, BUILDS)
                .await
                .map_err(Fault::from)?;
            if follow::among(&self.apps, wanted(app, pinned, ""), &builds)
                .await?
                .is_some()
            {
                return Ok(Progress::Done(Value::Null));
            }
        }
        let ci = self
            .apps
            .github
            .ci(&pinned.repository, &pinned.sha)
            .await
            .map_err(Fault::from)?;
        Ok(waited(app, pinned, &ci, run.in_step(), self.pushes))
    }

    async fn move_branch(&self, app: &App, pinned: &Pinned) -> Result<Progress, Trouble> {
        let (github, repository, branch) = (&self.apps.github, &pinned.repository, &pinned.branch);
        let at = github
            .branch_head(repository, branch)
            .await
            .map_err(Fault::from)?;
        match before_moving(pinned, &at) {
            Go::There => Ok(Progress::Done(json!({ "was_there": at }))),
            Go::No => Err(Trouble::never(format!(
                "{branch} went to {} meanwhile, so I did not move it",
                at.short()
            ))
            .hint(format!("Look what that is, then !deploy {}.", app.target))),
            Go::Move => {
                let now_at = github
                    .fast_forward(repository, branch, &pinned.sha)
                    .await
                    .map_err(Fault::from)?;
                if now_at == pinned.sha {
                    Ok(Progress::Done(json!({ "from": at, "to": now_at })))
                } else {
                    // GitHub said yes and named another commit: whether ours is in it, reconcile finds out.
                    let words = format!("GitHub says that {branch} is at {} now", now_at.short());
                    Err(Trouble {
                        kind: TroubleKind::Lost,
                        ..Trouble::never(words)
                    })
                }
            }
        }
    }

    async fn followed(
        &self,
        step: &str,
        app: &App,
        pinned: &Pinned,
        run: &Run<'_>,
    ) -> Result<Progress, Trouble> {
        let state = state(pinned);
        let wanted = wanted(app, pinned, &state);
        match step {
            FIND => follow::find(&self.apps, wanted, run).await,
            BUILD => follow::build(&self.apps, wanted, &run.result::<Found>(FIND)?).await,
            RELEASE => {
                let made: Made = run.result(BUILD)?;
                let and = if state.is_empty() {
                    String::new()
                } else {
                    format!(", and {state}")
                };
                let fix = format!(
                    "{and}. Fix it on {}, then !deploy {}.",
                    app.source_branch(),
                    app.target
                );
                follow::release_phase(&self.apps, app, &made.release, &fix).await
            }
            _ => {
                let released: Released = run.result(RELEASE)?;
                follow::dynos_up(&self.apps, app, released.version, run).await
            }
        }
    }
}

fn wanted<'a>(app: &'a App, pinned: &'a Pinned, state: &'a str) -> Wanted<'a> {
    Wanted {
        app,
        sha: &pinned.sha,
        after_build: pinned.after_build.as_ref(),
        state,
    }
}

/// What is so already and stays so, once the branch was moved.
fn state(pinned: &Pinned) -> String {
    match pinned.from {
        Some(_) => format!("{} is at {}", pinned.branch, pinned.sha.short()),
        None => String::new(),
    }
}

/// What CI means for the deploy that waits for it. Heroku waits by itself, so who follows only watches.
fn waited(app: &App, pinned: &Pinned, ci: &Ci, waited: Duration, pushes: bool) -> Progress {
    let short = pinned.sha.short();
    let stays = format!("{} was not moved", pinned.branch);
    let again = format!("Then !deploy {} again", app.target);
    match ci {
        Ci::Green { .. } => Progress::Done(Value::Null),
        Ci::Running { done, total, .. } if waited < CI_WITHIN => waits_for_ci(short, *done, *total),
        _ if !pushes => Progress::Done(Value::Null),
        Ci::None if waited < app.starts_within => {
            wait(CI_PAUSE, format!("waiting for CI on {short} to begin"), None)
        }
        Ci::None => bad(format!(
            "CI on {short} did not begin within {}; {stays}. Look at it on GitHub. {again}",
            span(waited)
        )),
        Ci::Running { .. } => bad(format!(
            "CI on {short} is still running after {}; {stays}. Look at it on GitHub. {again}",
            span(waited)
        )),
        Ci::Red { failed } => bad(format!(
            "CI on {short} is red ({}); {stays}. Fix it on {}. {again}",
            failed_checks(failed),
            app.source_branch()
        )),
    }
}

#[async_trait]
impl Action for Ship {
    fn name(&self) -> &'static str {
        if self.pushes { PUSH } else { FOLLOW }
    }

    fn title(&self, plan: &Plan) -> String {
        format!(
            "deploy {}",
            plan.target.as_ref().map_or("", |target| target.as_str())
        )
    }

    fn steps(&self) -> &'static [Step] {
        const PUSHING: &[Step] = &[
            Step::repeatable(WAIT_FOR_CI),
            Step::once(MOVE),
            Step::repeatable(FIND),
            Step::repeatable(BUILD),
            Step::repeatable(RELEASE),
            Step::repeatable(DYNOS),
        ];
        const FOLLOWING: &[Step] = &[
            Step::repeatable(WAIT_FOR_CI),
            Step::repeatable(FIND),
            Step::repeatable(BUILD),
            Step::repeatable(RELEASE),
            Step::repeatable(DYNOS),
        ];
        if self.pushes { PUSHING } else { FOLLOWING }
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        if !self.pushes {
            return Ok(Facts::new());
        }
        let pinned = Pinned::of(plan)?;
        let branch = async {
            Ok::<_, Fault>(
                self.apps
                    .github
                    .branch_head(&pinned.repository, &pinned.branch)
                    .await?,
            )
        };
        let release = async { Ok::<_, Fault>(self.apps.heroku.current_release(&pinned.app).await?) };
        let (branch, release) = try_join(branch, release).await?;
        let ci = if pinned.wait_ci {
            None
        } else {
            Some(
                self.apps
                    .github
                    .ci(&pinned.repository, &pinned.sha)
                    .await
                    .map_err(Fault::from)?,
            )
        };
        Ok(facts(&branch, release.as_ref(), ci.as_ref()))
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        match Pinned::of(plan) {
            Ok(pinned) => moved(plan, &pinned, found),
            Err(trouble) => trouble.sentence(),
        }
    }

    async fn run(&self, step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        let (app, pinned) = (self.apps.of(run.plan())?, Pinned::of(run.plan())?);
        match step {
            WAIT_FOR_CI => self.wait_for_ci(app, &pinned, run).await,
            MOVE => {
                let moved = self.move_branch(app, &pinned).await;
                moved.map_err(|trouble| with_state(trouble, &format!("{} was not moved", pinned.branch)))
            }
            later => {
                let followed = self.followed(later, app, &pinned, run).await;
                followed.map_err(|trouble| with_state(trouble, &state(&pinned)))
            }
        }
    }

    async fn reconcile(&self, step: &'static str, run: &Run<'_>) -> Result<Reconciled, Trouble> {
        let pinned = Pinned::of(run.plan())?;
        let at = self
            .apps
            .github
            .branch_head(&pinned.repository, &pinned.branch)
            .await
            .map_err(Fault::from)?;
        Ok(after_moving(&pinned, &at, since_begun(step, run)))
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let (app, pinned) = (self.apps.of(run.plan())?, Pinned::of(run.plan())?);
        let live: Live = run.result(DYNOS)?;
        let how = if self.pushes {
            format!("deployed by {}", news::by(run))
        } else {
            format!("deployed from {}", pinned.branch)
        };
        let line = announcement(app, &pinned, live, &how);
        Ok(Ended {
            good: true,
            words: format!("done · {}", live.words("")),
            announcement: Some(news::of(app, live.version, line)),
        })
    }
}

/// `prod: v813 live · 8d07be4 "Fix…" · 12 commits by 4 people, no migrations · deployed by alice · https://…`.
fn announcement(app: &App, pinned: &Pinned, live: Live, how: &str) -> Line {
    let mut line = Line::new(format!("{}: {} live · ", app.target, live.version)).code(pinned.sha.short());
    if !pinned.subject.is_empty() {
        line = line.then(" ").foreign(quoted(&pinned.subject));
    }
    if let Some(size) = &pinned.size {
        line = line.then(format!(" · {size}"));
    }
    line = line.then(format!(" · {how}"));
    match &pinned.compare {
        Some(link) => line.then(" · ").link("compare", link.clone()),
        None => line,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::app::tests::prod;
    use crate::words::tests::sha;

    pub(in crate::deploy) fn pinned() -> Pinned {
        Pinned {
            app: "treeherder-prod".parse().unwrap(),
            repository: "mozilla/treeherder".parse().unwrap(),
            branch: "production".parse().unwrap(),
            from: Some(sha('3')),
            sha: sha('8'),
            subject: "Fix task graph".to_owned(),
            size: Some("12 commits by 4 people, no migrations".to_owned()),
            compare: Some("https://g/compare".to_owned()),
            wait_ci: true,
            after_build: None,
        }
    }

    #[test]
    fn trap_23_who_waits_for_ci_does_not_wait_for_ever() {
        let said = |ci: &Ci, since: Duration| match waited(&prod(), &pinned(), ci, since, true) {
            Progress::Done(_) => "go".to_owned(),
            Progress::Wait { phase, .. } => phase,
            Progress::End(ended) => ended.words,
            Progress::Record { .. } => "record".to_owned(),
        };
        let (soon, late) = (Duration::ZERO, Duration::from_mins(10));
        let running = Ci::Running {
            done: 1,
            total: 2,
            since: None,
        };
        assert_eq!(said(&Ci::Green { total: 2 }, soon), "go");
        assert_eq!(said(&running, late), "waiting for CI on 8888888");
        assert_eq!(
            said(&running, CI_WITHIN),
            "CI on 8888888 is still running after 2 h; production was not moved. Look at it on GitHub. Then !deploy \
             prod again"
        );
        assert_eq!(said(&Ci::None, soon), "waiting for CI on 8888888 to begin");
        assert!(said(&Ci::None, late).starts_with("CI on 8888888 did not begin within 10 min"));
    }

    #[test]
    fn the_news_say_what_who_and_where() {
        let live = Live {
            version: countersign_heroku::Version(813),
            dynos: 14,
        };
        assert_eq!(
            countersign_core::reply::plain_line(&announcement(
                &prod(),
                &pinned(),
                live,
                "deployed by alice, signed by bob"
            )),
            "prod: v813 live · 8888888 \"Fix task graph\" · 12 commits by 4 people, no migrations · deployed by alice, \
             signed by bob · https://g/compare"
        );
        assert_eq!(live.words(""), "v813 live on 14 dynos");
        assert_eq!(
            Live { dynos: 0, ..live }.words(""),
            "v813 released; no dynos are scaled up"
        );
    }

    #[test]
    fn what_is_pinned_survives_the_plan() {
        let fields = pinned().parameters().unwrap().into_iter().collect();
        assert_eq!(
            serde_json::from_value::<Pinned>(Value::Object(fields)).unwrap(),
            pinned()
        );
    }
}
