//! What an app's config vars and releases are like when a change of them is asked for.

use countersign_core::plan::Facts;
use countersign_core::plan::Plan;
use countersign_heroku::{ConfigVars, Release, Version};
use serde_json::json;

use crate::app::{App, Apps};
use crate::facts;
use crate::trouble::Fault;

/// Whether the config var is set, in a fingerprint.
const SET: &str = "set";
/// The newest release, in a fingerprint: after a failed release phase it is not the one that is live.
const NEWEST: &str = "newest";

/// The config vars, and what is live with them.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) vars: ConfigVars,
    /// What is live.
    current: Option<Release>,
    /// The newest release, which may have failed.
    newest: Option<Version>,
}

impl Present {
    /// Reads them; every value is made known to the scrubber.
    pub(super) async fn of(apps: &Apps, app: &App) -> Result<Self, Fault> {
        let heroku = &apps.heroku;
        let (vars, current, newest) = futures_util::future::try_join3(
            heroku.config_vars(&app.heroku),
            heroku.current_release(&app.heroku),
            heroku.newest_releases(&app.heroku, 1),
        )
        .await?;
        apps.keep_secret(app, &vars);
        Ok(Self {
            vars,
            current,
            newest: newest.first().map(|release| release.version),
        })
    }

    /// What showing a value relies on.
    pub(super) fn shown(&self, name: &str) -> Facts {
        let release = self.current.as_ref();
        let version = release.map(|release| release.version.to_string());
        Facts::from([
            (facts::RELEASE.to_owned(), json!(version)),
            (facts::MADE_BY.to_owned(), json!(release.map(facts::made_by))),
            (SET.to_owned(), json!(self.vars.get(name).is_some())),
        ])
    }

    /// What changing one relies on.
    pub(super) fn changed(&self, name: &str) -> Facts {
        let mut facts = self.shown(name);
        facts.insert(NEWEST.to_owned(), json!(self.newest().to_string()));
        facts
    }

    /// The newest release; before the first one there is `v0`.
    pub(super) fn newest(&self) -> Version {
        self.newest.unwrap_or(Version(0))
    }

    /// What is live.
    pub(super) fn live(&self) -> Option<Version> {
        self.current.as_ref().map(|release| release.version)
    }
}

/// What moved: "prod went from v813 to v814 (erin@…: Deploy 8d07be4)".
pub(super) fn moved(plan: &Plan, name: &str, found: &Facts) -> String {
    let mut moves = Vec::new();
    for (fact, before, now) in facts::changes(plan, found) {
        moves.push(match fact {
            facts::RELEASE => facts::release_moved(plan, found),
            facts::MADE_BY => continue,
            SET if now == "true" => format!("{name} was set"),
            SET => format!("{name} is not set any more"),
            NEWEST if found.get(facts::RELEASE) != plan.fingerprint.get(facts::RELEASE) => continue,
            NEWEST => format!("{now} was made, and is not live"),
            other => format!("{other} went from {before} to {now}"),
        });
    }
    facts::in_words(moves)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::facts::tests::plan;
    use crate::rollback::tests::release;

    pub(in crate::config) fn present(vars: &[(&str, &str)], current: &str, newest: u64) -> Present {
        Present {
            vars: vars
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned().into()))
                .collect(),
            current: Some(release(current)),
            newest: Some(Version(newest)),
        }
    }

    #[test]
    fn what_moved_is_told_without_values() {
        let before = present(&[("A", "canary-1")], "812 a current", 812);
        let told = |now: &Present| moved(&plan(before.changed("A")), "A", &now.changed("A"));
        assert_eq!(
            told(&present(
                &[("A", "canary-2")],
                "813 a current: Set A config vars",
                813
            )),
            "prod went from v812 to v813 (erin@…: Set A config vars)"
        );
        assert_eq!(
            told(&present(&[], "812 a current", 813)),
            "v813 was made, and is not live, A is not set any more"
        );
        let unset = present(&[], "812 a current", 812);
        assert_eq!(
            moved(&plan(unset.changed("A")), "A", &before.changed("A")),
            "A was set"
        );
    }

    #[test]
    fn facts_hold_no_value() {
        let facts =
            serde_json::to_string(&present(&[("A", "canary")], "812 a current", 812).changed("A")).unwrap();
        assert!(!facts.contains("canary"), "{facts}");
    }
}
