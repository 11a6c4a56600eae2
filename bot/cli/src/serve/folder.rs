//! The data folder: nobody but the bot's user has any business there.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;

/// Makes the folder if it is not there. One that is keeps its rights, and if they are too wide that is logged.
pub(super) fn make(folder: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(|| format!("the data folder {} cannot be made", folder.display()))?;
    let mode = folder
        .metadata()
        .with_context(|| format!("the data folder {} cannot be looked at", folder.display()))?
        .permissions()
        .mode();
    if mode & 0o077 != 0 {
        let folder = folder.display();
        tracing::warn!("other users may look into the data folder: chmod 700 {folder}");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_folder_is_the_bots_alone() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("var/data");
        make(&folder).unwrap();
        assert_eq!(folder.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        make(&folder).unwrap();
        std::fs::write(parent.path().join("file"), "").unwrap();
        let error = make(&parent.path().join("file/data")).unwrap_err();
        assert!(error.to_string().starts_with("the data folder "), "{error}");
    }
}
