//! Help (being written).
/// .
pub fn help_for() {}
/// .
pub fn overview() {}
/// .
pub fn usage() {}
