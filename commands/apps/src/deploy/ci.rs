//! What CI means for a deploy. Pure.

use countersign_core::operation::Progress;
use countersign_core::text::span;
use countersign_core::time::Duration;
use countersign_github::Ci;
use serde_json::Value;

use super::pinned::Pinned;
use crate::app::App;
use crate::follow::{CI_PAUSE, CI_WITHIN, bad, wait, waits_for_ci};
use crate::words::failed_checks;

/// What CI means for the deploy that waits for it. Heroku waits by itself, so who follows only watches.
pub(super) fn waited(app: &App, pinned: &Pinned, ci: &Ci, waited: Duration, pushes: bool) -> Progress {
    let short = pinned.sha.short();
    let stays = format!("{} was not moved", pinned.branch);
    let again = format!("Then !deploy {} again", app.target);
    match ci {
        Ci::Green { .. } => Progress::Done(Value::Null),
        Ci::Running { done, total, .. } if waited < CI_WITHIN => waits_for_ci(short, *done, *total),
        _ if !pushes => Progress::Done(Value::Null),
        Ci::None if waited < app.starts_within => {
            wait(CI_PAUSE, format!("waiting for CI on {short} to begin"), None)
        }
        Ci::None => bad(format!(
            "CI on {short} did not begin within {}; {stays}. Look at it on GitHub. {again}",
            span(waited)
        )),
        Ci::Running { .. } => bad(format!(
            "CI on {short} is still running after {}; {stays}. Look at it on GitHub. {again}",
            span(waited)
        )),
        Ci::Red { failed } => bad(format!(
            "CI on {short} is red ({}); {stays}. Fix it on {}. {again}",
            failed_checks(failed),
            app.source_branch()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ship::tests::pinned;
    use super::*;
    use crate::app::tests::prod;

    #[test]
    fn trap_23_who_waits_for_ci_does_not_wait_for_ever() {
        let said = |ci: &Ci, since: Duration| match waited(&prod(), &pinned(), ci, since, true) {
            Progress::Done(_) => "go".to_owned(),
            Progress::Wait { phase, .. } => phase,
            Progress::End(ended) => ended.words,
            Progress::Record { .. } => "record".to_owned(),
        };
        let (soon, late) = (Duration::ZERO, Duration::from_mins(10));
        let running = Ci::Running {
            done: 1,
            total: 2,
            since: None,
        };
        assert_eq!(said(&Ci::Green { total: 2 }, soon), "go");
        assert_eq!(said(&running, late), "waiting for CI on 8888888");
        assert_eq!(
            said(&running, CI_WITHIN),
            "CI on 8888888 is still running after 2 h; production was not moved. Look at it on GitHub. Then !deploy \
             prod again"
        );
        assert_eq!(said(&Ci::None, soon), "waiting for CI on 8888888 to begin");
        assert!(said(&Ci::None, late).starts_with("CI on 8888888 did not begin within 10 min"));
    }
}
