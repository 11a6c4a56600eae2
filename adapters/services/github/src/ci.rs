//! What CI says of a commit: statuses (the old way) and check runs (the new way) as one answer.
//!
//! `reference/domain.md` §4: the combined status is `pending` when there is no status at all, and who only uses
//! Actions has none. So both lists are read, and the combined state is not.

use countersign_http::Call;
use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    client::GitHub,
    error::Result,
    ids::{Repo, Sha},
};

/// What CI says of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ci {
    /// All have passed.
    Green {
        /// How many there are.
        total: usize,
    },
    /// Some have failed; others may still be running.
    Red {
        /// Their names, in order: strangers' texts.
        failed: Vec<String>,
    },
    /// None has failed so far.
    Running {
        /// How many have passed.
        done: usize,
        /// How many there are.
        total: usize,
        /// When the first of all began, if known.
        since: Option<Timestamp>,
    },
    /// There is none: CI doesn't look at this repository, or has not begun yet.
    None,
}

/// One status or check run.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Check {
    name: String,
    outcome: Outcome,
    began: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    Running,
}

impl GitHub {
    /// What CI says of a commit.
    pub async fn ci(&self, repo: &Repo, commit: &Sha) -> Result<Ci> {
        let at = |what| {
            [
                "repos",
                repo.owner(),
                repo.name(),
                "commits",
                commit.as_str(),
                what,
            ]
        };
        let (first, rest) = self.pages::<Statuses>(Call::get(at("status"))).await?;
        let statuses = std::iter::once(first)
            .chain(rest)
            .flat_map(|page| page.statuses)
            .map(Check::from);
        // The latest run of each check: an earlier one that failed was made good by running it again.
        let call = Call::get(at("check-runs")).with("filter", "latest");
        let (first, rest) = self.pages::<CheckRuns>(call).await?;
        let runs = std::iter::once(first)
            .chain(rest)
            .flat_map(|page| page.check_runs)
            .map(Check::from);
        Ok(combine(statuses.chain(runs).collect()))
    }
}

fn combine(checks: Vec<Check>) -> Ci {
    let total = checks.len();
    let done = checks
        .iter()
        .filter(|check| check.outcome == Outcome::Passed)
        .count();
    let since = checks.iter().filter_map(|check| check.began).min();
    let failed = checks
        .into_iter()
        .filter(|check| check.outcome == Outcome::Failed);
    let mut failed: Vec<_> = failed.map(|check| check.name).collect();
    failed.sort();
    failed.dedup();
    if total == 0 {
        Ci::None
    } else if !failed.is_empty() {
        Ci::Red { failed }
    } else if done == total {
        Ci::Green { total }
    } else {
        Ci::Running { done, total, since }
    }
}

/// A page of the combined status; of each context it holds the latest status.
#[derive(Deserialize)]
struct Statuses {
    statuses: Vec<Status>,
}

#[derive(Deserialize)]
struct Status {
    context: String,
    state: String,
    created_at: Option<Timestamp>,
}

/// A page of check runs.
#[derive(Deserialize)]
struct CheckRuns {
    check_runs: Vec<CheckRun>,
}

#[derive(Deserialize)]
struct CheckRun {
    name: String,
    status: String,
    conclusion: Option<String>,
    started_at: Option<Timestamp>,
}

impl From<Status> for Check {
    fn from(
        Status {
            context,
            state,
            created_at,
        }: Status,
    ) -> Self {
        let outcome = match state.as_str() {
            "success" => Outcome::Passed,
            "pending" => Outcome::Running,
            // `failure`, `error`, and what may be invented yet: only a known success is one.
            _ => Outcome::Failed,
        };
        Self {
            name: context,
            outcome,
            began: created_at,
        }
    }
}

impl From<CheckRun> for Check {
    fn from(
        CheckRun {
            name,
            status,
            conclusion,
            started_at,
        }: CheckRun,
    ) -> Self {
        let outcome = match (status.as_str(), conclusion.as_deref()) {
            ("completed", Some("success" | "neutral" | "skipped")) => Outcome::Passed,
            // `failure`, `cancelled`, `timed_out`, `action_required`, `stale`, …
            ("completed", _) => Outcome::Failed,
            // `queued`, `in_progress`, `waiting`, `requested`, `pending`
            _ => Outcome::Running,
        };
        Self {
            name,
            outcome,
            began: started_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, outcome: Outcome) -> Check {
        Check {
            name: name.to_owned(),
            outcome,
            began: None,
        }
    }

    fn run(status: &str, conclusion: Option<&str>) -> Outcome {
        let (status, conclusion) = (status.to_owned(), conclusion.map(str::to_owned));
        Check::from(CheckRun {
            name: String::new(),
            status,
            conclusion,
            started_at: None,
        })
        .outcome
    }

    #[test]
    fn no_checks_are_a_state_of_their_own() {
        assert_eq!(combine(vec![]), Ci::None);
    }

    #[test]
    fn one_failure_is_red_whatever_the_others_do() {
        use Outcome::{Failed, Passed, Running};
        let checks = vec![
            check("b", Failed),
            check("a", Failed),
            check("c", Running),
            check("d", Passed),
        ];
        assert_eq!(
            combine(checks),
            Ci::Red {
                failed: vec!["a".to_owned(), "b".to_owned()]
            }
        );
        let checks = vec![check("c", Running), check("d", Passed)];
        assert_eq!(
            combine(checks),
            Ci::Running {
                done: 1,
                total: 2,
                since: None
            }
        );
        assert_eq!(combine(vec![check("d", Passed)]), Ci::Green { total: 1 });
    }

    #[test]
    fn only_a_known_success_counts() {
        for conclusion in ["success", "neutral", "skipped"] {
            assert_eq!(run("completed", Some(conclusion)), Outcome::Passed);
        }
        for conclusion in [
            "failure",
            "cancelled",
            "timed_out",
            "action_required",
            "stale",
            "startup_failure",
            "?",
        ] {
            assert_eq!(run("completed", Some(conclusion)), Outcome::Failed);
        }
        assert_eq!(run("completed", None), Outcome::Failed);
        for status in ["queued", "in_progress", "waiting", "requested", "pending"] {
            assert_eq!(run(status, None), Outcome::Running);
        }
    }
}
