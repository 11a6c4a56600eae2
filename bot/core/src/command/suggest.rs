//! Did you mean (being written).
/// .
pub fn closest() {}
