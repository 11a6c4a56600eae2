//! Executes operations (being written).
/// Executes operations.
#[derive(Debug)]
pub struct Engine;
