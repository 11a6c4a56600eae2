#![doc = include_str!("../README.md")]

mod apps;
mod builds;
mod client;
mod config_vars;
mod dynos;
mod error;
mod formation;
mod ids;
mod limits;
mod paging;
mod releases;
mod slugs;
mod text;

pub use apps::{Account, App, AppId, AppName};
pub use builds::{Build, BuildId, BuildStatus};
pub use client::{DEFAULT_BASE_URL, Etag, Heroku, Polled, Settings};
pub use config_vars::{ConfigChanges, ConfigVars};
pub use dynos::{Dyno, DynoId, DynoRelease, DynoState};
pub use error::{Error, ErrorKind, Result, Retry, SetupError};
pub use formation::ProcessType;
pub use ids::{Id, Invalid};
pub use releases::{Release, ReleaseId, ReleaseStatus, Version};
pub use slugs::{CommitId, Slug, SlugId};
