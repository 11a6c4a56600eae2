//! `countersign sealing-key`: makes a key that secrets are sealed with.

use std::io::{self, Write as _};
use std::path::Path;

use countersign_secrets::at_rest::SealingKey;

use crate::random::SystemRandom;
use crate::{private_file, signing};

/// What somebody would do who wrote over a key.
const LOSS: &str = "whoever loses a key loses what it sealed";

pub(super) fn run(to: &Path) -> anyhow::Result<()> {
    let text = signing::seed(&SystemRandom);
    let id = SealingKey::of(&text)?.id();
    private_file::write_key(to, &text, LOSS)?;
    writeln!(
        io::stdout(),
        "the key {id} is in {to}, for this user alone. In the configuration:\n\n  [secrets]\n  key = {{ file = \"{to}\" }}\n\n\
         Keep it apart from the data folder and its backups. To change it, put the old one into old_keys first.",
        to = to.display(),
    )?;
    Ok(())
}
