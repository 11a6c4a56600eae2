//! The servers of the tests.

#[path = "../../support/mysql/mod.rs"]
pub(crate) mod mysql;
#[path = "../../support/process.rs"]
pub(crate) mod process;
