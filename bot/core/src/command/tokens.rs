//! Tokens (being written).
/// .
#[derive(Debug)]
pub struct Token;
/// .
#[derive(Debug, thiserror::Error)]
#[error("unwritten")]
pub struct TokenError;
/// .
pub fn split() {}
