//! `countersign sealing-key`: makes a key that secrets are sealed with.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::Context as _;
use countersign_secrets::at_rest::SealingKey;
use secrecy::ExposeSecret as _;

use crate::random::SystemRandom;
use crate::signing;

pub(super) fn run(to: &Path) -> anyhow::Result<()> {
    let text = signing::seed(&SystemRandom);
    let id = SealingKey::of(&text)?.id();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .with_context(|| format!("{} cannot be written", to.display()))?;
    writeln!(file, "{}", text.expose_secret())?;
    file.sync_all()?;
    writeln!(
        io::stdout(),
        "the key {id} is in {to}, for this user alone. In the configuration:\n\n  [secrets]\n  key = {{ file = \"{to}\" }}\n\n\
         Keep it apart from the data folder and its backups. To change it, put the old one into old_keys first.",
        to = to.display(),
    )?;
    Ok(())
}
