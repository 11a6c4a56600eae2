//! Errors of SQLite as words: what happened and what to do.

use std::error::Error;
use std::sync::Arc;

use countersign_core::store::{Conflict, StoreError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What happened and what to do, as a fragment.
pub(crate) fn cause(error: &sqlx::Error) -> &'static str {
    let code = match error {
        sqlx::Error::Database(error) => error.code(),
        sqlx::Error::PoolTimedOut => return "every reader is busy; try again",
        sqlx::Error::PoolClosed => return "it is closed",
        _ => None,
    };
    // The low byte of SQLite's extended codes is the kind of error.
    match code
        .and_then(|code| code.parse::<u32>().ok())
        .map(|code| code & 0xff)
    {
        Some(5 | 6) => "another program is writing to the store file; only one may",
        Some(8) => "the store file may not be written; give the bot's user that right",
        Some(10) => "the disk failed, or a limit on the size of files was reached; see the system's log",
        Some(11 | 26) => "the store file is damaged; restore it from a backup",
        Some(13) => "the disk is full; make room on it",
        Some(14) => "the store file cannot be opened; see whether it and its folder are there and readable",
        _ => "SQLite refused it; the log says why",
    }
}

/// The store did not do it: `tried` says what.
pub(crate) fn unavailable(tried: &'static str) -> impl FnOnce(sqlx::Error) -> StoreError {
    move |error| StoreError::Unavailable {
        words: format!("{tried}: {}", cause(&error)),
        source: Box::new(error),
    }
}

/// An error that several callers are told.
#[derive(Debug)]
pub(crate) struct Shared {
    words: String,
    source: Arc<dyn Error + Send + Sync>,
}

impl Shared {
    pub(crate) fn new(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { words, source } => Self {
                words,
                source: source.into(),
            },
            other => Self {
                words: "writing: something beside it failed".to_owned(),
                source: Arc::new(other),
            },
        }
    }

    pub(crate) fn told(&self) -> StoreError {
        StoreError::Unavailable {
            words: self.words.clone(),
            source: Box::new(Arc::clone(&self.source)),
        }
    }
}

/// There is no writer.
pub(crate) fn closed() -> StoreError {
    StoreError::Unavailable {
        words: "it is closed, or was opened to be read only".to_owned(),
        source: "no writer".into(),
    }
}

/// What is in the store cannot be read.
pub(crate) fn unreadable(
    table: &'static str,
    key: &impl ToString,
    source: impl Into<Box<dyn Error + Send + Sync>>,
) -> StoreError {
    StoreError::Unreadable {
        table,
        key: key.to_string(),
        source: source.into(),
    }
}

/// The body that is stored of a value.
pub(crate) fn encode<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Unavailable {
        words: "writing: the value has no JSON form".to_owned(),
        source: Box::new(error),
    })
}

/// The value that a stored body is.
pub(crate) fn decode<T: DeserializeOwned>(
    table: &'static str,
    key: &impl ToString,
    body: &str,
) -> Result<T, StoreError> {
    serde_json::from_str(body).map_err(|error| unreadable(table, key, error))
}

/// Rows of a list. One that cannot be read is left out and logged: it must not hold up all the others. Asked for by
/// itself it is an error, and what it stands for (an open operation, a lock) still counts in the checks of a batch.
pub(crate) fn readable<T: DeserializeOwned>(table: &'static str, rows: Vec<(String, String)>) -> Vec<T> {
    let readable = |(key, body): (String, String)| match decode(table, &key, &body) {
        Ok(row) => Some(row),
        Err(error) => {
            tracing::error!(table, key, %error, "a row cannot be read and is left out");
            None
        }
    };
    rows.into_iter().filter_map(readable).collect()
}

/// Whether a write met the row that it was meant for.
pub(crate) fn met(rows: u64, otherwise: impl FnOnce() -> Conflict) -> Result<(), StoreError> {
    if rows == 0 {
        return Err(StoreError::Conflict(otherwise()));
    }
    Ok(())
}

/// A counter as the database's integer. No counter gets near 2^63.
pub(crate) fn integer(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The database's integer as a counter.
pub(crate) fn counter(integer: i64) -> u64 {
    u64::try_from(integer).unwrap_or(0)
}
