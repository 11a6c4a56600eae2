//! What becomes of the code. Only this needs GitHub: when it does not answer, a rollback is possible all the same.

use countersign_core::text::{count, list};
use countersign_heroku::CommitId;
use futures_util::future::try_join;

use super::target::Choice;
use crate::app::{App, Apps, sha_of};
use crate::change::{Change, Migrations};
use crate::trouble::Fault;
use crate::words::{one_line, short_commit};

/// What becomes of the code.
pub(super) struct Code {
    now: Option<CommitId>,
    pub(super) then: Option<CommitId>,
    /// How many commits go back, in words.
    size: String,
    /// What the code that goes back has done to the database.
    pub(super) migrations: Option<String>,
    /// Where the commits that go back can be read.
    pub(super) link: Option<String>,
}

impl Code {
    pub(super) async fn read(apps: &Apps, app: &App, choice: &Choice<'_>) -> Result<Self, Fault> {
        let (now, then) = try_join(apps.slug_of(app, choice.current), apps.slug_of(app, choice.to)).await?;
        let range = then.as_ref().and_then(sha_of).zip(now.as_ref().and_then(sha_of));
        let mut code = Self {
            now: now.and_then(|slug| slug.commit),
            then: then.and_then(|slug| slug.commit),
            size: "which commits go back can't be told".to_owned(),
            migrations: None,
            link: None,
        };
        if let Some((then, now)) = range.filter(|_| !choice.same_code) {
            match Change::between(apps, app, &then, &now).await {
                Ok(change) => {
                    code.size = goes_back(change.count(), change.comparison.behind_by);
                    code.migrations = stay_applied(&change.migrations);
                    code.link = Some(change.link);
                }
                Err(fault) => code.size = format!("{}: {}", code.size, fault.words()),
            }
        }
        Ok(code)
    }

    /// `8d07be4 → 3f2a91c (12 commits go back), slug re-used, release phase runs again`.
    pub(super) fn line(&self, choice: &Choice<'_>) -> String {
        let short = |commit: &Option<CommitId>| commit.as_ref().map_or("?".to_owned(), short_commit);
        let (now, then) = (short(&self.now), short(&self.then));
        if choice.same_code {
            format!("stays {now}: only config vars differ; release phase runs again")
        } else {
            format!(
                "{now} → {then} ({}), slug re-used, release phase runs again",
                self.size
            )
        }
    }
}

fn goes_back(back: usize, forward: u64) -> String {
    match forward {
        0 if back == 1 => "1 commit goes back".to_owned(),
        0 => format!("{} go back", count(back, "commit")),
        others => format!("{} back and {others} others forward", count(back, "commit")),
    }
}

/// The release phase of old code never takes a migration back.
fn stay_applied(migrations: &Migrations) -> Option<String> {
    match migrations {
        Migrations::Yes(files) => Some(format!(
            "stay applied, which the older code must bear: {}",
            list(files.iter().map(|file| one_line(file)))
        )),
        Migrations::Unknown => Some("unknown; those that ran stay applied".to_owned()),
        Migrations::No | Migrations::NotAsked => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_back_is_counted() {
        assert_eq!(goes_back(12, 0), "12 commits go back");
        assert_eq!(goes_back(1, 0), "1 commit goes back");
        assert_eq!(goes_back(3, 2), "3 commits back and 2 others forward");
    }

    #[test]
    fn trap_14_migrations_do_not_go_back() {
        let files = vec!["treeherder/model/migrations/0017.py".to_owned()];
        assert_eq!(
            stay_applied(&Migrations::Yes(files)).unwrap(),
            "stay applied, which the older code must bear: treeherder/model/migrations/0017.py"
        );
        assert_eq!(stay_applied(&Migrations::No), None);
    }
}
