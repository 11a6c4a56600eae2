//! The transitions (being written).
/// Why a vote does not count.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unwritten")]
pub struct VoteRefusal;
/// What a claim came to.
#[derive(Debug)]
pub enum Claim {}
