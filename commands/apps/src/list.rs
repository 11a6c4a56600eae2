//! `apps`: the apps, and where everything about each is: its site, its dashboard, its code.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply};

use crate::app::{App, Apps, Source};

/// The command.
pub(crate) struct List {
    apps: Arc<Apps>,
}

/// List the apps with their links.
#[derive(clap::Args)]
pub(crate) struct Args {}

impl List {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }
}

#[async_trait]
impl Command for List {
    type Args = Args;

    fn spec(&self) -> Spec {
        Spec {
            name: "apps",
            aliases: &[],
            effect: Effect::Read,
            examples: &["apps"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, _ask: &Ask<'_>, _args: Args) -> Result<Outcome, Refusal> {
        let mut apps = self.apps.iter();
        let Some(first) = apps.next() else {
            return Ok(Outcome::Reply(Reply::line("no apps are configured.")));
        };
        let reply = apps.fold(Reply::line(line(first)), |reply, app| reply.and(line(app)));
        Ok(Outcome::Reply(reply))
    }
}

/// `prod: https://… · treeherder-prod https://… · mozilla/treeherder, production moved up to master`.
fn line(app: &App) -> Line {
    Line::default()
        .strong(app.target.to_string())
        .then(": ")
        .link("site", app.site.clone())
        .then(format!(" · {} ", app.heroku))
        .link("dashboard", app.dashboard("").trim_end_matches('/').to_owned())
        .then(format!(" · {}, {}", app.repository, moves(app)))
}

fn moves(app: &App) -> String {
    let branch = &app.branch;
    match &app.source {
        Source::Pushed { from } => format!("!deploy {} moves {branch} up to {from}", app.target),
        Source::Followed if app.auto_deploy => format!("every push to {branch} deploys it"),
        Source::Followed => format!("{branch}, deployed by hand"),
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::reply::plain_line;

    use super::*;
    use crate::app::tests::{prod, stage};

    #[test]
    fn where_everything_is() {
        assert_eq!(
            plain_line(&line(&prod())),
            "prod: https://treeherder.example.org/ · treeherder-prod \
             https://dashboard.heroku.com/apps/treeherder-prod · mozilla/treeherder, !deploy prod moves production up \
             to master"
        );
        assert!(plain_line(&line(&stage())).ends_with("every push to master deploys it"));
    }
}
