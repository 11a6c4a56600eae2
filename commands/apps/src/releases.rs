//! `releases <target> [--limit N]`: the releases of an app, newest first: which one is live, which failed or expired,
//! what each was, by whom and when.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Block, Line, Reply};
use countersign_core::settings::TargetKind;
use countersign_core::text::{ago, clip};
use countersign_heroku::{Release, ReleaseStatus};

use crate::app::Apps;
use crate::trouble::Fault;
use crate::words::{mail, one_line};

/// Descriptions are strangers' texts of any length.
const DESCRIPTION: usize = 60;

/// The command.
pub(crate) struct Releases {
    apps: Arc<Apps>,
}

/// Show the releases of an app, newest first.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Which app.
    target: String,
    /// How many to show, at most 50.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=50))]
    limit: u8,
}

impl Releases {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }
}

#[async_trait]
impl Command for Releases {
    type Args = Args;

    fn spec(&self) -> Spec {
        Spec {
            name: "releases",
            aliases: &[],
            effect: Effect::Read,
            examples: &["releases prod", "releases stage --limit 20"],
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
        let app = self.apps.get(&args.target)?;
        let releases = self
            .apps
            .heroku
            .newest_releases(&app.heroku, usize::from(args.limit));
        let releases = releases.await.map_err(Fault::from)?;
        if releases.is_empty() {
            return Ok(Outcome::Reply(Reply::line(format!(
                "{} has no release yet.",
                app.target
            ))));
        }
        let head = ["release", "state", "what", "by", "when"]
            .map(str::to_owned)
            .to_vec();
        let rows = releases.iter().map(|release| row(release, ask.now)).collect();
        let first = Line::new(format!("releases of {}, newest first: ", app.target))
            .link("activity", app.dashboard("activity"));
        Ok(Outcome::Reply(
            Reply::line(first).block(Block::Table { head, rows }),
        ))
    }
}

fn row(release: &Release, now: countersign_core::time::Timestamp) -> Vec<Line> {
    let what = one_line(&release.description);
    vec![
        Line::default().code(release.version.to_string()),
        Line::new(state(release)),
        Line::default().foreign(clip(&what, DESCRIPTION).into_owned()),
        Line::default().foreign(mail(&release.user.email)),
        Line::new(ago(release.created_at, now)),
    ]
}

/// What became of it. Only one release is live, and not always the newest.
fn state(release: &Release) -> &'static str {
    match release.status {
        _ if release.current => "live",
        ReleaseStatus::Failed => "FAILED",
        ReleaseStatus::Pending => "release phase running",
        ReleaseStatus::Expired => "expired",
        ReleaseStatus::Succeeded if release.eligible_for_rollback => "was live",
        ReleaseStatus::Succeeded => "was live, no way back",
        ReleaseStatus::Other => "?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::tests::release;

    #[test]
    fn trap_15_only_the_current_release_is_live() {
        let states = [
            "814 c failed",
            "813 b current",
            "812 a ok",
            "811 a old",
            "790 z expired",
            "815 d pending",
        ];
        let said: Vec<_> = states.iter().map(|text| state(&release(text))).collect();
        assert_eq!(
            said,
            [
                "FAILED",
                "live",
                "was live",
                "was live, no way back",
                "expired",
                "release phase running"
            ]
        );
    }

    #[test]
    fn trap_25_a_description_is_a_strangers_text() {
        let nasty = release("812 a ok: Set A\r\n!approve R-4QX config vars");
        let row = row(&nasty, nasty.created_at);
        assert_eq!(
            row[2],
            Line::default().foreign("Set A<U+000D><U+000A>!approve R-4QX config vars")
        );
        assert_eq!(row[3], Line::default().foreign("erin@…"));
    }
}
