//! Following what Heroku makes of a commit: build → release phase → dynos up. Every step only looks, so each may be
//! repeated; what a step finds is in the journal, and the next one goes on from there.
//!
//! Things are compared by ids and versions, never by time stamps: clocks differ.

mod build;
mod dynos;
mod release;

use countersign_core::operation::{Ended, Progress, Trouble};
use countersign_core::time::Duration;
use countersign_github::Sha;
use countersign_heroku::{BuildId, ReleaseId, Version};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::App;
use crate::words::checks;

pub(crate) use build::{among, build, find, is_of};
pub(crate) use dynos::dynos_up;
pub(crate) use release::release_phase;

// How often we look. Heroku gives an account 75 calls a minute, shared by everything that uses it; no step makes more
// than two calls to Heroku a look, so an operation needs at most 24 of them.
/// While something is about to begin or to end.
pub(crate) const SOON: Duration = Duration::from_secs(5);
/// While something takes minutes.
pub(crate) const STEADY: Duration = Duration::from_secs(10);
/// While CI runs.
pub(crate) const CI_PAUSE: Duration = Duration::from_secs(15);

/// CI that runs longer than this hangs.
pub(crate) const CI_WITHIN: Duration = Duration::from_hours(2);
/// How many of the newest builds are looked at.
pub(crate) const BUILDS: usize = 20;

/// What is followed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) app: &'a App,
    pub(crate) sha: &'a Sha,
    /// The newest build that has nothing to do with it.
    pub(crate) after_build: Option<&'a BuildId>,
    /// What is so already, and stays so if nothing comes of it: "production is at 8d07be4". May be empty.
    pub(crate) state: &'a str,
}

/// The build that is followed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Found {
    build: BuildId,
    /// What is being built: the commit that was wanted, or a later one that contains it.
    code: String,
    /// How long builds took lately.
    usually_s: Option<u64>,
}

/// The release that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) release: ReleaseId,
}

/// The release whose release phase went well.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Released {
    pub(crate) version: Version,
}

/// The release that all dynos run.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Live {
    pub(crate) version: Version,
    pub(crate) dynos: usize,
}

impl Live {
    /// `v813 live on 14 dynos`, with what it is in brackets.
    pub(crate) fn words(self, what: &str) -> String {
        let Self { version, dynos } = self;
        match dynos {
            0 => format!("{version}{what} released; no dynos are scaled up"),
            1 => format!("{version}{what} live on 1 dyno"),
            many => format!("{version}{what} live on {many} dynos"),
        }
    }
}

/// A step's result for the journal.
pub(crate) fn done<T: Serialize>(result: &T) -> Result<Progress, Trouble> {
    let value: Value =
        serde_json::to_value(result).map_err(|_| Trouble::never("a result can't be written down"))?;
    Ok(Progress::Done(value))
}

/// The end, without what was wanted.
pub(crate) fn bad(words: impl Into<String>) -> Progress {
    Progress::End(Ended {
        good: false,
        words: words.into(),
        announcement: None,
    })
}

pub(crate) fn wait(pause: Duration, phase: impl Into<String>, usually: Option<Duration>) -> Progress {
    Progress::Wait {
        pause,
        phase: phase.into(),
        detail: None,
        usually,
    }
}

/// CI runs. How far it is is shown only where that makes no new line.
pub(crate) fn waits_for_ci(short: &str, done: usize, total: usize) -> Progress {
    Progress::Wait {
        pause: CI_PAUSE,
        phase: format!("waiting for CI on {short}"),
        detail: Some(checks(done, total)),
        usually: None,
    }
}
