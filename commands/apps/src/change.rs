//! What lies between two commits: who wrote what, and whether the database will be migrated.

use countersign_core::plan::Detail;
use countersign_core::text::{count, list};
use countersign_github::{ChangedFile, Commit, Comparison, EntryKind, Revision, Sha, Tree};

use crate::app::{App, Apps};
use crate::trouble::Fault;
use crate::words::{commit_line, one_line, people, people_count, short_link};

/// What lies between two commits.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// What GitHub says of it.
    pub(crate) comparison: Comparison,
    /// Whether a migration is among it.
    pub(crate) migrations: Migrations,
    /// Its page at GitHub, with short commits.
    pub(crate) link: String,
}

/// Whether a change migrates the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Migrations {
    /// It touches these files.
    Yes(Vec<String>),
    /// It does not.
    No,
    /// GitHub did not tell all files.
    Unknown,
    /// The configuration does not say where they are.
    NotAsked,
}

impl Change {
    /// What `head` has and `base` lacks.
    pub(crate) async fn between(apps: &Apps, app: &App, base: &Sha, head: &Sha) -> Result<Self, Fault> {
        let (from, to) = (Revision::from(base.clone()), Revision::from(head.clone()));
        let comparison = apps.github.compare(&app.repository, &from, &to).await?;
        let migrations = if app.migrations.is_empty() {
            Migrations::NotAsked
        } else if comparison.files_cut {
            // What the first 300 files say is not all, so that "no" can't be told from them.
            let trees = futures_util::future::try_join(
                apps.github.tree(&app.repository, &comparison.merge_base),
                apps.github.tree(&app.repository, head),
            );
            let (then, now) = trees.await?;
            in_trees(&app.migrations, &then, &now)
        } else {
            in_files(&app.migrations, &comparison.files)
        };
        let link = short_link(&comparison.url, &[base, head]);
        Ok(Self {
            comparison,
            migrations,
            link,
        })
    }

    /// How many commits it has; GitHub may name fewer.
    pub(crate) fn count(&self) -> usize {
        usize::try_from(self.comparison.ahead_by).unwrap_or(usize::MAX)
    }

    /// `12 commits by 4 people`, and how many the base has that go away.
    pub(crate) fn size(&self) -> String {
        let come = match self.count() {
            0 => "no new commits".to_owned(),
            some => {
                let people = people(&self.comparison.commits).len();
                format!("{} by {}", count(some, "commit"), people_count(people))
            }
        };
        match usize::try_from(self.comparison.behind_by).unwrap_or(usize::MAX) {
            0 => come,
            1 => format!("{come}, 1 commit goes away"),
            more => format!("{come}, {more} commits go away"),
        }
    }

    /// `12 commits by 4 people, no migrations`.
    pub(crate) fn size_and_migrations(&self) -> String {
        list(std::iter::once(self.size()).chain(self.migrations.summary()))
    }

    /// The subject of its last commit: a stranger's text.
    pub(crate) fn subject(&self) -> &str {
        self.comparison.commits.last().map_or("", Commit::subject)
    }

    /// What people read of it: migrations if there may be any, all commits, newest first, and where to read more.
    pub(crate) fn details(&self) -> Vec<Detail> {
        let migrations = match &self.migrations {
            Migrations::Yes(files) => Some(files.iter().map(|file| one_line(file)).collect()),
            Migrations::Unknown => Some(vec![
                "unknown: GitHub does not tell all files of so large a change".to_owned(),
            ]),
            Migrations::No | Migrations::NotAsked => None,
        };
        let commits = &self.comparison.commits;
        let mut lines: Vec<String> = commits.iter().rev().map(commit_line).collect();
        if self.comparison.commits_cut {
            lines.push(format!("GitHub names {} of {}", commits.len(), self.count()));
        }
        let lines = Some(lines).filter(|lines| !lines.is_empty());
        let groups = [
            ("migrations", migrations),
            ("commits", lines),
            ("compare", Some(vec![self.link.clone()])),
        ];
        let detail = |(label, lines): (&str, Option<Vec<String>>)| {
            Some(Detail {
                label: label.to_owned(),
                lines: lines?,
            })
        };
        groups.into_iter().filter_map(detail).collect()
    }
}

impl Migrations {
    /// `no migrations`, for a summary; nothing if nobody asked.
    pub(crate) fn summary(&self) -> Option<String> {
        match self {
            Self::Yes(files) => Some(count(files.len(), "migration")),
            Self::No => Some("no migrations".to_owned()),
            Self::Unknown => Some("migrations unknown".to_owned()),
            Self::NotAsked => None,
        }
    }
}

/// Whether a file is below one of these paths, in which `*` stands for one folder.
fn is_migration(paths: &[String], file: &str) -> bool {
    let parts: Vec<&str> = file.split('/').collect();
    paths.iter().any(|path| {
        let wanted: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let deep_enough = if path.ends_with('/') {
            parts.len() > wanted.len()
        } else {
            parts.len() >= wanted.len()
        };
        let fits = |(wanted, part): (&&str, &&str)| *wanted == "*" || wanted == part;
        deep_enough && !wanted.is_empty() && wanted.iter().zip(&parts).all(fits)
    })
}

fn in_files(paths: &[String], files: &[ChangedFile]) -> Migrations {
    let touches = |file: &&ChangedFile| {
        let previous = file.previous_path.as_deref();
        is_migration(paths, &file.path) || previous.is_some_and(|path| is_migration(paths, path))
    };
    told(
        files
            .iter()
            .filter(touches)
            .map(|file| file.path.clone())
            .collect(),
    )
}

fn in_trees(paths: &[String], then: &Tree, now: &Tree) -> Migrations {
    if then.truncated || now.truncated {
        return Migrations::Unknown;
    }
    let (then, now) = (files_in(paths, then), files_in(paths, now));
    let mut changed: Vec<String> = then
        .symmetric_difference(&now)
        .map(|(path, _)| (*path).to_owned())
        .collect();
    changed.dedup();
    told(changed)
}

fn files_in<'t>(paths: &[String], tree: &'t Tree) -> std::collections::BTreeSet<(&'t str, &'t str)> {
    let wanted = |path: &str| is_migration(paths, path);
    let files = tree.entries.iter().filter(|entry| entry.kind == EntryKind::Blob);
    files
        .filter(|entry| wanted(&entry.path))
        .map(|entry| (entry.path.as_str(), entry.sha.as_str()))
        .collect()
}

fn told(files: Vec<String>) -> Migrations {
    if files.is_empty() {
        Migrations::No
    } else {
        Migrations::Yes(files)
    }
}

#[cfg(test)]
mod tests {
    use countersign_github::TreeEntry;

    use super::*;
    use crate::words::tests::sha;

    fn paths() -> Vec<String> {
        vec!["treeherder/*/migrations/".to_owned()]
    }

    fn tree(files: &[(&str, char)]) -> Tree {
        let entry = |&(path, content): &(&str, char)| TreeEntry {
            path: path.to_owned(),
            kind: EntryKind::Blob,
            sha: sha(content),
        };
        Tree {
            entries: files.iter().map(entry).collect(),
            truncated: false,
        }
    }

    #[test]
    fn a_star_stands_for_one_folder() {
        for (file, is) in [
            ("treeherder/model/migrations/0017.py", true),
            ("treeherder/perf/migrations/deep/x.py", true),
            ("treeherder/migrations/0017.py", false),
            ("treeherder/model/migrations", false),
            ("treeherder/model/models.py", false),
            ("docs/treeherder/model/migrations/x", false),
        ] {
            assert_eq!(is_migration(&paths(), file), is, "{file}");
        }
        assert!(is_migration(&["db/schema.rb".to_owned()], "db/schema.rb"));
    }

    #[test]
    fn a_moved_migration_is_one() {
        let file = ChangedFile {
            path: "old/0017.py".to_owned(),
            previous_path: Some("treeherder/model/migrations/0017.py".to_owned()),
        };
        assert_eq!(
            in_files(&paths(), &[file]),
            Migrations::Yes(vec!["old/0017.py".to_owned()])
        );
    }

    #[test]
    fn trap_23_what_github_cuts_is_looked_up_in_the_trees() {
        let then = tree(&[("treeherder/model/migrations/1.py", 'a'), ("x.py", 'a')]);
        let now = tree(&[
            ("treeherder/model/migrations/1.py", 'b'),
            ("treeherder/model/migrations/2.py", 'c'),
            ("x.py", 'd'),
        ]);
        assert_eq!(
            in_trees(&paths(), &then, &now),
            Migrations::Yes(vec![
                "treeherder/model/migrations/1.py".to_owned(),
                "treeherder/model/migrations/2.py".to_owned()
            ])
        );
        assert_eq!(in_trees(&paths(), &now, &now), Migrations::No);
        let cut = Tree {
            truncated: true,
            ..tree(&[])
        };
        assert_eq!(in_trees(&paths(), &cut, &now), Migrations::Unknown);
        assert_eq!(Migrations::Unknown.summary().unwrap(), "migrations unknown");
    }
}
