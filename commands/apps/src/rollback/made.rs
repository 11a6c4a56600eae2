//! Whether a rollback was made: what follows from the releases that came after the plan. Pure.

use countersign_core::operation::{Reconciled, Trouble};
use countersign_core::text::list;
use countersign_core::time::Duration;
use countersign_heroku::{Release, ReleaseId};
use serde_json::json;

use super::back::Target;
use super::target::rolled_back_to;
use crate::deploy::SETTLE;
use crate::follow::{Made, SOON};

/// Whether a release is the rollback that was wanted.
fn is_it(release: &Release, target: &Target) -> bool {
    rolled_back_to(release) == Some(target.version) && release.slug == target.slug
}

/// What the releases after the plan's newest say of a rollback in doubt. A request that was delayed may still
/// arrive, so that "no" takes a while.
pub(super) fn happened(newer: &[Release], target: &Target, since: Duration) -> Reconciled {
    let mut ours = newer.iter().filter(|release| is_it(release, target));
    match (ours.next(), ours.next()) {
        (Some(one), None) => Reconciled::Happened(json!(Made {
            release: one.id.clone()
        })),
        (Some(_), Some(_)) => Reconciled::CannotTell(several(target)),
        (None, _) if newer.is_empty() && since < SETTLE => Reconciled::Later(SOON),
        (None, _) if newer.is_empty() => Reconciled::NotHappened,
        (None, _) => Reconciled::CannotTell(format!(
            "after {} came {}, and none of it is a rollback to {}",
            target.newest,
            list(newer.iter().map(|release| release.version)),
            target.version
        )),
    }
}

/// The rollback that an earlier try has made, if there is one. Nothing if it is still to be made, trouble if it must
/// not be.
pub(super) fn before_posting(
    newer: &[Release],
    target: &Target,
    again: bool,
) -> Result<Option<ReleaseId>, Trouble> {
    let Some(newest) = newer.first() else {
        return Ok(None);
    };
    let mut ours = newer.iter().filter(|release| again && is_it(release, target));
    match (ours.next(), ours.next()) {
        (Some(one), None) => Ok(Some(one.id.clone())),
        (Some(_), Some(_)) => {
            Err(Trouble::never(several(target)).hint("Look which of them is live. No hold was set."))
        }
        (None, _) => {
            let words = format!("{} was made meanwhile, so I did not roll back", newest.version);
            Err(Trouble::never(words).hint("Look at it, then ask again."))
        }
    }
}

/// The newest release that is the rollback that was wanted.
pub(super) fn newest_fit(newer: &[Release], target: &Target) -> Option<ReleaseId> {
    let fits = newer.iter().find(|release| is_it(release, target));
    fits.map(|release| release.id.clone())
}

fn several(target: &Target) -> String {
    format!("there are several releases that roll back to {}", target.version)
}

#[cfg(test)]
mod tests {
    use super::super::back::tests::target;
    use super::super::target::tests::release;
    use super::*;

    fn told(newer: &[&str], since: Duration) -> Reconciled {
        let newer: Vec<Release> = newer.iter().map(|text| release(text)).collect();
        happened(&newer, &target(), since)
    }

    #[test]
    fn trap_16_a_lost_rollback_is_found_among_the_newer_releases() {
        let ours = "814 a pending: Rollback to v811";
        let found = Reconciled::Happened(json!({ "release": "id-814" }));
        assert_eq!(told(&[ours], Duration::ZERO), found);
        assert_eq!(told(&["815 a ok: Set A config vars", ours], SETTLE), found);
    }

    #[test]
    fn trap_16_no_is_believed_only_when_a_delayed_request_cannot_arrive_any_more() {
        assert_eq!(told(&[], Duration::ZERO), Reconciled::Later(SOON));
        assert_eq!(told(&[], SETTLE), Reconciled::NotHappened);
    }

    #[test]
    fn what_cannot_be_told_is_left_to_a_person() {
        let seen = |newer: &[&str]| match told(newer, SETTLE) {
            Reconciled::CannotTell(saw) => saw,
            other => panic!("{other:?}"),
        };
        assert_eq!(
            seen(&["814 c ok: Deploy 8d07be4"]),
            "after v813 came v814, and none of it is a rollback to v811"
        );
        assert!(seen(&["814 b ok: Rollback to v811"]).contains("none of it"));
        let ours = "a ok: Rollback to v811";
        assert_eq!(
            seen(&[&format!("815 {ours}"), &format!("814 {ours}")]),
            "there are several releases that roll back to v811"
        );
    }

    fn posts(newer: &[&str], again: bool) -> Result<Option<String>, String> {
        let newer: Vec<Release> = newer.iter().map(|text| release(text)).collect();
        let found = before_posting(&newer, &target(), again);
        found
            .map(|found| found.map(|id| id.to_string()))
            .map_err(|trouble| trouble.sentence())
    }

    #[test]
    fn trap_16_what_an_earlier_try_has_made_is_not_made_again() {
        let ours = "814 a ok: Rollback to v811";
        assert_eq!(posts(&[ours], true), Ok(Some("id-814".to_owned())));
        let after = "815 a ok: Set A config vars";
        assert_eq!(posts(&[after, ours], true), Ok(Some("id-814".to_owned())));
        assert_eq!(posts(&[], true), Ok(None));
        assert_eq!(
            posts(&["815 a ok: Rollback to v811", ours], true),
            Err(
                "there are several releases that roll back to v811. Look which of them is live. No hold was set."
                    .to_owned()
            )
        );
    }

    #[test]
    fn what_somebody_else_made_stops_the_first_try() {
        assert_eq!(posts(&[], false), Ok(None));
        let meanwhile = "v814 was made meanwhile, so I did not roll back. Look at it, then ask again.";
        assert_eq!(
            posts(&["814 a ok: Rollback to v811"], false),
            Err(meanwhile.to_owned())
        );
        assert_eq!(posts(&["814 c ok"], true), Err(meanwhile.to_owned()));
    }

    #[test]
    fn a_rollback_that_was_skipped_is_one_that_fits_or_none() {
        let fit = |newer: &[&str]| {
            let newer: Vec<Release> = newer.iter().map(|text| release(text)).collect();
            newest_fit(&newer, &target()).map(|id| id.to_string())
        };
        assert_eq!(fit(&["815 a ok: Set A config vars"]), None);
        let ours = "814 a ok: Rollback to v811";
        assert_eq!(
            fit(&["815 a ok: Set A config vars", ours]),
            Some("id-814".to_owned())
        );
    }
}
