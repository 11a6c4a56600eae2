//! What tests are written with, as far as it serves here.

#[path = "../../support/irc/mod.rs"]
pub(crate) mod irc;
#[expect(dead_code, unused_imports, reason = "the tests use it")]
#[path = "../../support/mysql/mod.rs"]
pub(crate) mod mysql;
#[path = "../../support/process.rs"]
pub(crate) mod process;
#[path = "../../support/programs.rs"]
pub(crate) mod programs;
#[path = "../../support/serve/config.rs"]
pub(crate) mod serve;
