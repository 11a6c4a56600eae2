#![doc = include_str!("../README.md")]

mod add_ons;
mod apps;
mod builds;
mod client;
mod config_vars;
mod dynos;
mod error;
mod formation;
mod ids;
mod paging;
mod releases;
mod slugs;

pub use apps::{Account, App, AppId, AppName, Whose};
pub use builds::{Build, BuildId, BuildStatus};
pub use client::{DEFAULT_BASE_URL, Heroku, Settings};
pub use config_vars::{ConfigChanges, ConfigUpdate, ConfigVars, is_config_var_name};
pub use countersign_http::{Etag, Polled, Retry, SetupError};
pub use dynos::{Dyno, DynoId, DynoRelease, DynoState};
pub use error::{Error, ErrorKind, Refusal, Result};
pub use formation::ProcessType;
pub use ids::{Id, Invalid};
pub use releases::{Release, ReleaseId, ReleaseStatus, Version};
pub use slugs::{CommitId, Slug, SlugId};
