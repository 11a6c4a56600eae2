//! Files that hold a secret: new, for this user alone, and on the disk before anything is said of them.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use countersign_core::secret::Secret;
use secrecy::ExposeSecret as _;

/// Writes a file that is not there yet. If that fails nothing is left of it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a secret serves nobody. If it stays, the error says where.
        fs::remove_file(path).ok();
    }
    written
}

/// Writes a new key as a line. `loss` says what is lost with a key, for whoever would write over one.
pub(crate) fn write_key(to: &Path, key: &Secret, loss: &str) -> anyhow::Result<()> {
    let shown = to.display();
    if to == Path::new("-") {
        bail!("a key is not printed, because terminals and logs keep what they show: name a file with --to");
    }
    let mut line = zeroize::Zeroizing::new(String::with_capacity(key.expose_secret().len() + 1));
    line.push_str(key.expose_secret());
    line.push('\n');
    match write(to, line.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            bail!("{shown} exists already and was left alone: {loss}. Choose another name")
        }
        written => written.with_context(|| format!("{shown} cannot be written")),
    }
}
