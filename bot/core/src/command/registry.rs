//! All commands (being written).
/// All commands.
#[derive(Debug)]
pub struct Registry {}
/// One.
#[derive(Debug)]
pub struct Registered {}
/// One use of it, parsed.
#[derive(Debug)]
pub struct Parsed {}
/// Two commands share a name.
#[derive(Debug, thiserror::Error)]
#[error("unwritten")]
pub struct RegistryError;
/// It was typed wrongly.
#[derive(Debug, thiserror::Error)]
#[error("unwritten")]
pub struct UsageError;
