//! `deployed`: what is on each app, how far that is behind the branch that deploys come from and behind the other
//! apps, whose commits lie between, and what CI says. An app that cannot be asked takes only its own line.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::command::{Ask, Command, Outcome, Spec};
use countersign_core::plan::Effect;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Line, Reply};
use countersign_core::text::{ago, count, list};
use countersign_core::time::Timestamp;
use countersign_github::{Ci, CompareStatus, Comparison, Revision, Sha};
use countersign_heroku::{Release, Slug};
use futures_util::future::{join_all, try_join};

use crate::app::{App, Apps, sha_of};
use crate::trouble::Fault;
use crate::words::{self, people, quoted, short_commit, short_link};

/// The command.
pub(crate) struct Deployed {
    apps: Arc<Apps>,
}

/// Show what is deployed on each app, and how far apart they are.
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Deployed {
    pub(crate) fn new(apps: Arc<Apps>) -> Self {
        Self { apps }
    }
}

#[async_trait]
impl Command for Deployed {
    type Args = Args;

    fn spec(&self) -> Spec {
        Spec {
            name: "deployed",
            aliases: &[],
            effect: Effect::Read,
            examples: &["deployed"],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, _args: Args) -> Result<Outcome, Refusal> {
        let apps = &*self.apps;
        let all: Vec<&App> = apps.iter().collect();
        let seen = join_all(all.iter().map(|app| Seen::of(apps, app))).await;
        let mut lines: Vec<Line> = all
            .iter()
            .zip(&seen)
            .map(|(app, seen)| line(app, seen, ask.now))
            .collect();
        let live: Vec<(&App, Sha)> = all
            .iter()
            .zip(&seen)
            .filter_map(|(app, seen)| Some((*app, seen.as_ref().ok()?.sha.clone()?)))
            .collect();
        lines.extend(
            join_all(pairs(&live).into_iter().map(|pair| apart(apps, pair)))
                .await
                .into_iter()
                .flatten(),
        );
        let mut lines = lines.into_iter();
        let first = lines
            .next()
            .unwrap_or_else(|| Line::new("no apps are configured."));
        Ok(Outcome::Reply(lines.fold(Reply::line(first), Reply::and)))
    }
}

/// What is on an app.
struct Seen {
    release: Option<Release>,
    slug: Option<Slug>,
    sha: Option<Sha>,
    /// What the source branch has and the app lacks, and what CI says of the branch's head. If GitHub does not say,
    /// what is on the app is known all the same.
    behind: Option<Result<(Comparison, Ci), Fault>>,
}

impl Seen {
    async fn of(apps: &Apps, app: &App) -> Result<Self, Fault> {
        let release = apps.heroku.current_release(&app.heroku).await?;
        let slug = match &release {
            Some(release) => apps.slug_of(app, release).await?,
            None => None,
        };
        let sha = slug.as_ref().and_then(sha_of);
        let behind = match &sha {
            Some(sha) => Some(behind(apps, app, sha).await),
            None => None,
        };
        Ok(Self {
            release,
            slug,
            sha,
            behind,
        })
    }
}

async fn behind(apps: &Apps, app: &App, sha: &Sha) -> Result<(Comparison, Ci), Fault> {
    let head = apps
        .github
        .branch_head(&app.repository, app.source_branch())
        .await?;
    let (from, to) = (Revision::from(sha.clone()), Revision::from(head.clone()));
    let asked = try_join(
        apps.github.compare(&app.repository, &from, &to),
        apps.github.ci(&app.repository, &head),
    );
    Ok(asked.await?)
}

/// `prod: v812 · 3f2a91c "Sort pushes…" · 1 d ago · 12 commits behind master (alice, bob) · CI green on master`.
fn line(app: &App, seen: &Result<Seen, Fault>, now: Timestamp) -> Line {
    let line = Line::default().strong(app.target.to_string()).then(": ");
    let seen = match seen {
        Ok(seen) => seen,
        Err(fault) => return line.foreign(fault.words()),
    };
    let Some(release) = &seen.release else {
        return line.then("nothing is live");
    };
    let mut line = line.code(release.version.to_string());
    if let Some(slug) = &seen.slug {
        if let Some(commit) = &slug.commit {
            line = line.then(" · ").code(short_commit(commit));
        }
        if let Some(subject) = slug
            .commit_description
            .as_deref()
            .and_then(|text| text.lines().next())
        {
            line = line.then(" ").foreign(quoted(subject));
        }
    }
    line = line.then(format!(" · {}", ago(release.created_at, now)));
    let source = app.source_branch();
    match &seen.behind {
        Some(Ok((comparison, ci))) => line
            .then(" · ")
            .foreign(distance(comparison, source.as_str()))
            .then(format!(" · {} on {source}", words::ci(ci))),
        Some(Err(fault)) => line.then(" · ").foreign(fault.words()),
        None => line,
    }
}

/// `12 commits behind master (alice, bob)`.
fn distance(comparison: &Comparison, other: &str) -> String {
    let number = |commits: u64| count(usize::try_from(commits).unwrap_or(usize::MAX), "commit");
    let whose = match people(&comparison.commits) {
        people if people.is_empty() => String::new(),
        people => format!(" ({})", list(people)),
    };
    match comparison.status {
        CompareStatus::Identical => format!("same as {other}"),
        CompareStatus::Ahead => format!("{} behind {other}{whose}", number(comparison.ahead_by)),
        CompareStatus::Behind => format!("{} ahead of {other}", number(comparison.behind_by)),
        CompareStatus::Diverged => format!(
            "{} behind {other}{whose} and {} ahead",
            number(comparison.ahead_by),
            number(comparison.behind_by)
        ),
    }
}

/// Two apps of one repository with different commits.
struct Pair<'a> {
    one: (&'a App, &'a Sha),
    other: (&'a App, &'a Sha),
}

/// Every two apps that can be compared and differ, each two once.
fn pairs<'a>(live: &'a [(&'a App, Sha)]) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for (n, (one, sha)) in live.iter().enumerate() {
        for (other, other_sha) in &live[n + 1..] {
            if one.repository == other.repository && sha != other_sha {
                pairs.push(Pair {
                    one: (one, sha),
                    other: (other, other_sha),
                });
            }
        }
    }
    pairs
}

/// `prod is 12 commits behind stage · link`. What GitHub can't compare is left out: each app's own line says enough.
async fn apart(apps: &Apps, pair: Pair<'_>) -> Option<Line> {
    let ((mut one, mut sha), (mut other, mut other_sha)) = (pair.one, pair.other);
    let compare = async |from: &Sha, to: &Sha| {
        let (from, to) = (Revision::from(from.clone()), Revision::from(to.clone()));
        apps.github.compare(&one.repository, &from, &to).await.ok()
    };
    let mut comparison = compare(sha, other_sha).await?;
    if comparison.status == CompareStatus::Behind {
        // Said from the side that is behind, so that the link shows what lies between.
        comparison = compare(other_sha, sha).await?;
        (one, sha, other, other_sha) = (other, other_sha, one, sha);
    }
    let link = short_link(&comparison.url, &[sha, other_sha]);
    Some(
        Line::new(format!("{} is ", one.target))
            .foreign(distance(&comparison, other.target.as_str()))
            .then(" · ")
            .link("compare", link),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::tests::{prod, stage};
    use crate::words::tests::{commit, sha};

    fn comparison(status: CompareStatus, ahead_by: u64, behind_by: u64) -> Comparison {
        Comparison {
            status,
            ahead_by,
            behind_by,
            merge_base: sha('a'),
            commits: vec![commit('b', "erin", "x"), commit('c', "bob", "y")],
            commits_cut: false,
            files: Vec::new(),
            files_cut: false,
            url: String::new(),
        }
    }

    #[test]
    fn distances_are_said_from_the_app() {
        for (status, words) in [
            (CompareStatus::Identical, "same as master"),
            (CompareStatus::Ahead, "2 commits behind master (bob, erin)"),
            (CompareStatus::Behind, "1 commit ahead of master"),
            (
                CompareStatus::Diverged,
                "2 commits behind master (bob, erin) and 1 commit ahead",
            ),
        ] {
            assert_eq!(distance(&comparison(status, 2, 1), "master"), words);
        }
    }

    #[test]
    fn only_apps_that_differ_are_compared() {
        let (prod, stage) = (prod(), stage());
        let live = [(&prod, sha('a')), (&stage, sha('b')), (&stage, sha('b'))];
        assert_eq!(pairs(&live).len(), 2);
        assert!(pairs(&live[1..]).is_empty());
    }
}
