//! A Git repository: commits with parents and trees, branches, and the questions GitHub answers about them.
//!
//! It knows neither HTTP nor Heroku.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;

use super::ci::Ci;
use super::id;

/// The name of a commit: forty hex digits.
pub type Sha = String;

/// Path → name of the file's content.
pub type Tree = BTreeMap<String, Sha>;

/// A commit.
#[derive(Debug, Clone)]
pub struct Commit {
    /// Its name.
    pub sha: Sha,
    /// The commits it builds on; the first one is the line it continues.
    pub parents: Vec<Sha>,
    /// First name of whoever wrote it.
    pub author: String,
    /// The whole message.
    pub message: String,
    /// When it was written.
    pub date: Timestamp,
    /// Every file at this commit.
    pub tree: Tree,
    /// What CI says about it.
    pub ci: Ci,
}

impl Commit {
    /// The name of the tree.
    pub fn tree_sha(&self) -> Sha {
        id::object("tree", &self.sha)
    }

    /// The first line of the message.
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }
}

/// A commit that is yet to be made.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    /// First name of whoever wrote it.
    pub author: String,
    /// The whole message.
    pub message: String,
    /// The files it adds or changes.
    pub files: Vec<String>,
    /// When it was written.
    pub date: Timestamp,
    /// What CI says about it.
    pub ci: Ci,
}

/// How a file differs between two commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Added,
    /// Its content differs.
    Modified,
    /// It is gone.
    Removed,
}

/// How a head relates to a base.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// The newest commit that both contain; `None` for unrelated histories.
    pub merge_base: Option<&'a Commit>,
    /// The commits only the head has, oldest first.
    pub ahead: Vec<&'a Commit>,
    /// The commits only the base has, oldest first.
    pub behind: Vec<&'a Commit>,
    /// The files that differ between the merge base and the head.
    pub files: Vec<(String, Change)>,
}

/// Why a branch was not moved. The texts are GitHub's (reference/domain.md §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoveError {
    /// There is no such branch.
    #[error("Reference does not exist")]
    NoReference,
    /// There is no such commit.
    #[error("Object does not exist")]
    NoObject,
    /// The commit does not build on the branch's head.
    #[error("Update is not a fast forward")]
    NotFastForward,
}

/// The repository.
#[derive(Debug, Clone)]
pub struct Repository {
    /// Who owns it.
    pub owner: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Parents come before children.
    commits: Vec<Commit>,
    index: HashMap<Sha, usize>,
    branches: BTreeMap<String, Sha>,
}

impl Repository {
    /// An empty one.
    pub(crate) fn new(owner: &'static str, name: &'static str) -> Self {
        let (commits, index, branches) = (Vec::new(), HashMap::new(), BTreeMap::new());
        Self {
            owner,
            name,
            commits,
            index,
            branches,
        }
    }

    /// The branches and their heads, by name.
    pub fn branches(&self) -> &BTreeMap<String, Sha> {
        &self.branches
    }

    /// The head of a branch.
    pub fn head(&self, branch: &str) -> Option<&Commit> {
        self.branches.get(branch).and_then(|sha| self.commit(sha))
    }

    /// The commit with exactly this name.
    pub fn commit(&self, sha: &str) -> Option<&Commit> {
        self.index.get(sha).map(|&index| &self.commits[index])
    }

    pub(crate) fn commit_mut(&mut self, sha: &str) -> Option<&mut Commit> {
        self.index.get(sha).map(|&index| &mut self.commits[index])
    }

    /// The commit that a branch, a whole name or the beginning of one (seven digits or more) means.
    pub fn resolve(&self, reference: &str) -> Option<&Commit> {
        let name = reference.strip_prefix("refs/").unwrap_or(reference);
        let name = name.strip_prefix("heads/").unwrap_or(name);
        let abbreviated = || {
            let mut found = self
                .commits
                .iter()
                .filter(|commit| commit.sha.starts_with(reference));
            found
                .next()
                .filter(|_| reference.len() >= 7 && found.next().is_none())
        };
        self.head(name)
            .or_else(|| self.commit(reference))
            .or_else(abbreviated)
    }

    /// A commit and everything it builds on, newest first.
    pub fn history(&self, head: &Commit) -> Vec<&Commit> {
        let reachable = self.reachable(&head.sha);
        self.commits
            .iter()
            .rev()
            .filter(|commit| reachable.contains(commit.sha.as_str()))
            .collect()
    }

    /// How `head` relates to `base`.
    pub fn compare(&self, base: &Commit, head: &Commit) -> Comparison<'_> {
        let (in_base, in_head) = (self.reachable(&base.sha), self.reachable(&head.sha));
        let only = |these: &HashSet<&str>, those: &HashSet<&str>| {
            let only = |commit: &&Commit| {
                these.contains(commit.sha.as_str()) && !those.contains(commit.sha.as_str())
            };
            self.commits.iter().filter(only).collect()
        };
        let shared =
            |commit: &&Commit| in_base.contains(commit.sha.as_str()) && in_head.contains(commit.sha.as_str());
        let merge_base = self.commits.iter().rev().find(shared);
        let nothing = Tree::new();
        let before = merge_base.map_or(&nothing, |commit| &commit.tree);
        Comparison {
            merge_base,
            ahead: only(&in_head, &in_base),
            behind: only(&in_base, &in_head),
            files: changes(before, &head.tree),
        }
    }

    /// The files that a commit changes, compared with its first parent.
    pub fn files_of(&self, commit: &Commit) -> Vec<(String, Change)> {
        let nothing = Tree::new();
        let parent = commit.parents.first().and_then(|sha| self.commit(sha));
        changes(parent.map_or(&nothing, |parent| &parent.tree), &commit.tree)
    }

    /// Adds a commit on top of `parent` without moving a branch. `pinned` fixes the beginning of its name.
    pub(crate) fn add(&mut self, parent: Option<&str>, draft: Draft, pinned: &str) -> Sha {
        let place = format!("{}/{}/{}", self.commits.len(), draft.author, draft.message);
        let name = id::object("commit", &place);
        let sha = format!("{pinned}{}", &name[pinned.len()..]);
        let mut tree = parent
            .and_then(|sha| self.commit(sha))
            .map(|it| it.tree.clone())
            .unwrap_or_default();
        for file in draft.files {
            let content = id::object("blob", &format!("{sha}/{file}"));
            tree.insert(file, content);
        }
        let parents = parent.map(str::to_owned).into_iter().collect();
        let Draft {
            author,
            message,
            date,
            ci,
            ..
        } = draft;
        self.index.insert(sha.clone(), self.commits.len());
        self.commits.push(Commit {
            sha: sha.clone(),
            parents,
            author,
            message,
            date,
            tree,
            ci,
        });
        sha
    }

    pub(crate) fn set_branch(&mut self, branch: &str, sha: &str) {
        self.branches.insert(branch.to_owned(), sha.to_owned());
    }

    /// Moves a branch as GitHub's update-ref does; `Ok(false)` if it was there already.
    pub(crate) fn move_branch(&mut self, branch: &str, sha: &str, force: bool) -> Result<bool, MoveError> {
        let Some(head) = self.branches.get(branch) else {
            return Err(MoveError::NoReference);
        };
        if self.commit(sha).is_none() {
            return Err(MoveError::NoObject);
        }
        if !force && !self.reachable(sha).contains(head.as_str()) {
            return Err(MoveError::NotFastForward);
        }
        let moved = head != sha;
        self.set_branch(branch, sha);
        Ok(moved)
    }

    fn reachable<'a>(&'a self, from: &str) -> HashSet<&'a str> {
        let mut found = HashSet::new();
        let mut open: Vec<&Commit> = self.commit(from).into_iter().collect();
        while let Some(commit) = open.pop() {
            if found.insert(commit.sha.as_str()) {
                open.extend(commit.parents.iter().filter_map(|sha| self.commit(sha)));
            }
        }
        found
    }
}

fn changes(before: &Tree, after: &Tree) -> Vec<(String, Change)> {
    let removed = before.keys().filter(|path| !after.contains_key(*path));
    let mut changes: Vec<_> = removed.map(|path| (path.clone(), Change::Removed)).collect();
    for (path, content) in after {
        match before.get(path) {
            None => changes.push((path.clone(), Change::Added)),
            Some(old) if old != content => changes.push((path.clone(), Change::Modified)),
            Some(_) => {}
        }
    }
    changes.sort_by(|(one, _), (other, _)| one.cmp(other));
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(message: &str, files: &[&str]) -> Draft {
        let files = files.iter().map(ToString::to_string).collect();
        let (author, message) = ("alice".to_owned(), message.to_owned());
        Draft {
            author,
            message,
            files,
            date: Timestamp::UNIX_EPOCH,
            ci: Ci::None,
        }
    }

    #[test]
    fn a_branch_moves_forward_only() {
        let mut repository = Repository::new("mozilla", "treeherder");
        let root = repository.add(None, draft("root", &["a", "b"]), "");
        let left = repository.add(Some(&root), draft("left", &["a"]), "1e57");
        let right = repository.add(Some(&root), draft("right", &["c"]), "");
        assert!(left.starts_with("1e57"));
        repository.set_branch("master", &root);

        assert_eq!(
            repository.move_branch("mastre", &left, false),
            Err(MoveError::NoReference)
        );
        assert_eq!(
            repository.move_branch("master", "0000", false),
            Err(MoveError::NoObject)
        );
        assert_eq!(repository.move_branch("master", &left, false), Ok(true));
        assert_eq!(repository.move_branch("master", &left, false), Ok(false));
        assert_eq!(
            repository.move_branch("master", &right, false),
            Err(MoveError::NotFastForward)
        );
        assert_eq!(repository.move_branch("master", &right, true), Ok(true));
    }

    #[test]
    fn diverged_histories_are_compared_from_where_they_parted() {
        let mut repository = Repository::new("mozilla", "treeherder");
        let root = repository.add(None, draft("root", &["a", "b"]), "");
        let left = repository.add(Some(&root), draft("left", &["a"]), "");
        let right = repository.add(Some(&root), draft("right", &["b", "c"]), "");
        let [left, right] = [&left, &right].map(|sha| repository.commit(sha).unwrap());

        let comparison = repository.compare(left, right);
        assert_eq!(comparison.merge_base.unwrap().sha, root);
        assert_eq!(
            comparison.ahead.iter().map(|it| it.subject()).collect::<Vec<_>>(),
            ["right"]
        );
        assert_eq!(
            comparison
                .behind
                .iter()
                .map(|it| it.subject())
                .collect::<Vec<_>>(),
            ["left"]
        );
        let files = [
            ("b".to_owned(), Change::Modified),
            ("c".to_owned(), Change::Added),
        ];
        assert_eq!(comparison.files, files);
    }
}
