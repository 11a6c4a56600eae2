//! `countersign completions`.

use std::io::{self, Write as _};

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};

use crate::args::Args;

pub(super) fn run(shell: Shell) -> anyhow::Result<()> {
    // In memory first: the generator panics when its output is closed early.
    let mut script = Vec::new();
    generate(shell, &mut Args::command(), "countersign", &mut script);
    io::stdout().write_all(&script)?;
    Ok(())
}
