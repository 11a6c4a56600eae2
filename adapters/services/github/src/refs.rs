//! Branches: where they are, and moving them forward.

use countersign_http::{Call, Etag, Polled};
use serde::Deserialize;

use crate::{
    client::GitHub,
    error::{Error, ErrorKind, Result},
    ids::{Branch, Repo, Sha},
};

/// Why GitHub did not move a branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The branch has commits that the other side lacks.
    NotFastForward,
    /// The repository does not have the commit.
    NoSuchCommit,
    /// There is no such branch.
    NoSuchBranch,
    /// Branch protection: reviews or checks are missing, or the token's account may not push.
    ProtectedBranch,
    /// A ruleset forbids it.
    RuleViolation,
}

impl GitHub {
    /// The commit that a branch is at.
    pub async fn branch_head(&self, repo: &Repo, branch: &Branch) -> Result<Sha> {
        let reference: Reference = self.client.fetch(&Call::get(path("ref", repo, branch))).await?;
        Ok(reference.object.sha)
    }

    /// [`GitHub::branch_head`] for asking again and again: an answer that did not change costs nothing of the limit.
    pub async fn branch_head_if_changed(
        &self,
        repo: &Repo,
        branch: &Branch,
        known: Option<&Etag>,
    ) -> Result<Polled<Sha>> {
        let polled = self
            .client
            .poll::<Reference>(Call::get(path("ref", repo, branch)), known)
            .await?;
        Ok(polled.map(|reference| reference.object.sha))
    }

    /// Moves a branch forward to this commit, and returns where it then is. Never forces.
    ///
    /// GitHub has no "if it still is at": it refuses only if commits would be lost. If the branch is at that commit
    /// already, nothing happens. Sent once: see [`Error::maybe_done`].
    pub async fn fast_forward(&self, repo: &Repo, branch: &Branch, to: &Sha) -> Result<Sha> {
        let body = serde_json::json!({ "sha": to, "force": false });
        let moved = self
            .client
            .fetch::<Reference>(&Call::patch(path("refs", repo, branch), body))
            .await;
        Ok(moved.map_err(explain)?.object.sha)
    }
}

impl Refusal {
    /// Every refusal is a 422 and tells the reason only by its text (`reference/domain.md` §4).
    fn read(message: &str) -> Option<Self> {
        let message = message.to_ascii_lowercase();
        let says = |fragments: &[&str]| fragments.iter().any(|fragment| message.contains(fragment));
        // Rules come before protection, as their text goes on with "cannot update this protected ref".
        if says(&["not a fast forward", "not a fast-forward"]) {
            Some(Self::NotFastForward)
        } else if says(&["rule violation"]) {
            Some(Self::RuleViolation)
        } else if says(&[
            "protected branch",
            "not authorized to push",
            "required status check",
            "review is required",
        ]) {
            Some(Self::ProtectedBranch)
        } else if says(&["object does not exist"]) {
            Some(Self::NoSuchCommit)
        } else if says(&["reference does not exist"]) {
            Some(Self::NoSuchBranch)
        } else {
            None
        }
    }

    pub(crate) fn hint(self) -> &'static str {
        match self {
            Self::NotFastForward => {
                "the branch has commits that this one lacks, and is never forced; merge them, or choose a later commit"
            }
            Self::NoSuchCommit => "GitHub does not have this commit; push it first",
            Self::NoSuchBranch => "there is no such branch; check its name in the configuration",
            Self::ProtectedBranch => {
                "the branch is protected; get the missing reviews or checks, or let the token's account push to it"
            }
            Self::RuleViolation => {
                "a ruleset of the repository forbids it; satisfy it, or let the token's account bypass it"
            }
        }
    }
}

/// A reference as GitHub writes it.
#[derive(Deserialize)]
struct Reference {
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    sha: Sha,
}

/// One reference is read at `git/ref/…` and changed at `git/refs/…`. A slash in the name parts the path.
fn path<'a>(kind: &'a str, repo: &'a Repo, branch: &'a Branch) -> impl Iterator<Item = &'a str> {
    let start = ["repos", repo.owner(), repo.name(), "git", kind, "heads"];
    start.into_iter().chain(branch.as_str().split('/'))
}

fn explain(error: Error) -> Error {
    let refused = matches!(
        error.kind(),
        ErrorKind::Invalid | ErrorKind::Forbidden | ErrorKind::Conflict
    );
    match error.message().and_then(Refusal::read) {
        Some(refusal) if refused => error.understood_as(ErrorKind::Refused(refusal)),
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_apart_by_their_text() {
        use Refusal::{NoSuchBranch, NoSuchCommit, NotFastForward, ProtectedBranch, RuleViolation};
        for (message, refusal) in [
            ("Update is not a fast forward", Some(NotFastForward)),
            ("Object does not exist", Some(NoSuchCommit)),
            ("Reference does not exist", Some(NoSuchBranch)),
            (
                "Protected branch update failed for refs/heads/production.",
                Some(ProtectedBranch),
            ),
            (
                "You're not authorized to push to this branch.",
                Some(ProtectedBranch),
            ),
            ("Required status check \"ci\" is expected.", Some(ProtectedBranch)),
            (
                "2 of 2 required status checks are expected. At least one approved review is required",
                Some(ProtectedBranch),
            ),
            (
                "At least 1 approving review is required by reviewers with write access.",
                Some(ProtectedBranch),
            ),
            (
                "Repository rule violations found Cannot update this protected ref.",
                Some(RuleViolation),
            ),
            ("Validation Failed", None),
        ] {
            assert_eq!(Refusal::read(message), refusal, "{message}");
        }
    }
}
