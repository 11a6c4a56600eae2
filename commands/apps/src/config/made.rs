//! Whether a config var was changed: what follows from its value now and from the releases that came after the plan.
//! Pure.

use countersign_core::operation::{Reconciled, Trouble};
use countersign_core::text::list;
use countersign_core::time::Duration;
use countersign_heroku::{Release, ReleaseId};
use serde_json::Value;

use crate::deploy::SETTLE;
use crate::follow::SOON;
use crate::watch::config_change;

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sought<'s> {
    /// The config var.
    pub(super) name: &'s str,
    /// `set` or `removed`, as releases are told of.
    pub(super) verb: &'s str,
}

impl Sought<'_> {
    /// Whether a release changed this config var, and nothing else.
    fn is_it(self, release: &Release) -> bool {
        config_change(&release.description)
            .is_some_and(|(names, verb)| names == self.name && verb == self.verb)
    }

    /// The newest release that did.
    pub(super) fn newest(self, newer: &[Release]) -> Option<ReleaseId> {
        let ours = newer.iter().find(|release| self.is_it(release));
        ours.map(|release| release.id.clone())
    }
}

/// What is to be done, from what is there.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Go {
    /// The change.
    Change,
    /// Nothing: an earlier try has done it.
    Done,
    /// Nothing: it was so before.
    Same,
}

/// Before the change is sent. `holds`: the config var is as it shall be.
pub(super) fn before_changing(newer: &[Release], holds: bool, again: bool) -> Result<Go, Trouble> {
    match newer.first() {
        _ if holds && again => Ok(Go::Done),
        None if holds => Ok(Go::Same),
        None => Ok(Go::Change),
        Some(newest) => Err(Trouble::never(format!("{} was made meanwhile", newest.version))
            .hint("Look at it, then ask again.")),
    }
}

/// What the config var and the releases after the plan's newest say of a change in doubt. A request that was delayed may
/// still arrive, so that "no" takes a while.
pub(super) fn happened(newer: &[Release], sought: Sought<'_>, holds: bool, since: Duration) -> Reconciled {
    let ours: Vec<&Release> = newer.iter().filter(|release| sought.is_it(release)).collect();
    match (holds, ours.as_slice()) {
        (true, _) => Reconciled::Happened(Value::Null),
        (false, []) if since < SETTLE => Reconciled::Later(SOON),
        (false, []) => Reconciled::NotHappened,
        (false, ours) => Reconciled::CannotTell(format!(
            "{} changed {} meanwhile, and it is not now what was signed",
            list(ours.iter().map(|release| release.version)),
            sought.name
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::tests::release;

    const SET: Sought<'_> = Sought {
        name: "NEW_KEY",
        verb: "set",
    };
    const OURS: &str = "813 a pending: Set NEW_KEY config vars";

    fn releases(newer: &[&str]) -> Vec<Release> {
        newer.iter().map(|text| release(text)).collect()
    }

    #[test]
    fn trap_16_a_lost_change_is_seen_in_the_value() {
        let told = |newer: &[&str], holds, since| happened(&releases(newer), SET, holds, since);
        let yes = Reconciled::Happened(Value::Null);
        assert_eq!(told(&[OURS], true, Duration::ZERO), yes);
        assert_eq!(told(&["814 a ok: Deploy 3f2a91c", OURS], true, SETTLE), yes);
        assert_eq!(told(&[], false, Duration::ZERO), Reconciled::Later(SOON));
        assert_eq!(told(&[], false, SETTLE), Reconciled::NotHappened);
        let other = "813 a ok: Set OTHER config vars";
        assert_eq!(told(&[other], false, SETTLE), Reconciled::NotHappened);
    }

    #[test]
    fn a_value_that_is_neither_is_left_to_a_person() {
        assert_eq!(
            happened(&releases(&[OURS]), SET, false, SETTLE),
            Reconciled::CannotTell(
                "v813 changed NEW_KEY meanwhile, and it is not now what was signed".to_owned()
            )
        );
    }

    #[test]
    fn what_somebody_else_made_stops_the_change() {
        let go = |newer: &[&str], holds, again| {
            before_changing(&releases(newer), holds, again).map_err(|trouble| trouble.sentence())
        };
        assert_eq!(go(&[], false, false), Ok(Go::Change));
        assert_eq!(go(&[], true, false), Ok(Go::Same));
        assert_eq!(go(&[OURS], true, true), Ok(Go::Done));
        assert_eq!(go(&[], true, true), Ok(Go::Done));
        let meanwhile = Err("v813 was made meanwhile. Look at it, then ask again.".to_owned());
        assert_eq!(go(&["813 c ok"], false, false), meanwhile);
        assert_eq!(go(&["813 c ok"], true, false), meanwhile);
        assert_eq!(go(&[OURS], false, true), meanwhile);
    }

    #[test]
    fn the_release_is_the_one_that_names_it_alone() {
        let found =
            |newer: &[&str], sought: Sought<'_>| sought.newest(&releases(newer)).map(|id| id.to_string());
        assert_eq!(found(&["814 c ok", OURS], SET).as_deref(), Some("id-813"));
        for other in [
            "813 a ok: Set NEW_KEY, OTHER config vars",
            "813 a ok: Remove NEW_KEY config vars",
            "813 a ok: Set NEW_KEY2 config vars",
            "813 a ok: Deploy 3f2a91c",
        ] {
            assert_eq!(found(&[other], SET), None, "{other}");
        }
        let unset = Sought {
            verb: "removed",
            ..SET
        };
        let removed = "813 a ok: Remove NEW_KEY config vars";
        assert_eq!(found(&[removed], unset).as_deref(), Some("id-813"));
    }
}
