//! The config vars that a rollback brings back. Values are compared, made known to the scrubber, and dropped; only
//! names leave this file.

use countersign_core::text::list;
use countersign_heroku::{ConfigChanges, ReleaseId};
use futures_util::future::try_join;

use crate::app::{App, Apps};
use crate::trouble::Fault;
use crate::words::one_line;

/// The config var that holds the database's address and password.
const DATABASE: &str = "DATABASE_URL";

/// What becomes of the config vars.
pub(super) struct Restored {
    pub(super) changes: ConfigChanges,
    /// Whether the app has a database at all.
    database: bool,
}

impl Restored {
    /// Compares what the app has now with what it would get.
    pub(super) async fn read(apps: &Apps, app: &App, release: &ReleaseId) -> Result<Self, Fault> {
        let asked = try_join(
            apps.heroku.config_vars(&app.heroku),
            apps.heroku.release_config_vars(&app.heroku, release),
        );
        let (now, then) = asked.await?;
        apps.keep_secret(app, &now);
        apps.keep_secret(app, &then);
        Ok(Self {
            changes: now.changes_to(&then),
            database: now.get(DATABASE).is_some() || then.get(DATABASE).is_some(),
        })
    }

    /// What people read before they sign.
    pub(super) fn lines(&self) -> Vec<String> {
        let ConfigChanges {
            added,
            removed,
            changed,
        } = &self.changes;
        let names =
            |names: &std::collections::BTreeSet<String>| list(names.iter().map(|name| one_line(name)));
        let mut lines = Vec::new();
        if !changed.is_empty() {
            lines.push(format!("changes back: {}", names(changed)));
        }
        if !added.is_empty() {
            lines.push(format!("comes back: {}", names(added)));
        }
        if !removed.is_empty() {
            lines.push(format!("goes away: {}", names(removed)));
        }
        if lines.is_empty() {
            lines.push("stays as it is".to_owned());
        }
        lines.extend(self.database_line());
        lines
    }

    /// Trap 14: the password of that time may have been revoked since.
    fn database_line(&self) -> Option<String> {
        let ConfigChanges {
            added,
            removed,
            changed,
        } = &self.changes;
        if changed.contains(DATABASE) {
            Some(format!(
                "{DATABASE} would go back to an older value; if its password was changed since, the app will not \
                 log in"
            ))
        } else if added.contains(DATABASE) {
            Some(format!(
                "{DATABASE} would come back with an older value, which may not work any more"
            ))
        } else if removed.contains(DATABASE) {
            Some(format!(
                "{DATABASE} would go away, and the app has no database without it"
            ))
        } else {
            self.database.then(|| format!("{DATABASE} stays as it is"))
        }
    }

    /// The names that differ, each with what happens to it, for the fingerprint: `~` changes, `+` comes, `-` goes.
    pub(super) fn names(&self) -> Vec<String> {
        let ConfigChanges {
            added,
            removed,
            changed,
        } = &self.changes;
        let mark = |mark: char| move |name: &String| format!("{mark}{name}");
        changed
            .iter()
            .map(mark('~'))
            .chain(added.iter().map(mark('+')))
            .chain(removed.iter().map(mark('-')))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use countersign_heroku::ConfigVars;
    use secrecy::SecretString;

    use super::*;

    fn restored(now: &[(&str, &str)], then: &[(&str, &str)]) -> Restored {
        let vars = |vars: &[(&str, &str)]| -> ConfigVars {
            vars.iter()
                .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
                .collect()
        };
        let (now, then) = (vars(now), vars(then));
        Restored {
            changes: now.changes_to(&then),
            database: now.get(DATABASE).is_some(),
        }
    }

    #[test]
    fn trap_14_a_database_url_that_goes_back_is_named_and_warned_of() {
        let restored = restored(
            &[
                ("DATABASE_URL", "mysql://u:canary-2@db"),
                ("LABEL", "canary-new"),
                ("NEW", "canary"),
            ],
            &[
                ("DATABASE_URL", "mysql://u:canary-1@db"),
                ("LABEL", "canary-old"),
                ("OLD", "canary"),
            ],
        );
        let lines = restored.lines();
        assert_eq!(
            lines,
            [
                "changes back: DATABASE_URL, LABEL",
                "comes back: OLD",
                "goes away: NEW",
                "DATABASE_URL would go back to an older value; if its password was changed since, the app will not \
                 log in"
            ]
        );
        assert_eq!(restored.names(), ["~DATABASE_URL", "~LABEL", "+OLD", "-NEW"]);
        assert!(!lines.concat().contains("canary"));
    }

    #[test]
    fn that_it_stays_is_said_too() {
        let same = [("DATABASE_URL", "mysql://u:canary-2@db")];
        assert_eq!(
            restored(&same, &same).lines(),
            ["stays as it is", "DATABASE_URL stays as it is"]
        );
        assert_eq!(
            restored(&[("A", "1")], &[("A", "2")]).lines(),
            ["changes back: A"]
        );
    }
}
