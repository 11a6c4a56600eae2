//! Which release a rollback goes back to. Pure: from the list of releases to a choice, or to why there is none.

use countersign_core::command::Ask;
use countersign_core::refusal::Refusal;
use countersign_heroku::{Release, ReleaseStatus, Version};

use crate::app::App;

/// A choice that can be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Choice<'r> {
    /// The release that runs; not always the newest one.
    pub(super) current: &'r Release,
    /// The one to go back to.
    pub(super) to: &'r Release,
    /// Whether only config vars differ.
    pub(super) same_code: bool,
    /// How many releases with other code were passed over because Heroku would not go back to them.
    pub(super) skipped: usize,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum No {
    /// Nothing runs yet.
    NothingLive,
    /// No release before has other code and could be used.
    NothingBefore(Version),
    /// There is no such release.
    Missing(Version),
    /// It is the one that runs.
    Live(Version),
    /// Its release phase failed: it never ran.
    Failed(Version),
    /// Its release phase runs.
    Pending(Version),
    /// Its slug was thrown away.
    Expired(Version),
    /// Heroku says no and nothing more.
    Ineligible(Version),
}

/// Chooses among releases in any order: the one that was asked for, or the newest that ran the code before the
/// present one.
pub(super) fn choose(releases: &[Release], asked: Option<Version>) -> Result<Choice<'_>, No> {
    let mut newest_first: Vec<&Release> = releases.iter().collect();
    newest_first.sort_by_key(|release| std::cmp::Reverse(release.version));
    let current = newest_first
        .iter()
        .find(|release| release.current)
        .ok_or(No::NothingLive)?;
    let (to, skipped) = match asked {
        Some(version) => (named(&newest_first, version)?, 0),
        None => before(&newest_first, current)?,
    };
    Ok(Choice {
        current,
        to,
        same_code: to.slug == current.slug,
        skipped,
    })
}

fn named<'r>(newest_first: &[&'r Release], version: Version) -> Result<&'r Release, No> {
    let found = newest_first
        .iter()
        .find(|release| release.version == version)
        .ok_or(No::Missing(version))?;
    match found.status {
        _ if found.current => Err(No::Live(version)),
        ReleaseStatus::Failed => Err(No::Failed(version)),
        ReleaseStatus::Pending => Err(No::Pending(version)),
        ReleaseStatus::Expired => Err(No::Expired(version)),
        _ if !found.eligible_for_rollback => Err(No::Ineligible(version)),
        _ => Ok(found),
    }
}

/// The newest release with the code before the present one, and how many could not be used.
///
/// If the present code is itself that of a rollback, what it went away from is no place to go back to: the search
/// goes on below the release that it went back to.
fn before<'r>(newest_first: &[&'r Release], current: &Release) -> Result<(&'r Release, usize), No> {
    let ran = |release: &&&Release| !matches!(release.status, ReleaseStatus::Failed | ReleaseStatus::Pending);
    let mut below = current.version;
    loop {
        let older = newest_first
            .iter()
            .filter(ran)
            .filter(|release| release.version <= below);
        let came = older.take_while(|release| release.slug == current.slug).last();
        let Some(came) = came else { break };
        below = came.version;
        match rolled_back_to(came) {
            Some(to) if to < below => below = to,
            _ => break,
        }
    }
    let other_code = newest_first
        .iter()
        .filter(|release| release.version < below && release.slug != current.slug);
    let usable =
        |release: &Release| release.eligible_for_rollback && release.status == ReleaseStatus::Succeeded;
    let found = other_code.enumerate().find(|(_, release)| usable(release));
    found
        .map(|(skipped, release)| (*release, skipped))
        .ok_or(No::NothingBefore(current.version))
}

/// The release that this one went back to, if it is a rollback.
pub(crate) fn rolled_back_to(release: &Release) -> Option<Version> {
    release
        .description
        .strip_prefix("Rollback to ")?
        .trim()
        .parse()
        .ok()
}

impl No {
    /// Why, and what to type next.
    pub(super) fn refusal(self, app: &App, ask: &Ask<'_>) -> Refusal {
        let target = &app.target;
        let words = match self {
            Self::NothingLive => format!("nothing is live on {target}"),
            Self::NothingBefore(version) => {
                format!("there is no release before {version} with other code that Heroku would go back to")
            }
            Self::Missing(version) => format!("{target} has no release {version}"),
            Self::Live(version) => format!("{version} is what {target} runs"),
            Self::Failed(version) => format!("{version} failed in its release phase and never ran"),
            Self::Pending(version) => format!("the release phase of {version} is still running"),
            Self::Expired(version) => {
                format!("{version} has expired: Heroku threw its slug away, because it is old")
            }
            Self::Ineligible(version) => format!("Heroku does not allow going back to {version}"),
        };
        let releases = ask.type_(&format!("releases {target}"));
        let hint = match self {
            Self::NothingLive | Self::NothingBefore(_) => {
                format!(
                    "{releases} shows what there is. Otherwise fix it on {}.",
                    app.source_branch()
                )
            }
            _ => format!("Choose another: {releases} shows them."),
        };
        Refusal::new(words).hint(hint)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Written like `812 b current: Set A config vars`; the states are current, ok, old, failed, expired, pending.
    pub(crate) fn release(text: &str) -> Release {
        let (head, description) = text.split_once(": ").unwrap_or((text, "Deploy 3f2a91c"));
        let words: Vec<&str> = head.split(' ').collect();
        let [version, slug, state] = words[..] else {
            panic!("{text}")
        };
        let status = match state {
            "failed" => "failed",
            "expired" => "expired",
            "pending" => "pending",
            _ => "succeeded",
        };
        serde_json::from_value(serde_json::json!({
            "id": format!("id-{version}"), "version": version.parse::<u64>().unwrap(), "status": status,
            "current": state == "current", "eligible_for_rollback": matches!(state, "ok" | "current"),
            "description": description, "slug": { "id": format!("slug-{slug}") },
            "user": { "id": "u", "email": "erin@example.org" },
            "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T10:01:00Z",
        }))
        .unwrap()
    }

    fn chosen(releases: &[&str], asked: Option<u64>) -> Result<(u64, u64, bool), No> {
        let releases: Vec<Release> = releases.iter().map(|text| release(text)).collect();
        let choice = choose(&releases, asked.map(Version))?;
        Ok((choice.current.version.0, choice.to.version.0, choice.same_code))
    }

    #[test]
    fn the_code_before_is_the_newest_release_that_had_it() {
        let releases = [
            "813 b current",
            "812 a ok: Set A config vars",
            "811 a ok",
            "810 z ok",
        ];
        assert_eq!(chosen(&releases, None), Ok((813, 812, false)));
        let releases = ["812 b current: Set A config vars", "811 b ok", "810 a ok"];
        assert_eq!(chosen(&releases, None), Ok((812, 810, false)));
    }

    #[test]
    fn trap_15_the_newest_release_is_not_the_current_one() {
        let releases = ["814 c failed", "813 b current", "812 a ok"];
        assert_eq!(chosen(&releases, None), Ok((813, 812, false)));
        let releases = ["813 c pending", "812 b current", "811 x failed", "810 a ok"];
        assert_eq!(chosen(&releases, None), Ok((812, 810, false)));
    }

    #[test]
    fn after_a_rollback_the_bad_code_is_no_place_to_go_back_to() {
        let releases = [
            "814 a current: Rollback to v812",
            "813 bad ok",
            "812 a ok",
            "811 z ok",
        ];
        assert_eq!(chosen(&releases, None), Ok((814, 811, false)));
        let releases = [
            "815 a current: Set A config vars",
            "814 a ok: Rollback to v812",
            "813 bad ok",
            "812 a ok",
            "811 z ok",
        ];
        assert_eq!(chosen(&releases, None), Ok((815, 811, false)));
    }

    #[test]
    fn trap_14_old_failed_and_expired_releases_are_refused_with_the_reason() {
        let releases = [
            "812 b current",
            "811 a ok",
            "810 b ok",
            "809 x failed",
            "808 y expired",
            "807 w old",
            "806 v pending",
        ];
        assert_eq!(chosen(&releases, Some(811)), Ok((812, 811, false)));
        assert_eq!(chosen(&releases, Some(810)), Ok((812, 810, true)));
        assert_eq!(chosen(&releases, Some(812)), Err(No::Live(Version(812))));
        assert_eq!(chosen(&releases, Some(809)), Err(No::Failed(Version(809))));
        assert_eq!(chosen(&releases, Some(808)), Err(No::Expired(Version(808))));
        assert_eq!(chosen(&releases, Some(807)), Err(No::Ineligible(Version(807))));
        assert_eq!(chosen(&releases, Some(806)), Err(No::Pending(Version(806))));
        assert_eq!(chosen(&releases, Some(900)), Err(No::Missing(Version(900))));
        assert_eq!(
            chosen(&["812 b current", "811 a expired"], None),
            Err(No::NothingBefore(Version(812)))
        );
        assert_eq!(chosen(&["1 a failed"], None), Err(No::NothingLive));
    }
}
