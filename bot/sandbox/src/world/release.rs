//! Builds, slugs and releases.
//!
//! A release is a slug plus the config vars of that moment. That is why going back to one brings its config vars back
//! too, a revoked `DATABASE_URL` among them (reference/domain.md §2.3).

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::repository::Sha;

/// Config vars by name.
pub type Config = BTreeMap<String, String>;

/// How a build is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildStatus {
    /// It runs, and how it will end is already decided.
    Pending {
        /// Whether it will succeed.
        succeeds: bool,
    },
    /// It made a slug.
    Succeeded {
        /// The slug.
        slug: Uuid,
        /// The release that was made of it.
        release: Uuid,
    },
    /// It made nothing.
    Failed,
}

/// A build of one commit.
#[derive(Debug, Clone)]
pub struct Build {
    /// Its id.
    pub id: Uuid,
    /// What is built.
    pub commit: Sha,
    /// Who caused it.
    pub user: String,
    /// How it is doing.
    pub status: BuildStatus,
    /// When it began.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
}

/// What a build makes.
#[derive(Debug, Clone)]
pub struct Slug {
    /// Its id.
    pub id: Uuid,
    /// What it was built from.
    pub commit: Sha,
    /// The first line of that commit's message.
    pub subject: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When Heroku destroyed it, which no release of it survives.
    pub deleted_at: Option<Timestamp>,
}

/// How a release is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReleaseStatus {
    /// Its release phase runs, and how it will end is already decided.
    Pending {
        /// Whether it will succeed.
        succeeds: bool,
    },
    /// Its release phase succeeded.
    Succeeded,
    /// Its release phase failed: it never was current.
    Failed,
    /// Its slug is gone.
    Expired,
}

impl ReleaseStatus {
    /// Heroku's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending { .. } => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }
}

/// A release of an app.
#[derive(Debug, Clone)]
pub struct Release {
    /// Its id.
    pub id: Uuid,
    /// Its number: 812 for `v812`.
    pub version: u32,
    /// What made it, in Heroku's words.
    pub description: String,
    /// The slug that runs.
    pub slug: Uuid,
    /// The config vars it runs with.
    pub config: Config,
    /// Who made it.
    pub user: String,
    /// How it is doing.
    pub status: ReleaseStatus,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its status last changed.
    pub updated_at: Timestamp,
}

impl Release {
    /// Whether Heroku would roll back to it.
    pub fn is_eligible_for_rollback(&self) -> bool {
        self.status == ReleaseStatus::Succeeded
    }
}
