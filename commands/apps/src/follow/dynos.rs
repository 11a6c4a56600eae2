//! Waiting until every dyno runs a release.

use countersign_core::operation::{Ended, Progress, Run, Trouble};
use countersign_core::reply::Line;
use countersign_core::text::{clip, list, span};
use countersign_core::time::Duration;
use countersign_heroku::{Dyno, DynoState, ProcessType, Version};

use super::{Live, STEADY, done};
use crate::app::{App, Apps};
use crate::news;
use crate::trouble::Fault;
use crate::words::one_line;

/// Dynos that are not up after this long do not come up by themselves.
const WITHIN: Duration = Duration::from_mins(10);

/// Waits until every dyno runs this release, or a later one.
pub(crate) async fn dynos_up(
    apps: &Apps,
    app: &App,
    version: Version,
    run: &Run<'_>,
) -> Result<Progress, Trouble> {
    let asked =
        futures_util::future::try_join(apps.heroku.dynos(&app.heroku), apps.heroku.formation(&app.heroku));
    let (dynos, formation) = asked.await.map_err(Fault::from)?;
    let fleet = Fleet::of(&dynos, &formation, version);
    if fleet.is_up() {
        return done(&Live {
            version,
            dynos: fleet.wanted,
        });
    }
    if run.in_step() < WITHIN {
        return Ok(Progress::Wait {
            pause: STEADY,
            phase: fleet.phase(),
            detail: Some(format!("{} up", fleet.up)),
            usually: None,
        });
    }
    let words = format!("{version} is released, but only {}", fleet.words());
    let line = Line::new(format!("{}: {words}", app.target));
    Ok(Progress::End(Ended {
        good: false,
        words: format!(
            "{words} after {}. Look at {}; !rollback {} goes back",
            span(run.in_step()),
            app.dashboard("logs"),
            app.target
        ),
        announcement: Some(news::of(app, version, line)),
    }))
}

/// The dynos of an app, seen from a release.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fleet {
    up: usize,
    wanted: usize,
    crashed: Vec<String>,
    /// Dynos that are there and do not run it.
    behind: usize,
}

impl Fleet {
    fn of(dynos: &[Dyno], formation: &[ProcessType], version: Version) -> Self {
        let serving: Vec<&Dyno> = dynos.iter().filter(|dyno| !dyno.is_one_off()).collect();
        let up = serving.iter().filter(|dyno| dyno.serves(version)).count();
        let crashed = serving.iter().filter(|dyno| dyno.state == DynoState::Crashed);
        // While dynos are replaced some are missing from the list; the formation says how many there should be.
        let scaled: u32 = formation.iter().map(|process| process.quantity).sum();
        Self {
            up,
            wanted: serving.len().max(usize::try_from(scaled).unwrap_or(usize::MAX)),
            crashed: crashed
                .map(|dyno| clip(&one_line(&dyno.name), 40).into_owned())
                .collect(),
            behind: serving.len() - up,
        }
    }

    fn is_up(&self) -> bool {
        self.up >= self.wanted && self.behind == 0
    }

    /// What goes on, without the count: it is said once, and again when a dyno crashes.
    fn phase(&self) -> String {
        if self.crashed.is_empty() {
            format!("starting {} dynos", self.wanted)
        } else {
            format!("starting {} dynos; crashed: {}", self.wanted, list(&self.crashed))
        }
    }

    fn words(&self) -> String {
        let crashed = if self.crashed.is_empty() {
            String::new()
        } else {
            format!(", crashed: {}", list(&self.crashed))
        };
        format!("{} of {} dynos up{crashed}", self.up, self.wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `web.1 up v813`.
    fn dyno(text: &str) -> Dyno {
        let words: Vec<&str> = text.split(' ').collect();
        let [name, state, version] = words[..] else {
            panic!("{text}")
        };
        let version: Version = version.parse().unwrap();
        serde_json::from_value(serde_json::json!({
            "id": name.replace('.', "-"), "name": name, "type": name.split('.').next(), "state": state, "size": "x",
            "release": { "id": "r", "version": version }, "created_at": "2026-11-22T10:00:00Z",
            "updated_at": "2026-11-22T10:00:00Z",
        }))
        .unwrap()
    }

    fn fleet(dynos: &[&str], scaled: u32) -> Fleet {
        let dynos: Vec<Dyno> = dynos.iter().map(|text| dyno(text)).collect();
        let web = ProcessType {
            name: "web".to_owned(),
            quantity: scaled,
            size: String::new(),
        };
        Fleet::of(&dynos, &[web], Version(813))
    }

    #[test]
    fn a_release_is_live_when_every_dyno_runs_it_or_a_later_one() {
        assert!(fleet(&["web.1 up v813", "web.2 up v814"], 2).is_up());
        assert!(!fleet(&["web.1 up v813", "web.2 up v812"], 2).is_up());
        assert!(!fleet(&["web.1 up v813", "web.2 starting v813"], 2).is_up());
        assert!(fleet(&[], 0).is_up());
    }

    #[test]
    fn dynos_that_are_not_there_yet_are_missed_and_one_off_ones_are_not() {
        assert!(!fleet(&["web.1 up v813"], 2).is_up());
        assert!(fleet(&["web.1 up v813", "run.7 up v800", "release.813 up v812"], 1).is_up());
    }

    #[test]
    fn what_crashed_is_named() {
        let fleet = fleet(&["web.1 up v813", "web.2 crashed v813", "web.3 starting v813"], 3);
        assert_eq!(fleet.words(), "1 of 3 dynos up, crashed: web.2");
    }
}
