//! How `config get` is executed: the value is read, and leaves by a secret link in the same step. It is never written
//! down, so that after a crash it is read again.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::link::{Content, Field, Issue};
use countersign_core::operation::{Action, Ended, Progress, Reconciled, Run, Step, Trouble};
use countersign_core::plan::{Facts, Plan};
use countersign_heroku::AppName;
use serde::Deserialize;

use super::vars::{Present, moved};
use crate::app::{App, Apps};
use crate::trouble::{Fault, with_state};

/// The action.
pub(super) const HAND_OUT: &str = "config-get";
/// The app at Heroku, in the plan.
pub(super) const APP: &str = "app";
/// The config var, in the plan.
pub(super) const NAME: &str = "name";

const STEP: &str = "hand it out";

/// Executes `config get`.
pub(crate) struct Hand {
    apps: Arc<Apps>,
}

/// What the step leaves in the journal: the id that the link has in words.
#[derive(Deserialize)]
struct Handed {
    link: String,
}

impl Hand {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }

    async fn hand_out(&self, app: &App, run: &Run<'_>) -> Result<Progress, Trouble> {
        let plan = run.plan();
        let (heroku, name): (AppName, String) = (plan.parameter(APP)?, plan.parameter(NAME)?);
        let requester = &plan.requester;
        let Some(handing) = &self.apps.handing else {
            return Err(Trouble::never(
                "the configuration has no web side any more, and nothing is handed out without it",
            ));
        };
        let Some(recipient) = handing.settings.directory.person(requester) else {
            return Err(Trouble::never(format!(
                "{requester} is not in the configuration any more"
            )));
        };
        let vars = self.apps.heroku.config_vars(&heroku).await.map_err(Fault::from)?;
        self.apps.keep_secret(app, &vars);
        let Some(value) = vars.get(&name) else {
            return Err(Trouble::never(format!("{} has no {name} any more", app.target)));
        };
        let issue = Issue {
            run,
            recipient,
            title: format!("{}'s {name}", app.target),
            content: Content {
                fields: vec![Field {
                    label: name.clone(),
                    value: value.clone(),
                }],
                files: Vec::new(),
            },
            access: None,
        };
        let issued = handing.links.issue(issue).await?;
        Ok(Progress::Record {
            value: issued.value,
            writes: issued.writes,
            audit: issued.audit,
        })
    }
}

#[async_trait]
impl Action for Hand {
    fn name(&self) -> &'static str {
        HAND_OUT
    }

    fn title(&self, plan: &Plan) -> String {
        let target = plan.target.as_ref().map_or("", |target| target.as_str());
        format!("config get {target}")
    }

    fn steps(&self) -> &'static [Step] {
        const STEPS: &[Step] = &[Step::repeatable(STEP)];
        STEPS
    }

    async fn facts(&self, plan: &Plan) -> Result<Facts, Trouble> {
        let (app, name): (&App, String) = (self.apps.of(plan)?, plan.parameter(NAME)?);
        Ok(Present::of(&self.apps, app).await?.shown(&name))
    }

    fn moved(&self, plan: &Plan, found: &Facts) -> String {
        match plan.parameter::<String>(NAME) {
            Ok(name) => moved(plan, &name, found),
            Err(error) => error.to_string(),
        }
    }

    async fn run(&self, _step: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        let app = self.apps.of(run.plan())?;
        let handed = self.hand_out(app, run).await;
        handed.map_err(|trouble| with_state(trouble, "nothing was shown"))
    }

    async fn reconcile(&self, step: &'static str, _run: &Run<'_>) -> Result<Reconciled, Trouble> {
        Err(Trouble::never(format!(
            "\"{step}\" may be repeated, so there is nothing to find out"
        )))
    }

    fn ended(&self, run: &Run<'_>) -> Result<Ended, Trouble> {
        let Handed { link } = run.result(STEP)?;
        Ok(Ended {
            good: true,
            words: format!("done · link {link} went to {}", run.plan().requester),
            announcement: None,
        })
    }
}
