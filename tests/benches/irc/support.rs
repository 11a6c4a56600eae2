//! What tests are written with, as far as it serves here.

#[path = "../../support/irc/mod.rs"]
pub(crate) mod irc;
#[path = "../../support/programs.rs"]
pub(crate) mod programs;
#[path = "../../support/serve/config.rs"]
pub(crate) mod serve;
