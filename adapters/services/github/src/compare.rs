//! Commits, and what lies between two of them.

use countersign_http::Call;
use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    client::GitHub,
    error::Result,
    ids::{Repo, Revision, Sha},
};

/// A comparison never names more files than this, on its first page only (documentation of "Compare two commits").
const MAX_FILES: usize = 300;

/// A commit.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WireCommit")]
pub struct Commit {
    /// Its id.
    pub sha: Sha,
    /// Its message: a stranger's text of many lines.
    pub message: String,
    /// The name that the author gave: a stranger's text that anybody can forge.
    pub author_name: Option<String>,
    /// The author's account at GitHub, if GitHub knows one.
    pub author_login: Option<String>,
    /// When it was committed, by the committer's clock.
    pub committed_at: Option<Timestamp>,
    /// Its page at GitHub.
    pub url: String,
}

/// What lies between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// Where the head is, seen from the base.
    pub status: CompareStatus,
    /// How many commits the head has and the base lacks.
    pub ahead_by: u64,
    /// How many commits the base has and the head lacks.
    pub behind_by: u64,
    /// The last commit that both have.
    pub merge_base: Sha,
    /// What the head has and the base lacks, oldest first.
    pub commits: Vec<Commit>,
    /// Whether GitHub named fewer commits than there are.
    pub commits_cut: bool,
    /// The files that differ between the merge base and the head.
    pub files: Vec<ChangedFile>,
    /// Whether there may be more files than these: then what is not among them may have changed too.
    pub files_cut: bool,
    /// Its page at GitHub.
    pub url: String,
}

/// Where the head is, seen from the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CompareStatus {
    /// It has all of the base, and more: the base can be moved forward to it.
    Ahead,
    /// It lacks some of the base, and has nothing more.
    Behind,
    /// Each has something that the other lacks.
    Diverged,
    /// It is the base.
    Identical,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChangedFile {
    /// Its path.
    #[serde(rename = "filename")]
    pub path: String,
    /// The path that it had, if it was moved.
    #[serde(rename = "previous_filename")]
    pub previous_path: Option<String>,
}

impl GitHub {
    /// The commit that a revision names.
    pub async fn commit(&self, repo: &Repo, revision: &Revision) -> Result<Commit> {
        self.client
            .fetch(&Call::get([
                "repos",
                repo.owner(),
                repo.name(),
                "commits",
                revision.as_str(),
            ]))
            .await
    }

    /// What `head` has and `base` lacks, with all commits.
    ///
    /// Name commits rather than branches: a branch may move between two pages of the answer.
    pub async fn compare(&self, repo: &Repo, base: &Revision, head: &Revision) -> Result<Comparison> {
        let both = format!("{base}...{head}");
        let call = Call::get(["repos", repo.owner(), repo.name(), "compare", &both]);
        let (first, rest) = self.pages::<WireComparison>(call).await?;
        let more = rest.into_iter().flat_map(|page| page.commits);
        let commits: Vec<_> = first.commits.into_iter().chain(more).collect();
        Ok(Comparison {
            status: first.status,
            ahead_by: first.ahead_by,
            behind_by: first.behind_by,
            merge_base: first.merge_base_commit.sha,
            commits_cut: commits.len() < first.total_commits,
            commits,
            files_cut: first.files.len() >= MAX_FILES,
            files: first.files,
            url: first.html_url,
        })
    }
}

impl Commit {
    /// The first line of the message.
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

/// A page of a comparison as GitHub writes it; only `commits` differs between pages.
#[derive(Deserialize)]
struct WireComparison {
    status: CompareStatus,
    ahead_by: u64,
    behind_by: u64,
    total_commits: usize,
    merge_base_commit: WireBase,
    commits: Vec<Commit>,
    #[serde(default)]
    files: Vec<ChangedFile>,
    html_url: String,
}

#[derive(Deserialize)]
struct WireBase {
    sha: Sha,
}

/// A commit as GitHub writes it: what git knows is inside, what GitHub knows outside.
#[derive(Deserialize)]
struct WireCommit {
    sha: Sha,
    html_url: String,
    commit: GitCommit,
    author: Option<Account>,
}

#[derive(Deserialize)]
struct GitCommit {
    message: String,
    author: Option<GitPerson>,
    committer: Option<GitPerson>,
}

#[derive(Deserialize)]
struct GitPerson {
    name: Option<String>,
    /// A text, as git accepts dates that are none: one odd commit must not hide all others.
    date: Option<String>,
}

/// For an author unknown to GitHub this is `null` or `{}`.
#[derive(Deserialize)]
struct Account {
    login: Option<String>,
}

impl From<WireCommit> for Commit {
    fn from(wire: WireCommit) -> Self {
        let GitCommit {
            message,
            author,
            committer,
        } = wire.commit;
        let date = committer.and_then(|committer| committer.date);
        Self {
            sha: wire.sha,
            message,
            author_name: author.and_then(|author| author.name),
            author_login: wire.author.and_then(|account| account.login),
            committed_at: date.and_then(|date| date.parse().ok()),
            url: wire.html_url,
        }
    }
}
