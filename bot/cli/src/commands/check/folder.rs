//! The data folder and the store in it.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_store::{OpenError, Sqlite};
use nix::sys::statvfs::statvfs;

use super::finding::Findings;
use crate::STORE_FILE;
use crate::config::Config;

const MIB: u64 = 1024 * 1024;
/// Less room than this should be looked at.
const TIGHT: u64 = 512 * MIB;
/// With less than this a bot can be stopped by a full disk at any moment.
const FULL: u64 = 32 * MIB;

pub(super) async fn check(config: Arc<Config>) -> Findings {
    let mut findings = Findings::default();
    let folder = &config.bot.data;
    let Some(there) = writable(folder, &mut findings) else {
        return findings;
    };
    space(&there, &mut findings);
    let store = folder.join(STORE_FILE);
    if store.exists() {
        open(&store, &mut findings).await;
        locked(&store, &mut findings);
    } else {
        new(&mut findings).await;
    }
    findings
}

/// The folder, or the one in which it will be made; nothing if the bot cannot write there.
fn writable(folder: &Path, findings: &mut Findings) -> Option<PathBuf> {
    let shown = folder.display();
    // `serve` makes what is missing.
    let there = absolute(folder)
        .ancestors()
        .find(|ancestor| ancestor.exists())
        .map(Path::to_owned)?;
    let is_there = folder.exists();
    if let Err(error) = tempfile::tempfile_in(&there) {
        let there = there.display();
        findings.fail(
            "data folder",
            format!("this user cannot write into {there} ({error}); give it the right, or set bot.data to another folder"),
        );
        return None;
    }
    if !is_there {
        findings.ok(
            "data folder",
            format!("{shown} is not there yet; countersign serve makes it"),
        );
        return Some(there);
    }
    match folder.metadata().map(|metadata| metadata.permissions().mode()) {
        Ok(mode) if mode & 0o077 != 0 => {
            findings.warn(
                "data folder",
                format!("other users may look into it: chmod 700 {shown}"),
            );
        }
        Ok(_) => findings.ok("data folder", format!("{shown}, for this user alone")),
        Err(error) => findings.fail("data folder", format!("{shown} cannot be looked at ({error})")),
    }
    Some(there)
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn space(folder: &Path, findings: &mut Findings) {
    let found = match statvfs(folder) {
        Ok(found) => found,
        Err(error) => {
            let folder = folder.display();
            findings.warn(
                "disk",
                format!("how much room is left in {folder} cannot be told ({error})"),
            );
            return;
        }
    };
    #[expect(clippy::useless_conversion, reason = "on some systems they are narrower")]
    let free = u64::from(found.blocks_available()).saturating_mul(u64::from(found.fragment_size()));
    let words = format!("{} MiB are free in the data folder", free / MIB);
    if free < FULL {
        findings.fail("disk", format!("{words}, which is too little; make room"));
    } else if free < TIGHT {
        findings.warn("disk", format!("{words}; make room"));
    } else {
        findings.ok("disk", words);
    }
}

async fn open(path: &Path, findings: &mut Findings) {
    match Sqlite::open_read_only(path).await {
        Ok(store) => {
            findings.ok("store", format!("{}, SQLite {}", path.display(), store.sqlite_version()));
            store.close().await;
        }
        Err(OpenError::Older { found, known, .. }) => findings.ok(
            "store",
            format!("it is of an older countersign (schema {found}); the start brings it to schema {known}, so back it up before"),
        ),
        Err(error) => {
            let cause = std::error::Error::source(&error).map_or_else(String::new, |cause| format!(" ({cause})"));
            findings.fail("store", format!("{error}{cause}"));
        }
    }
}

/// There is no store yet: whether one can be made shows on one that goes away.
async fn new(findings: &mut Findings) {
    let tried = async {
        let folder =
            tempfile::tempdir().map_err(|error| format!("no temporary folder can be made: {error}"))?;
        let store = Sqlite::open(folder.path().join(STORE_FILE))
            .await
            .map_err(|error| error.to_string())?;
        let version = store.sqlite_version().to_owned();
        store.close().await;
        Ok::<_, String>(version)
    };
    match tried.await {
        Ok(version) => findings.ok(
            "store",
            format!("none yet; the first start makes it. SQLite {version}"),
        ),
        Err(words) => findings.fail("store", words),
    }
}

/// Says who writes to it.
fn locked(store: &Path, findings: &mut Findings) {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let held = match File::open(&name) {
        Ok(file) => file.try_lock_shared(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(TryLockError::Error(error)),
    };
    match held {
        Ok(()) => findings.ok("store", "no process writes to it"),
        Err(TryLockError::WouldBlock) => {
            let by = std::fs::read_to_string(&name).unwrap_or_default();
            findings.warn(
                "store",
                format!(
                    "process {} writes to it; a second bot cannot, so stop that one before you start another",
                    by.trim()
                ),
            );
        }
        Err(TryLockError::Error(error)) => {
            findings.fail(
                "store",
                format!("its lock {} cannot be looked at ({error})", name.display()),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, without how much room there is.
    async fn found(folder: &Path) -> String {
        let text = format!(
            "[bot]\ndata = {folder:?}\n[heroku]\ntoken = {{ env = \"A\" }}\n[github]\ntoken = {{ env = \"A\" }}\n"
        );
        let env = |_: &str| Some("secret".to_owned());
        let config = Config::parse("test.toml", &text, Path::new(""), &env).unwrap();
        let text = check(Arc::new(config)).await.text();
        let lines = text.lines().filter(|line| !line.contains("  disk: "));
        let shown = lines.map(|line| line.replace(&folder.display().to_string(), "DATA"));
        shown
            .map(|line| line.split("SQLite").next().unwrap().to_owned() + "\n")
            .collect()
    }

    fn set_mode(folder: &Path, mode: u32) {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[tokio::test]
    async fn what_is_not_there_yet_is_no_fault() {
        let parent = tempfile::tempdir().unwrap();
        assert_eq!(
            found(&parent.path().join("var/data")).await,
            "ok    data folder: DATA is not there yet; countersign serve makes it\n\
             ok    store: none yet; the first start makes it. \n"
        );
    }

    #[tokio::test]
    async fn a_store_opens_and_who_writes_to_it_is_said() {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o700);
        let path = folder.path().join(STORE_FILE);
        let store = Sqlite::open(&path).await.unwrap();
        let process = std::process::id();
        assert_eq!(
            found(folder.path()).await,
            format!(
                "ok    data folder: DATA, for this user alone\n\
                 ok    store: DATA/{STORE_FILE}, \n\
                 warn  store: process {process} writes to it; a second bot cannot, so stop that one before you start another\n"
            )
        );
        store.close().await;
        drop(store);
        assert!(
            found(folder.path())
                .await
                .ends_with("ok    store: no process writes to it\n")
        );
        // The check has not kept the lock.
        Sqlite::open(&path).await.unwrap().close().await;
    }

    #[tokio::test]
    async fn a_folder_that_others_may_look_into_is_said() {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o755);
        assert!(
            found(folder.path())
                .await
                .starts_with("warn  data folder: other users may look into it: chmod 700 DATA\n")
        );
    }

    #[tokio::test]
    async fn what_is_no_folder_and_what_is_no_store_fail() {
        let folder = tempfile::tempdir().unwrap();
        set_mode(folder.path(), 0o700);
        std::fs::write(
            folder.path().join(STORE_FILE),
            "This is no database at all, whatever its name says.".repeat(99),
        )
        .unwrap();
        let said = found(folder.path()).await;
        assert!(said.contains("\nFAIL  store: "), "{said}");
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let said = found(&file.join("data")).await;
        assert!(
            said.starts_with("FAIL  data folder: this user cannot write into "),
            "{said}"
        );
    }
}
