//! `countersign config`: the reference of the configuration.

use std::io::{self, Write as _};

use crate::args::Config;
use crate::config;

pub(super) fn run(args: &Config) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match args {
        Config::Schema => {
            serde_json::to_writer_pretty(&mut stdout, &config::schema())?;
            writeln!(stdout)?;
        }
        Config::Explain { key } => write!(stdout, "{}", config::explain(key.as_deref())?)?,
    }
    Ok(())
}
