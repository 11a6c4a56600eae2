//! What the servers wrote down.

use std::path::{Path, PathBuf};

/// The files of one server in which statements may be found.
#[derive(Clone, Debug)]
pub(crate) struct Files {
    /// Every statement, as it was sent.
    pub(crate) general: PathBuf,
    pub(crate) errors: PathBuf,
    /// What a replica is told, and what it was told.
    pub(crate) binary: Vec<PathBuf>,
    pub(crate) relay: Vec<PathBuf>,
}

impl Files {
    /// In the folder of a server.
    pub(super) fn of(folder: &Path, errors: PathBuf) -> Self {
        // `bin.000001`, and not `bin.index` beside it.
        let is_log = |path: &PathBuf, name: &str| {
            let kind = path.extension().unwrap_or_default().to_string_lossy();
            path.file_stem().is_some_and(|stem| stem == name) && kind.parse::<u32>().is_ok()
        };
        let logs = |name: &str| {
            let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| is_log(path, name))
                .collect();
            files.sort();
            files
        };
        Self {
            general: folder.join("general.log"),
            errors,
            binary: logs("bin"),
            relay: logs("relay"),
        }
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<PathBuf> {
        let single = [self.general.clone(), self.errors.clone()];
        single
            .into_iter()
            .chain(self.binary.clone())
            .chain(self.relay.clone())
            .collect()
    }
}
