#![doc = include_str!("../README.md")]

mod ci;
mod client;
mod compare;
mod error;
mod ids;
mod limits;
mod paging;
mod refs;
mod repositories;
mod trees;

pub use ci::Ci;
pub use client::{DEFAULT_BASE_URL, GitHub, Settings};
pub use compare::{ChangedFile, Commit, CompareStatus, Comparison};
pub use countersign_http::{Etag, Polled, Retry, SetupError};
pub use error::{Error, ErrorKind, Result};
pub use ids::{Branch, Invalid, Repo, Revision, Sha};
pub use refs::Refusal;
pub use repositories::Repository;
pub use trees::{EntryKind, FolderChange, Tree, TreeEntry};
