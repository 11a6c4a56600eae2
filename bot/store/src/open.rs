//! Opening the store file: one process may write, any number may read.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use countersign_core::time::Duration;
use sqlx::ConnectOptions as _;
use sqlx::migrate::MigrateError;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use tokio::sync::{Mutex, mpsc, watch};

use crate::writer::{Erasing, QUIET, Writer};
use crate::{Sqlite, migrations, words};

/// How many batches may wait for the writer before callers wait to hand theirs over.
const QUEUE: usize = 1024;
/// Readers run beside the writer and beside each other.
const READERS: u32 = 4;
/// How long to wait for a foreign program, such as `sqlite3`, to let go of the file.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process writes to it.
    #[error("the store {path} is in use by process {by}; only one may write to it, so stop that one first")]
    InUse {
        /// The file.
        path: PathBuf,
        /// The process.
        by: String,
    },
    /// The operating system refused a file.
    #[error(
        "{path} cannot be opened; its folder must exist and the bot's user may have to be given the right"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// The error beneath.
        #[source]
        source: io::Error,
    },
    /// A newer version has written to it.
    #[error(
        "the store {path} was written by a newer countersign (schema {found}, this one knows {known}): run that one, or restore a backup made before the update"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        known: i64,
    },
    /// It was opened to be read only, and its schema is an older one.
    #[error(
        "the store {path} is of an older countersign (schema {found}, this one reads {known}): start the bot once, which brings it up to date"
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The version that this program reads.
        known: i64,
    },
    /// SQLite refused it.
    #[error("the store {path} cannot be opened: {words}")]
    Database {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        words: &'static str,
        /// The error beneath.
        #[source]
        source: sqlx::Error,
    },
    /// Its schema could not be brought up to date. It is as it was before.
    #[error(
        "the store {path} could not be brought up to date; it is as it was, so the version before still runs"
    )]
    Migration {
        /// The file.
        path: PathBuf,
        /// The error beneath.
        #[source]
        source: MigrateError,
    },
}

impl Sqlite {
    /// Opens a store to write to it; makes it if there is none, and brings an older one up to date. Must be called
    /// within a Tokio runtime, which then runs the writer.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = real(path.as_ref())?;
        let lock = take_lock(&path)?;
        create(&path)?;
        let refused = |source| database(&path, source);

        let options = writing(&path);
        let mut connection = options.connect().await.map_err(refused)?;
        if let Err(source) = migrations::migrator()
            .run_direct(None, &mut connection, false)
            .await
        {
            return Err(migration(&path, source));
        }
        let version = version_of_sqlite(&mut connection).await.map_err(refused)?;
        let readers = readers(&path).await.map_err(refused)?;

        let (wakeups, _) = watch::channel(0);
        let (orders, waiting) = mpsc::channel(QUEUE);
        let writer = Writer {
            options,
            connection: Some(connection),
            wakeups: wakeups.clone(),
            lock,
            // Whatever the last process was killed in.
            erasing: Some(Erasing::within(QUIET)),
        };
        let writer = tokio::spawn(writer.run(waiting));
        Ok(Self {
            readers,
            orders,
            wakeups,
            writer: Mutex::new(Some(writer)),
            version,
        })
    }

    /// Opens a store to read it only, also while a process writes to it. Every commit, claim and lease is refused.
    pub async fn open_read_only(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let path = real(path.as_ref())?;
        let refused = |source| database(&path, source);
        let readers = readers(&path).await.map_err(refused)?;
        let (found, version): (i64, String) =
            sqlx::query_as("SELECT COALESCE(MAX(version), 0), sqlite_version() FROM _sqlx_migrations")
                .fetch_one(&readers)
                .await
                .map_err(refused)?;
        let known = migrations::NEWEST;
        if found > known {
            return Err(OpenError::Newer { path, found, known });
        }
        if found < known {
            return Err(OpenError::Older { path, found, known });
        }
        // The receiving end is dropped at once: there is no writer.
        let (orders, _) = mpsc::channel(1);
        Ok(Self {
            readers,
            orders,
            wakeups: watch::channel(0).0,
            writer: Mutex::new(None),
            version,
        })
    }
}

fn database(path: &Path, source: sqlx::Error) -> OpenError {
    OpenError::Database {
        path: path.to_owned(),
        words: words::cause(&source),
        source,
    }
}

fn migration(path: &Path, source: MigrateError) -> OpenError {
    let path = path.to_owned();
    match source {
        MigrateError::VersionMissing(found) => OpenError::Newer {
            path,
            found,
            known: migrations::NEWEST,
        },
        source => OpenError::Migration { path, source },
    }
}

async fn version_of_sqlite(connection: &mut sqlx::SqliteConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("SELECT sqlite_version()")
        .fetch_one(connection)
        .await
}

/// `synchronous = FULL`: a commit is on disk when it returns, also if the power fails then.
fn writing(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        // What was locked in a link is overwritten when it goes, not only unlinked.
        .pragma("secure_delete", "ON")
        // The log of a long read is cut back to 16 MiB afterwards.
        .pragma("journal_size_limit", "16777216")
        .disable_statement_logging()
}

/// Read-only connections cannot checkpoint: that stays with the writer.
async fn readers(path: &Path) -> Result<SqlitePool, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(PATIENCE)
        // 1 MiB of pages each.
        .pragma("cache_size", "-1024")
        .disable_statement_logging();
    SqlitePoolOptions::new()
        .max_connections(READERS)
        .min_connections(1)
        .idle_timeout(Duration::from_mins(1))
        .max_lifetime(None)
        .test_before_acquire(false)
        .connect_with(options)
        .await
}

/// The path without symbolic links, so that a file has one lock by whatever name it is opened.
fn real(path: &Path) -> Result<PathBuf, OpenError> {
    let refused = |source| OpenError::File {
        path: path.to_owned(),
        source,
    };
    match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found.map_err(refused),
    }
    let name = path
        .file_name()
        .ok_or_else(|| refused(io::ErrorKind::InvalidFilename.into()))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Ok(folder.canonicalize().map_err(refused)?.join(name))
}

/// The operating system releases this lock with the process, however that ends.
fn take_lock(path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let refused = |source| OpenError::File {
        path: name.clone(),
        source,
    };
    let mut file = private().truncate(false).open(&name).map_err(refused)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let by = fs::read_to_string(&name).unwrap_or_default();
            return Err(OpenError::InUse {
                path: path.to_owned(),
                by: by.trim().to_owned(),
            });
        }
        Err(TryLockError::Error(source)) => return Err(refused(source)),
    }
    file.set_len(0)
        .and_then(|()| writeln!(file, "{}", std::process::id()))
        .map_err(refused)?;
    Ok(file)
}

/// Makes an empty file for SQLite to fill, which only the bot's user may read; SQLite gives its other files the same
/// rights. The lock is taken before: closing the file would let go of SQLite's own locks on it in this process.
fn create(path: &Path) -> Result<(), OpenError> {
    if path.exists() {
        return Ok(());
    }
    match private().create_new(true).open(path) {
        Ok(_) => Ok(()),
        Err(source) => Err(OpenError::File {
            path: path.to_owned(),
            source,
        }),
    }
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).mode(0o600);
    options
}
