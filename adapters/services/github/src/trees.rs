//! Trees: all files of a commit. From two of them follows whether a folder changed, which a comparison can't tell.

use std::collections::{BTreeMap, BTreeSet};

use countersign_http::Call;
use serde::Deserialize;

use crate::{
    client::GitHub,
    error::Result,
    ids::{Repo, Sha},
};

/// All files of a commit, unless they are too many.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Tree {
    /// Files and folders.
    #[serde(rename = "tree")]
    pub entries: Vec<TreeEntry>,
    /// Whether some are missing: there are more than 100,000, or more than 7 MB of them.
    pub truncated: bool,
}

/// A file, a folder or a submodule.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TreeEntry {
    /// Its path from the top.
    pub path: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: EntryKind,
    /// The id of what is in it: the same id, the same content.
    pub sha: Sha,
}

/// What an entry of a tree is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A file.
    Blob,
    /// A folder.
    Tree,
    /// A submodule.
    Commit,
}

/// Whether a folder differs between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderChange {
    /// These files of it were added, removed or changed.
    Changed(BTreeSet<String>),
    /// It is the same in both.
    Same,
    /// A tree was too large to be told whole.
    Unknown,
}

impl GitHub {
    /// All files of a commit.
    pub async fn tree(&self, repo: &Repo, commit: &Sha) -> Result<Tree> {
        let path = [
            "repos",
            repo.owner(),
            repo.name(),
            "git",
            "trees",
            commit.as_str(),
        ];
        self.client.fetch(&Call::get(path).with("recursive", "1")).await
    }

    /// Whether any folder of this name, `migrations` for one, differs between two commits, wherever it is.
    pub async fn folder_change(
        &self,
        repo: &Repo,
        base: &Sha,
        head: &Sha,
        folder: &str,
    ) -> Result<FolderChange> {
        let (base, head) = (self.tree(repo, base).await?, self.tree(repo, head).await?);
        Ok(base.folder_change(&head, folder))
    }
}

impl Tree {
    /// Whether any folder of this name differs between this tree and another one.
    pub fn folder_change(&self, other: &Self, folder: &str) -> FolderChange {
        if self.truncated || other.truncated {
            return FolderChange::Unknown;
        }
        let (here, there) = (self.files_below(folder), other.files_below(folder));
        let paths = here.keys().chain(there.keys());
        let changed = paths
            .filter(|path| here.get(*path) != there.get(*path))
            .map(|&path| path.to_owned());
        let changed: BTreeSet<_> = changed.collect();
        if changed.is_empty() {
            FolderChange::Same
        } else {
            FolderChange::Changed(changed)
        }
    }

    /// The files in folders of this name, and below them.
    fn files_below(&self, folder: &str) -> BTreeMap<&str, &Sha> {
        let inside = |path: &str| path.rsplit('/').skip(1).any(|part| part == folder);
        let files = self
            .entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Blob && inside(&entry.path));
        files.map(|entry| (entry.path.as_str(), &entry.sha)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, char)]) -> Tree {
        let entry = |&(path, content): &(&str, char)| TreeEntry {
            path: path.to_owned(),
            kind: EntryKind::Blob,
            sha: content.to_string().repeat(40).parse().unwrap(),
        };
        Tree {
            entries: files.iter().map(entry).collect(),
            truncated: false,
        }
    }

    fn changed(paths: &[&str]) -> FolderChange {
        FolderChange::Changed(paths.iter().map(|&path| path.to_owned()).collect())
    }

    #[test]
    fn a_folder_changes_with_its_files() {
        let base = tree(&[
            ("a/migrations/1.py", '1'),
            ("a/migrations/2.py", '2'),
            ("a/models.py", '3'),
        ]);
        let other = tree(&[
            ("a/migrations/1.py", '1'),
            ("a/migrations/2.py", '2'),
            ("a/models.py", '4'),
        ]);
        assert_eq!(base.folder_change(&other, "migrations"), FolderChange::Same);
        let other = tree(&[
            ("a/migrations/1.py", '9'),
            ("migrations/x/3.py", '3'),
            ("a/models.py", '3'),
        ]);
        assert_eq!(
            base.folder_change(&other, "migrations"),
            changed(&["a/migrations/1.py", "a/migrations/2.py", "migrations/x/3.py"])
        );
    }

    #[test]
    fn only_whole_names_of_folders_count() {
        let base = tree(&[]);
        let other = tree(&[
            ("migrations", '1'),
            ("a/migrations.py", '1'),
            ("a/old_migrations/1.py", '1'),
        ]);
        assert_eq!(base.folder_change(&other, "migrations"), FolderChange::Same);
    }

    #[test]
    fn what_is_cut_is_unknown() {
        let (whole, cut) = (
            tree(&[]),
            Tree {
                truncated: true,
                ..tree(&[])
            },
        );
        assert_eq!(whole.folder_change(&cut, "migrations"), FolderChange::Unknown);
        assert_eq!(cut.folder_change(&whole, "migrations"), FolderChange::Unknown);
    }
}
