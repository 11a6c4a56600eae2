//! Why the world does not do what it is told. The texts are Heroku's, as far as they are known.

/// Why nothing was done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no such app.
    #[error("Couldn't find that app.")]
    NoApp,
    /// There is no such release.
    #[error("Couldn't find that release.")]
    NoRelease,
    /// There is no such slug, or none any more.
    #[error("Couldn't find that slug.")]
    NoSlug,
    /// There is no such commit.
    #[error("Couldn't find that commit.")]
    NoCommit,
    /// There is no such dyno.
    #[error("Couldn't find that dyno.")]
    NoDyno,
    /// There is no such process type.
    #[error("Couldn't find that process type ({0}).")]
    NoProcessType(String),
    /// The release failed, is not over or has expired.
    #[error("Release is not eligible for rollback.")]
    NotEligible,
    /// A number of dynos that cannot be.
    #[error("Quantity of {0} must be between 0 and 100.")]
    Quantity(String),
}
