//! A copy of the store, made while a process writes to it: it is as the store was at one moment.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqlitePool};

use crate::{OpenError, Sqlite, words};

/// Why there is no backup. Nothing was left behind under its name.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is a file of that name.
    #[error("{0} exists already, and a backup overwrites nothing; give it another name")]
    Exists(PathBuf),
    /// The operating system refused a file.
    #[error("{path} cannot be written; its folder must exist, have room and let this user write")]
    File {
        /// The file.
        path: PathBuf,
        /// The error beneath.
        #[source]
        source: io::Error,
    },
    /// The store could not be copied.
    #[error("the store could not be copied: {words}")]
    Copy {
        /// Why, and what to do.
        words: &'static str,
        /// The error beneath.
        #[source]
        source: sqlx::Error,
    },
    /// The copy cannot be opened.
    #[error("the copy cannot be read, so it was thrown away")]
    Unreadable(#[source] Box<OpenError>),
    /// SQLite finds the copy damaged.
    #[error("the copy is damaged, so it was thrown away; the store itself may be too: {0}")]
    Damaged(String),
}

/// A copy that SQLite finds whole, and that has not got its name yet. Dropped without one it is thrown away.
#[derive(Debug)]
pub struct Copy {
    store: Sqlite,
    partial: Partial,
    to: PathBuf,
}

/// A file on its way.
#[derive(Debug)]
struct Partial(PathBuf);

impl Drop for Partial {
    fn drop(&mut self) {
        // Gone already if it has got its name.
        fs::remove_file(&self.0).ok();
    }
}

impl Sqlite {
    /// Copies the store into a file next to `to`, which only this user may read, and has SQLite check it.
    pub async fn copy(&self, to: &Path) -> Result<Copy, BackupError> {
        if fs::symlink_metadata(to).is_ok() {
            return Err(BackupError::Exists(to.to_owned()));
        }
        let partial = begin(to)?;
        let name = partial.0.to_string_lossy().into_owned();
        sqlx::query("VACUUM INTO $1")
            .bind(name)
            .execute(&self.readers)
            .await
            .map_err(|source| BackupError::Copy {
                words: words::cause(&source),
                source,
            })?;
        without_secrets(&partial.0).await?;
        let store = Self::open_read_only(&partial.0)
            .await
            .map_err(|error| BackupError::Unreadable(Box::new(error)))?;
        check(&store.readers).await?;
        Ok(Copy {
            store,
            partial,
            to: to.to_owned(),
        })
    }
}

impl Copy {
    /// The copy, to be read.
    pub fn store(&self) -> &Sqlite {
        &self.store
    }

    /// Puts the copy on disk and gives it its name. Says how many bytes it has.
    pub async fn keep(self) -> Result<u64, BackupError> {
        self.store.close().await;
        let refused = |source| BackupError::File {
            path: self.to.clone(),
            source,
        };
        let file = File::open(&self.partial.0).map_err(refused)?;
        file.sync_all().map_err(refused)?;
        let bytes = file.metadata().map_err(refused)?.len();
        name(&self.partial.0, &self.to)?;
        let folder = folder(&self.to);
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(refused)?;
        Ok(bytes)
    }
}

/// What can be handed over once must not be had again from a copy: links and drop boxes that are open in the store are
/// ended in the copy, and with them goes what is locked in them, and what was to be said of it; so do passwords that wait to
/// be set.
const WITHOUT_SECRETS: &[&str] = &[
    "DELETE FROM link_contents",
    "UPDATE links SET state = 'burned', sealed_with = NULL, version = version + 1,
         body = json_set(body, '$.phrase', NULL, '$.version', version + 1,
             '$.state', json_object('burned', json_object('at', json_extract(body, '$.made'), 'by', NULL)))
     WHERE state = 'live'",
    "UPDATE drop_boxes SET state = 'closed', unplanned = FALSE, sealed_with = NULL, version = version + 1,
         body = json_set(body, '$.private', NULL, '$.content', NULL, '$.version', version + 1,
             '$.state', json_object('closed', json_object('at', json_extract(body, '$.made'))))
     WHERE state IN ('open', 'filled')",
    "UPDATE accesses SET sealed_with = NULL, version = version + 1,
         body = json_set(body, '$.password', NULL, '$.version', version + 1)
     WHERE sealed_with IS NOT NULL",
    "DELETE FROM outbox WHERE sealed_with IS NOT NULL",
];

async fn without_secrets(copy: &Path) -> Result<(), BackupError> {
    let refused = |source: sqlx::Error| BackupError::Copy {
        words: words::cause(&source),
        source,
    };
    let options = SqliteConnectOptions::new()
        .filename(copy)
        .pragma("secure_delete", "ON")
        .disable_statement_logging();
    let mut db = options.connect().await.map_err(refused)?;
    for statement in WITHOUT_SECRETS {
        sqlx::query(*statement).execute(&mut db).await.map_err(refused)?;
    }
    db.close().await.map_err(refused)
}

/// An empty file for SQLite to fill.
fn begin(to: &Path) -> Result<Partial, BackupError> {
    let mut name = to.as_os_str().to_owned();
    name.push(format!(".partial-{}", std::process::id()));
    let path = PathBuf::from(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o600);
    match options.open(&path) {
        Ok(_) => Ok(Partial(path)),
        Err(source) => Err(BackupError::File { path, source }),
    }
}

/// A second name is refused where a file has it already; a renaming would overwrite that.
fn name(partial: &Path, to: &Path) -> Result<(), BackupError> {
    let refused = |source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(to.to_owned()),
        _ => BackupError::File {
            path: to.to_owned(),
            source,
        },
    };
    match fs::hard_link(partial, to) {
        // This file system has no second names, so it is the best that can be done.
        Err(error) if is_unsupported(&error) => {
            if to.exists() {
                return Err(BackupError::Exists(to.to_owned()));
            }
            fs::rename(partial, to).map_err(refused)
        }
        linked => linked.map_err(refused),
    }
}

fn is_unsupported(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied
    )
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

async fn check(db: &SqlitePool) -> Result<(), BackupError> {
    let refused = |source| BackupError::Copy {
        words: words::cause(&source),
        source,
    };
    let found: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(3)")
        .fetch_all(db)
        .await
        .map_err(refused)?;
    if found != ["ok"] {
        return Err(BackupError::Damaged(found.join("; ")));
    }
    let orphans: Vec<(String,)> = sqlx::query_as("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 3")
        .fetch_all(db)
        .await
        .map_err(refused)?;
    if let Some((table,)) = orphans.first() {
        return Err(BackupError::Damaged(format!("rows of {table} belong to nothing")));
    }
    Ok(())
}
