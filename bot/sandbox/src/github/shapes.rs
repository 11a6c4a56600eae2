//! What things look like in JSON.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::world::{Change, Commit, Repository};

/// A moment in UTC, without fractions of a second.
pub(super) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

pub(super) fn html_url(repository: &Repository, path: &str) -> String {
    format!(
        "https://github.com/{}/{}{path}",
        repository.owner, repository.name
    )
}

pub(super) fn commit(repository: &Repository, commit: &Commit) -> Value {
    let parent = |sha: &String| json!({ "sha": sha, "html_url": commit_url(repository, sha) });
    let account = json!({ "login": commit.author, "type": "User" });
    json!({
        "sha": commit.sha,
        "commit": git_commit(commit),
        "html_url": commit_url(repository, &commit.sha),
        "author": account,
        "committer": account,
        "parents": commit.parents.iter().map(parent).collect::<Vec<_>>(),
    })
}

/// The part of it that Git knows.
pub(super) fn git_commit(commit: &Commit) -> Value {
    let person = json!({
        "name": commit.author,
        "email": format!("{}@example.org", commit.author),
        "date": moment(commit.date),
    });
    json!({
        "author": person,
        "committer": person,
        "message": commit.message,
        "tree": { "sha": commit.tree_sha() },
        "comment_count": 0,
        "verification": { "verified": false, "reason": "unsigned", "signature": null, "payload": null },
    })
}

pub(super) fn file(commit: &Commit, (path, change): &(String, Change)) -> Value {
    let (status, additions, deletions) = match change {
        Change::Added => ("added", 24, 0),
        Change::Modified => ("modified", 6, 3),
        Change::Removed => ("removed", 0, 24),
    };
    json!({
        "sha": commit.tree.get(path),
        "filename": path,
        "status": status,
        "additions": additions,
        "deletions": deletions,
        "changes": additions + deletions,
    })
}

fn commit_url(repository: &Repository, sha: &str) -> String {
    html_url(repository, &format!("/commit/{sha}"))
}
