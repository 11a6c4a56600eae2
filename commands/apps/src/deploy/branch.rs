//! Whether a branch may be moved, and whether it was: what follows from where it is. Pure.

use countersign_core::operation::{Entry, Happening, Reconciled, Run};
use countersign_core::time::{Duration, between};
use countersign_github::Sha;
use serde_json::json;

use super::pinned::Pinned;
use crate::follow::SOON;

/// This long after its step was begun a request whose reply was lost has arrived, or never will. What lies between is
/// bounded by the clients: a read before the request is tried three times for 30 s, the request once for 30 s. A
/// minute more is for what is still under way when the client gives up.
pub(crate) const SETTLE: Duration = Duration::from_mins(3);

/// Whether the branch may be moved from where it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Go {
    /// It is where the plan found it.
    Move,
    /// It is where it should be.
    There,
    /// It is somewhere else: GitHub would take it from there too, but that is not what was signed.
    No,
}

pub(super) fn before_moving(pinned: &Pinned, at: &Sha) -> Go {
    if *at == pinned.sha {
        Go::There
    } else if Some(at) == pinned.from.as_ref() {
        Go::Move
    } else {
        Go::No
    }
}

/// What the branch says of a move in doubt. A request that was delayed may still arrive, so that "no" takes a while.
pub(super) fn after_moving(pinned: &Pinned, at: &Sha, since: Duration) -> Reconciled {
    match before_moving(pinned, at) {
        Go::There => Reconciled::Happened(json!({ "to": at })),
        Go::Move if since < SETTLE => Reconciled::Later(SOON),
        Go::Move => Reconciled::NotHappened,
        Go::No => Reconciled::CannotTell(format!(
            "{} is at {} now, which is neither where it was nor {}",
            pinned.branch,
            at.short(),
            pinned.sha.short()
        )),
    }
}

/// How long ago a step was begun for the last time.
pub(crate) fn since_begun(step: &str, run: &Run<'_>) -> Duration {
    let begun = run
        .journal
        .iter()
        .rev()
        .find(|entry| entry.step == step && entry.happening == Happening::Began);
    begun.map_or(Duration::ZERO, |entry| between(entry.at, run.now))
}

/// Whether the step was begun before its present try: then a request that was believed lost may have arrived since.
pub(crate) fn tried_before(step: &str, journal: &[Entry]) -> bool {
    let begun = |entry: &&Entry| entry.step == step && entry.happening == Happening::Began;
    journal.iter().filter(begun).count() > 1
}

#[cfg(test)]
mod tests {
    use countersign_core::time::from_millis;

    use super::super::ship::tests::pinned;
    use super::*;
    use crate::words::tests::sha;

    #[test]
    fn only_an_earlier_try_may_have_arrived_late() {
        let entry = |step: &str, happening| Entry {
            operation: "7F3K".into(),
            step: step.to_owned(),
            happening,
            at: from_millis(0),
        };
        let mut journal = vec![entry("wait", Happening::Began), entry("move", Happening::Began)];
        assert!(!tried_before("move", &journal));
        journal.push(entry("move", Happening::Failed("did not happen".to_owned())));
        journal.push(entry("move", Happening::Began));
        assert!(tried_before("move", &journal));
        assert!(!tried_before("wait", &journal));
    }

    #[test]
    fn no_is_believed_only_after_all_that_a_try_may_take() {
        let (read, request, margin) = (3 * 30, 30, 60);
        assert!(SETTLE >= Duration::from_secs(read + request + margin));
        assert_eq!(
            after_moving(&pinned(), &sha('3'), Duration::from_secs(read + request)),
            Reconciled::Later(SOON)
        );
    }

    #[test]
    fn trap_22_only_from_where_the_plan_found_it() {
        assert_eq!(before_moving(&pinned(), &sha('3')), Go::Move);
        assert_eq!(before_moving(&pinned(), &sha('8')), Go::There);
        assert_eq!(before_moving(&pinned(), &sha('5')), Go::No);
    }

    #[test]
    fn trap_22_a_move_in_doubt_is_told_by_the_branch() {
        let there = Reconciled::Happened(json!({ "to": sha('8') }));
        assert_eq!(after_moving(&pinned(), &sha('8'), Duration::ZERO), there);
        assert_eq!(
            after_moving(&pinned(), &sha('3'), Duration::ZERO),
            Reconciled::Later(SOON)
        );
        assert_eq!(
            after_moving(&pinned(), &sha('3'), SETTLE),
            Reconciled::NotHappened
        );
        let saw = "production is at 5555555 now, which is neither where it was nor 8888888";
        assert_eq!(
            after_moving(&pinned(), &sha('5'), SETTLE),
            Reconciled::CannotTell(saw.to_owned())
        );
    }
}
