//! `rollback <target> [vN] [--reason TEXT]`: goes back to an older release: its code *and its config vars*. The plan
//! names the config vars that go back; afterwards the target is held, because the next push would bring the newer
//! code back.
//!
//! GitHub only adds which commits go back: when it is down, a rollback is possible all the same.

mod back;
mod code;
mod config;
mod made;
mod target;

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::{Detail, Draft, Effect};
use countersign_core::refusal::Refusal;
use countersign_core::settings::TargetKind;
use countersign_core::text::count;
use countersign_heroku::{Release, Version};

use crate::app::{App, Apps};
use crate::trouble::Fault;
use crate::words::{one_line, short_commit};

pub(crate) use back::Back;
use back::{ROLL_BACK, Target, facts};
use code::Code;
use config::Restored;
use target::Choice;
pub(crate) use target::rolled_back_to;
#[cfg(test)]
pub(crate) use target::tests;

/// How many releases are looked at for the one before.
const RELEASES: usize = 100;

/// The command.
pub(crate) struct Rollback {
    apps: Arc<Apps>,
}

/// Go back to an older release, code and config vars.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to roll back.
    target: String,
    /// The release to go back to; the code before the present one if there is none.
    #[arg(value_name = "vN")]
    version: Option<String>,
    /// Why; those who sign, the hold and the audit say it.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Rollback {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }

    async fn plan(&self, ask: &Ask<'_>, args: Args) -> Result<Outcome, Refusal> {
        let apps = &*self.apps;
        let app = apps.get(&args.target)?;
        let asked = args.version.as_deref().map(version).transpose()?;
        let mut releases = apps
            .heroku
            .newest_releases(&app.heroku, RELEASES)
            .await
            .map_err(Fault::from)?;
        if let Some(asked) = asked {
            add_older(apps, app, asked, &mut releases).await?;
        }
        let choice = target::choose(&releases, asked).map_err(|no| no.refusal(app, ask))?;
        let restored = Restored::read(apps, app, &choice.to.id).await?;
        if choice.same_code && restored.changes.is_empty() {
            let words = format!(
                "{} has the same code and config vars as {}, so nothing would change",
                choice.to.version, choice.current.version
            );
            let list = ask.type_(&format!("releases {}", app.target));
            return Err(Refusal::new(words).hint(format!("Choose another: {list}.")));
        }
        let code = Code::read(apps, app, &choice).await?;
        let resource = apps
            .heroku
            .app(&app.heroku)
            .await
            .map_err(Fault::from)?
            .id
            .to_string();
        let newest = releases
            .iter()
            .map(|release| release.version)
            .max()
            .unwrap_or(choice.current.version);
        let draft = draft(app, &choice, &restored, &code, newest, resource, args.reason)?;
        Ok(Outcome::Plan(Box::new(draft)))
    }
}

#[async_trait]
impl Command for Rollback {
    type Args = Args;

    fn spec(&self) -> Spec {
        Spec {
            name: "rollback",
            aliases: &[],
            effect: Effect::Destructive,
            examples: &[
                "rollback prod --reason \"500s on /api/push\"",
                "rollback prod v811",
            ],
            stopped_by_hold: false,
        }
    }

    fn takes(&self) -> Option<TargetKind> {
        Some(TargetKind::App)
    }

    fn target<'a>(&self, args: &'a Args) -> Option<&'a str> {
        Some(&args.target)
    }

    async fn run(&self, ask: &Ask<'_>, args: Args) -> Result<Outcome, Refusal> {
        let planned = self.plan(ask, args).await;
        planned.map_err(|refusal| Refusal {
            words: format!("not rolled back: {}", refusal.words),
            ..refusal
        })
    }
}

/// `v811` or `811`.
fn version(typed: &str) -> Result<Version, Refusal> {
    typed.parse().map_err(|_| {
        Refusal::new(format!("{} is not a release", one_line(typed))).hint("Releases are written v811.")
    })
}

/// An old release is not among the newest ones.
async fn add_older(apps: &Apps, app: &App, asked: Version, releases: &mut Vec<Release>) -> Result<(), Fault> {
    let oldest = releases.last().map(|release| release.version);
    if oldest.is_some_and(|oldest| asked < oldest) {
        match apps.heroku.release_by_version(&app.heroku, asked).await {
            Ok(release) => releases.push(release),
            Err(error) if error.kind() == countersign_heroku::ErrorKind::NotFound => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn draft(
    app: &App,
    choice: &Choice<'_>,
    restored: &Restored,
    code: &Code,
    newest: Version,
    resource: String,
    reason: Option<String>,
) -> Result<Draft, Refusal> {
    let (current, to) = (choice.current, choice.to);
    let detail = |label: &str, lines: Vec<String>| Detail {
        label: label.to_owned(),
        lines,
    };
    let mut details = vec![
        detail("code", vec![code.line(choice)]),
        detail("config", restored.lines()),
    ];
    if choice.skipped > 0 {
        let words = format!("{} in between can't be used", count(choice.skipped, "release"));
        details.push(detail("note", vec![words]));
    }
    let then = if choice.same_code {
        format!("{} is held at {}", app.target, to.version)
    } else {
        format!(
            "{} is held: the next push to {} would put newer code in its place",
            app.target, app.branch
        )
    };
    details.push(detail("then", vec![then]));
    details.extend(
        code.migrations
            .iter()
            .map(|words| detail("migrations", vec![words.clone()])),
    );
    details.extend(code.link.iter().map(|link| detail("compare", vec![link.clone()])));
    let target = Target {
        app: app.heroku.clone(),
        release: to.id.clone(),
        version: to.version,
        slug: to.slug.clone(),
        code: code.then.as_ref().map(short_commit),
        from: current.version,
        newest,
        config: restored.names(),
        compare: code.link.clone(),
    };
    Ok(Draft {
        command: None,
        action: ROLL_BACK.to_owned(),
        effect: Effect::Destructive,
        target: Some(app.target.clone()),
        resource: Some(resource),
        also: Vec::new(),
        summary: format!(
            "roll back {} from {} to {}",
            app.target, current.version, to.version
        ),
        details,
        parameters: target.parameters()?,
        fingerprint: facts(current, newest, to, &restored.names()),
        reason,
    })
}
