//! How the program ends when something went wrong.

use std::io::{self, IsTerminal as _, Write as _};
use std::process::ExitCode;

use crate::commands::{Failed, Refused};
use crate::config::{ConfigError, NoSuchKey};

/// Says on stderr what went wrong, and with which code to end: 1 for what failed, 2 for what was asked wrongly.
pub fn failure(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        // Whoever read our output has seen enough.
        return ExitCode::SUCCESS;
    }
    if error.is::<Refused>() || error.is::<Failed>() {
        // Why has been said.
        return ExitCode::FAILURE;
    }
    let mut stderr = io::stderr().lock();
    let said = match error.downcast_ref::<ConfigError>() {
        Some(wrong) => write!(stderr, "{}", wrong.report(io::stderr().is_terminal())),
        None => writeln!(stderr, "error: {error:#}"),
    };
    // If not even that can be said, the code still says it.
    said.ok();
    if error.is::<NoSuchKey>() {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
