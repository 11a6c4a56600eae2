//! Dynos: the processes that run.

use countersign_http::Call;
use jiff::Timestamp;
use serde::Deserialize;

use crate::{
    apps::AppName,
    client::Heroku,
    error::Result,
    ids::Id,
    releases::{ReleaseId, Version},
};

/// The id of a dyno; its next incarnation of the same name has another.
pub type DynoId = Id<Dyno>;

/// A dyno.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Dyno {
    /// Its id.
    pub id: DynoId,
    /// `web.1`, `run.1234`.
    pub name: String,
    /// The process type: `web`, `worker`, `run`.
    #[serde(rename = "type")]
    pub process_type: String,
    /// What it is doing.
    pub state: DynoState,
    /// How big it is: `Standard-1X`.
    pub size: String,
    /// The release that it runs.
    pub release: DynoRelease,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

/// The release that a dyno runs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DynoRelease {
    /// Its id.
    pub id: ReleaseId,
    /// Its number.
    pub version: Version,
}

/// What a dyno is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DynoState {
    /// It starts.
    Starting,
    /// It runs.
    Up,
    /// It sleeps, as nobody visited.
    Idle,
    /// It ended by itself.
    Crashed,
    /// It was ended.
    Down,
    /// Something that Heroku has added since.
    #[serde(other)]
    Other,
}

impl Heroku {
    /// The dynos that exist now, one-off ones among them. A one-off dyno that is over is not there any more,
    /// which says nothing of how it ended.
    pub async fn dynos(&self, app: &AppName) -> Result<Vec<Dyno>> {
        self.client
            .fetch(&Call::get(["apps", app.as_str(), "dynos"]))
            .await
    }
}

impl Dyno {
    /// Whether it was started for one command, by a person, the scheduler or a release phase, so that a new release
    /// does not replace it.
    pub fn is_one_off(&self) -> bool {
        matches!(self.process_type.as_str(), "run" | "release" | "scheduler")
    }

    /// Whether it runs this release or a later one. A release is live when all dynos that are not one-off serve it:
    /// the rule of the official CLI's `ps:wait`.
    pub fn serves(&self, version: Version) -> bool {
        self.state == DynoState::Up && self.release.version >= version
    }
}
