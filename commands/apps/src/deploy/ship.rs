//! How deploys are executed: the branch is moved, once, and what Heroku makes of it is followed. A deploy that only
//! follows has the same steps without the move.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble, TroubleKind};
use countersign_core::plan::{Facts, Plan};
use countersign_core::reply::Line;
use countersign_github::Sha;
use futures_util::future::try_join3;
use serde_json::{Value, json};

use super::branch::{Go, after_moving, before_moving, since_begun, tried_before};
use super::ci::waited;
use super::pinned::{Pinned, facts, moved};
use crate::app::{App, Apps};
use crate::follow::{self, BUILDS, Found, Live, Made, Released, Wanted};
use crate::news;
use crate::trouble::{Fault, with_state};
use crate::words::quoted;

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

    /// Where the branch is, and all that the plan relies on.
    async fn look(&self, pinned: &Pinned) -> Result<(Sha, Facts), Fault> {
        let Apps { github, heroku, .. } = &*self.apps;
        let (repository, branch) = (&pinned.repository, &pinned.branch);
        let branch = async { Ok::<_, Fault>(github.branch_head(repository, branch).await?) };
        let release = async { Ok(heroku.current_release(&pinned.app).await?) };
        let ci = async {
            if pinned.wait_ci {
                Ok(None)
            } else {
                Ok(Some(github.ci(repository, &pinned.sha).await?))
            }
        };
        let (branch, release, ci) = try_join3(branch, release, ci).await?;
        let facts = facts(&branch, release.as_ref(), ci.as_ref());
        Ok((branch, facts))
    }

    /// Moves the branch, unless something moved since it was asked for: that may be hours ago, if CI was waited for.
    async fn move_branch(&self, app: &App, pinned: &Pinned, run: &Run<'_>) -> Result<Progress, Trouble> {
        let stays = format!("{} was not moved", pinned.branch);
        // What an earlier try may have done is not denied.
        let state = if tried_before(MOVE, run.journal) {
            ""
        } else {
            &stays
        };
        let seen = self.look(pinned).await;
        let (at, found) = seen.map_err(|fault| with_state(fault.into(), state))?;
        match before_moving(pinned, &at) {
            Go::There => return Ok(Progress::Done(json!({ "was_there": at }))),
            Go::Move if found == run.plan().fingerprint => {}
            Go::Move | Go::No => {
                let moved = moved_meanwhile(app, pinned, run.plan(), &found);
                return Err(with_state(moved, state));
            }
        }
        let github = &self.apps.github;
        let moved = github
            .fast_forward(&pinned.repository, &pinned.branch, &pinned.sha)
            .await;
        let now_at = moved.map_err(|error| with_state(Fault::from(error).into(), &stays))?;
        if now_at == pinned.sha {
            return Ok(Progress::Done(json!({ "from": at, "to": now_at })));
        }
        // GitHub said yes and named another commit: whether ours is in it, reconcile finds out.
        let words = format!("GitHub says that {} is at {} now", pinned.branch, now_at.short());
        Err(Trouble {
            kind: TroubleKind::Lost,
            ..Trouble::never(words)
        })
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

/// Why the branch is left alone: what was signed is not what would be done.
fn moved_meanwhile(app: &App, pinned: &Pinned, plan: &Plan, found: &Facts) -> Trouble {
    let words = format!("since {} asked, {}", plan.requester, moved(plan, pinned, found));
    Trouble::never(words).hint(format!("Ask again: !deploy {}", app.target))
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
        let (_, facts) = self.look(&Pinned::of(plan)?).await?;
        Ok(facts)
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
            MOVE => self.move_branch(app, &pinned, run).await,
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
    use crate::facts;
    use crate::facts::tests::plan;
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
    fn what_moved_while_ci_was_waited_for_is_told() {
        let plan = plan(Facts::from([
            (facts::RELEASE.to_owned(), json!("v812")),
            ("branch_at".to_owned(), json!(sha('3'))),
        ]));
        let found = Facts::from([
            (facts::RELEASE.to_owned(), json!("v813")),
            (facts::MADE_BY.to_owned(), json!("erin@…: Deploy 5555555")),
            ("branch_at".to_owned(), json!(sha('3'))),
        ]);
        let trouble = moved_meanwhile(&prod(), &pinned(), &plan, &found);
        assert_eq!(
            with_state(trouble, "production was not moved").sentence(),
            "since alice asked, prod went from v812 to v813 (erin@…: Deploy 5555555); production was not moved. Ask \
             again: !deploy prod"
        );
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
