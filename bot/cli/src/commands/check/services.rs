//! Heroku and GitHub: whether they take the tokens, and whether those may see and do what deploys need.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_core::time::{Clock, Duration};
use countersign_github::GitHub;
use countersign_heroku::Heroku;
use futures_util::future::{join, join_all};
use tokio::time::timeout;

use super::clock::{self, Comparison};
use super::finding::Findings;
use crate::config::{App, Config};

/// One try of one question; a question that could not be answered is asked three times.
const PATIENCE: Duration = Duration::from_secs(8);
/// One question in all.
const ALL: Duration = Duration::from_secs(30);

pub(super) async fn check(config: Arc<Config>, clock: Arc<dyn Clock>) -> Findings {
    let mut findings = Findings::default();
    let (heroku, github) = join(heroku(&config, &*clock), github(&config, &*clock)).await;
    let comparison = heroku.1.or(github.1);
    findings.append(heroku.0);
    findings.append(github.0);
    clock::check(comparison.as_ref(), &mut findings);
    findings
}

async fn heroku(config: &Config, clock: &dyn Clock) -> (Findings, Option<Comparison>) {
    let mut findings = Findings::default();
    let mut settings = config.heroku.client();
    settings.timeout = settings.timeout.min(PATIENCE);
    let client = match Heroku::new(settings) {
        Ok(client) => client,
        Err(error) => {
            findings.fail("Heroku", error);
            return (findings, None);
        }
    };
    let asked = clock.now();
    let whose = in_time(client.account()).await;
    let answered = clock.now();
    let comparison = match whose {
        Ok(whose) => {
            findings.ok("Heroku", format!("the token is that of {}", whose.account.email));
            whose.at.map(|theirs| Comparison {
                service: "Heroku",
                asked,
                theirs,
                answered,
            })
        }
        Err(words) => {
            findings.fail("Heroku", words);
            if !config.apps.is_empty() {
                findings.skip("Heroku, apps", "not tried because of that");
            }
            return (findings, None);
        }
    };
    let apps = config.apps.iter().map(|app| heroku_app(&client, app));
    for of_app in join_all(apps).await {
        findings.append(of_app);
    }
    (findings, comparison)
}

async fn heroku_app(client: &Heroku, app: &App) -> Findings {
    let mut findings = Findings::default();
    let about = format!("Heroku, {}", app.heroku);
    let name = match app.heroku.parse() {
        Ok(name) => name,
        Err(error) => {
            findings.fail(about, error);
            return findings;
        }
    };
    match in_time(client.app(&name)).await {
        Ok(found) if found.maintenance => findings.warn(
            about,
            "it can be read, and visitors get its maintenance page: heroku maintenance:off when that is over",
        ),
        Ok(_) => findings.ok(about, "it can be read"),
        Err(words) => findings.fail(about, words),
    }
    findings
}

async fn github(config: &Config, clock: &dyn Clock) -> (Findings, Option<Comparison>) {
    let mut findings = Findings::default();
    let mut settings = config.github.client();
    settings.timeout = settings.timeout.min(PATIENCE);
    let client = match GitHub::new(settings) {
        Ok(client) => client,
        Err(error) => {
            findings.fail("GitHub", error);
            return (findings, None);
        }
    };
    let mut repositories: BTreeMap<&str, Vec<&App>> = BTreeMap::new();
    for app in &config.apps {
        repositories.entry(&app.repository).or_default().push(app);
    }
    if repositories.is_empty() {
        findings.skip(
            "GitHub",
            "no app names a repository, so there is nothing to try the token on",
        );
    }
    let checks = repositories
        .iter()
        .map(|(name, apps)| repository(&client, name, apps, clock));
    let mut comparison = None;
    for (of_repository, compared) in join_all(checks).await {
        findings.append(of_repository);
        comparison = comparison.or(compared);
    }
    (findings, comparison)
}

async fn repository(
    client: &GitHub,
    name: &str,
    apps: &[&App],
    clock: &dyn Clock,
) -> (Findings, Option<Comparison>) {
    let mut findings = Findings::default();
    let about = format!("GitHub, {name}");
    let repo = match name.parse() {
        Ok(repo) => repo,
        Err(error) => {
            findings.fail(about, error);
            return (findings, None);
        }
    };
    let asked = clock.now();
    let found = in_time(client.repository(&repo)).await;
    let answered = clock.now();
    let found = match found {
        Ok(found) => found,
        Err(words) => {
            findings.fail(about, words);
            return (findings, None);
        }
    };
    let pushed: Vec<&str> = apps
        .iter()
        .filter(|app| !app.followed_only())
        .map(|app| app.name.as_str())
        .collect();
    let deploys = countersign_core::text::list(&pushed);
    match (pushed.is_empty(), found.archived, found.may_push) {
        (true, ..) => findings.ok(about, "it can be read"),
        (false, true, _) => findings.fail(
            about,
            format!("it is archived, so nobody can deploy {deploys}; take it out of the archive"),
        ),
        (false, _, Some(false)) => findings.fail(
            about,
            format!("the token may not push, so it cannot deploy {deploys}; give it Contents (write) on the repository"),
        ),
        (false, _, Some(true)) => findings.ok(about, "it can be read and pushed to"),
        (false, _, None) => findings.warn(
            about,
            format!("it can be read; whether the token may push, which deploys of {deploys} need, GitHub does not say"),
        ),
    }
    let mut branches: Vec<&str> = apps
        .iter()
        .flat_map(|app| std::iter::once(&app.branch).chain(&app.deploys_from))
        .map(String::as_str)
        .collect();
    branches.sort_unstable();
    branches.dedup();
    for of_branch in join_all(branches.iter().map(|branch| self::branch(client, &repo, branch))).await {
        findings.append(of_branch);
    }
    let comparison = found.at.map(|theirs| Comparison {
        service: "GitHub",
        asked,
        theirs,
        answered,
    });
    (findings, comparison)
}

async fn branch(client: &GitHub, repo: &countersign_github::Repo, name: &str) -> Findings {
    let mut findings = Findings::default();
    let about = format!("GitHub, {repo}, {name}");
    let branch = match name.parse() {
        Ok(branch) => branch,
        Err(error) => {
            findings.fail(about, error);
            return findings;
        }
    };
    match in_time(client.branch_head(repo, &branch)).await {
        Ok(head) => findings.ok(about, format!("at {}", head.short())),
        Err(words) => findings.fail(about, words),
    }
    findings
}

/// What is at the bottom of it, where the service itself said nothing: "connection refused".
fn cause(error: &dyn std::error::Error) -> String {
    let deepest = std::iter::successors(error.source(), |cause| cause.source()).last();
    deepest.map_or_else(String::new, |cause| format!(" ({cause})"))
}

/// What was asked for, or what went wrong and what to do.
async fn in_time<T, S: countersign_http::Service>(
    work: impl Future<Output = Result<T, countersign_http::Error<S>>>,
) -> Result<T, String> {
    match timeout(ALL, work).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(format!("{error}{}; {}", cause(&error), error.hint())),
        Err(_) => Err(format!("{} does not answer; look at {}", S::NAME, S::STATUS_PAGE)),
    }
}
