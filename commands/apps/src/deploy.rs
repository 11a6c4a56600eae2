//! `deploy <target> [--ref SHA] [--wait-ci] [--reason TEXT]`: brings a target's branch up to the branch that work is
//! merged into, and follows the release. The commit is pinned when it is asked for: what is merged later is not in it.
//!
//! Targets whose own branch people push to are followed, not pushed.

mod branch;
mod ci;
mod follow;
mod pinned;
mod present;
mod push;
mod ship;

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::settings::TargetKind;
use countersign_github::{CompareStatus, ErrorKind, Revision, Sha};

use crate::app::{App, Apps, Source};
use crate::trouble::Fault;
use crate::words::one_line;

pub(crate) use branch::{SETTLE, since_begun, tried_before};
pub(crate) use ship::Ship;

/// The command.
pub(crate) struct Deploy {
    apps: Arc<Apps>,
}

/// Bring a target up to date and follow the release.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What to deploy.
    target: String,
    /// The commit to deploy instead of the newest one: at least 7 digits of it.
    #[arg(long = "ref", value_name = "SHA")]
    commit: Option<String>,
    /// Wait until CI is green, then deploy.
    #[arg(long)]
    wait_ci: bool,
    /// Why; those who sign and the audit read it.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Deploy {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }

    async fn plan(&self, ask: &Ask<'_>, args: Args) -> Result<Outcome, Refusal> {
        let apps = &*self.apps;
        let app = apps.get(&args.target)?;
        match &app.source {
            Source::Followed if args.commit.is_some() => Err(Refusal::new(format!(
                "{} deploys the newest commit of {} by itself, and I only follow it",
                app.target, app.branch
            ))
            .hint("Ask again without --ref.")),
            Source::Followed => {
                let sha = head(apps, app).await?;
                follow::plan(apps, app, &sha, args.reason).await
            }
            Source::Pushed { .. } => {
                let sha = match &args.commit {
                    None => head(apps, app).await?,
                    Some(typed) => chosen(apps, app, typed).await?,
                };
                let branch = apps.github.branch_head(&app.repository, &app.branch);
                let from = branch.await.map_err(Fault::from)?;
                if from == sha {
                    follow::plan(apps, app, &sha, args.reason).await
                } else {
                    let wish = push::Wish {
                        from,
                        sha,
                        wait_ci: args.wait_ci,
                        reason: args.reason,
                    };
                    push::plan(apps, app, ask, wish).await
                }
            }
        }
    }
}

#[async_trait]
impl Command for Deploy {
    type Args = Args;

    fn spec(&self) -> Spec {
        Spec {
            name: "deploy",
            aliases: &[],
            effect: Effect::Destructive,
            examples: &[
                "deploy stage",
                "deploy prod --wait-ci",
                "deploy prod --ref 8d07be4 --reason \"hot fix\"",
            ],
            stopped_by_hold: true,
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
            words: format!("not deployed: {}", refusal.words),
            ..refusal
        })
    }
}

/// The newest commit of the branch that a deploy brings up.
async fn head(apps: &Apps, app: &App) -> Result<Sha, Refusal> {
    let head = apps.github.branch_head(&app.repository, app.source_branch());
    Ok(head.await.map_err(Fault::from)?)
}

/// The commit that was typed. It must be merged: nothing else was looked at by anybody.
async fn chosen(apps: &Apps, app: &App, typed: &str) -> Result<Sha, Refusal> {
    let is_commit = (7..=64).contains(&typed.len()) && typed.bytes().all(|byte| byte.is_ascii_hexdigit());
    let revision: Option<Revision> = typed.parse().ok().filter(|_| is_commit);
    let Some(revision) = revision else {
        return Err(Refusal::new(format!("{} is not a commit", one_line(typed)))
            .hint("Type at least 7 hexadecimal digits of one after --ref."));
    };
    let commit = match apps.github.commit(&app.repository, &revision).await {
        Ok(commit) => commit,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(
                Refusal::new(format!("{} has no commit {revision}", app.repository)).hint(format!(
                    "Push it, and merge it into {}, or choose another.",
                    app.source_branch()
                )),
            );
        }
        Err(error) => return Err(Fault::from(error).into()),
    };
    let source = app.source_branch();
    let (base, head) = (Revision::from(commit.sha.clone()), Revision::from(source.clone()));
    match apps
        .github
        .compare(&app.repository, &base, &head)
        .await
        .map_err(Fault::from)?
        .status
    {
        CompareStatus::Ahead | CompareStatus::Identical => Ok(commit.sha),
        CompareStatus::Behind | CompareStatus::Diverged => {
            Err(
                Refusal::new(format!("{} is not on {source}", commit.sha.short())).hint(format!(
                    "Merge it into {source} first, or choose a commit that is there."
                )),
            )
        }
    }
}
