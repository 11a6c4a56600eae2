//! How long everything takes, in nominal time.
//!
//! The caller's clock decides how fast nominal time passes: at ten times the speed a deploy takes 37 s. A deploy
//! of a green commit is live on all dynos after 6 min 10 s, a rollback or a change of a config var after 2 min.

use jiff::SignedDuration;

/// From the push to the moment when Heroku sees it and, if CI is green, starts a build.
pub const NOTICE: SignedDuration = SignedDuration::from_secs(10);

/// A build of the slug.
pub const BUILD: SignedDuration = SignedDuration::from_secs(240);

/// A release phase: `check`, `migrate` and `load_initial_data` (reference/domain.md §0.2).
pub const RELEASE_PHASE: SignedDuration = SignedDuration::from_secs(90);

/// A release phase that `SKIP_PREDEPLOY` ends at once (reference/domain.md §0.2).
pub const RELEASE_PHASE_SKIPPED: SignedDuration = SignedDuration::from_secs(5);

/// From `starting` to `up` for the quickest dyno of a release.
pub const FIRST_DYNO_UP: SignedDuration = SignedDuration::from_secs(10);

/// The same for the slowest; the others are spread evenly in between.
pub const LAST_DYNO_UP: SignedDuration = SignedDuration::from_secs(30);

/// From `starting` to `up` for a one-off dyno.
pub const ONE_OFF_UP: SignedDuration = SignedDuration::from_secs(5);

/// How long the command of a one-off dyno then runs, unless its `time_to_live` is shorter.
pub const ONE_OFF_RUN: SignedDuration = SignedDuration::from_secs(20);

/// How long CI takes for a pushed commit.
pub const CI: SignedDuration = SignedDuration::from_secs(300);

/// Slugs of releases older than this are destroyed, unless among the newest twenty (reference/domain.md §2.3).
pub const SLUG_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
