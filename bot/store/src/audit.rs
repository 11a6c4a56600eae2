//! The audit chain. Records are made by the writer alone, in the transaction of what they are about.

use countersign_core::audit::{self, Entry, Record};
use countersign_core::digest::{Digest, canonical};
use countersign_core::id::{PersonId, TargetName};
use countersign_core::store::{AuditWhere, StoreError};
use countersign_core::time::{Timestamp, from_millis};
use sqlx::{SqliteConnection, SqlitePool};

use crate::words::{counter, decode, integer, unavailable, unreadable};

/// The number and hash of the newest record.
pub(crate) type Head = Option<(u64, Digest)>;

const HEAD: &str = "SELECT seq, hash, at FROM audit ORDER BY seq DESC LIMIT 1";

/// Newest first, by time. One text for each combination, so that each has its index.
pub(crate) const ALL: &str = "
    SELECT seq, body, previous, hash FROM audit
    WHERE at >= $1 ORDER BY at DESC, seq DESC LIMIT $2";
pub(crate) const BY_PERSON: &str = "
    SELECT seq, body, previous, hash FROM audit
    WHERE at >= $1 AND person = $3 ORDER BY at DESC, seq DESC LIMIT $2";
pub(crate) const BY_TARGET: &str = "
    SELECT seq, body, previous, hash FROM audit
    WHERE at >= $1 AND target = $3 ORDER BY at DESC, seq DESC LIMIT $2";
pub(crate) const BY_BOTH: &str = "
    SELECT seq, body, previous, hash FROM audit
    WHERE at >= $1 AND person = $3 AND target = $4 ORDER BY at DESC, seq DESC LIMIT $2";

fn digest(seq: i64, text: &str) -> Result<Digest, StoreError> {
    text.parse().map_err(|error| unreadable("audit", &seq, error))
}

/// The head of the chain as the writer's transaction sees it.
pub(crate) async fn head(db: &mut SqliteConnection) -> Result<Head, StoreError> {
    let row: Option<(i64, String, i64)> = sqlx::query_as(HEAD)
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading the audit"))?;
    row.map(|(seq, hash, _)| Ok((counter(seq), digest(seq, &hash)?)))
        .transpose()
}

/// Appends an entry to the chain and says what its head is now.
pub(crate) async fn append(db: &mut SqliteConnection, head: Head, entry: Entry) -> Result<Head, StoreError> {
    let encoding = |error| StoreError::Unavailable {
        words: "writing the audit: the entry has no canonical form".to_owned(),
        source: Box::new(error),
    };
    let record = audit::append(head, entry).map_err(encoding)?;
    let body = canonical(&record.entry).map_err(encoding)?;
    sqlx::query(
        "INSERT INTO audit (seq, at, person, target, event, body, previous, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(integer(record.seq))
    .bind(record.entry.at.as_millisecond())
    .bind(record.entry.person.as_ref().map(PersonId::as_str))
    .bind(record.entry.target.as_ref().map(TargetName::as_str))
    .bind(record.entry.event.word())
    .bind(body)
    .bind(record.previous.to_string())
    .bind(record.hash.to_string())
    .execute(db)
    .await
    .map_err(unavailable("writing the audit"))?;
    Ok(Some((record.seq, record.hash)))
}

type Row = (i64, String, String, String);

fn record((seq, body, previous, hash): Row) -> Result<Record, StoreError> {
    Ok(Record {
        seq: counter(seq),
        entry: decode("audit", &seq, &body)?,
        previous: digest(seq, &previous)?,
        hash: digest(seq, &hash)?,
    })
}

pub(crate) async fn find(db: &SqlitePool, which: AuditWhere) -> Result<Vec<Record>, StoreError> {
    let since = which.since.map_or(i64::MIN, Timestamp::as_millisecond);
    let text = match (&which.person, &which.target) {
        (None, None) => ALL,
        (Some(_), None) => BY_PERSON,
        (None, Some(_)) => BY_TARGET,
        (Some(_), Some(_)) => BY_BOTH,
    };
    let mut query = sqlx::query_as(text).bind(since).bind(which.limit);
    if let Some(person) = &which.person {
        query = query.bind(person.as_str());
    }
    if let Some(target) = &which.target {
        query = query.bind(target.as_str());
    }
    let rows: Vec<Row> = query
        .fetch_all(db)
        .await
        .map_err(unavailable("reading the audit"))?;
    rows.into_iter().map(record).collect()
}

/// A record with the columns that it is found by, which are not hashed.
type Indexed = (
    i64,
    String,
    String,
    String,
    i64,
    Option<String>,
    Option<String>,
    String,
);

/// Records in order. What a record is found by must be what it says: else one could be hidden from `audit --who`, or
/// blamed on somebody else, and the chain would still be whole.
pub(crate) async fn from(db: &SqlitePool, seq: u64, limit: u32) -> Result<Vec<Record>, StoreError> {
    let rows: Vec<Indexed> = sqlx::query_as(
        "SELECT seq, body, previous, hash, at, person, target, event FROM audit WHERE seq >= $1 ORDER BY seq LIMIT $2",
    )
    .bind(integer(seq))
    .bind(limit)
    .fetch_all(db)
    .await
    .map_err(unavailable("reading the audit"))?;
    rows.into_iter().map(consistent).collect()
}

fn consistent((seq, body, previous, hash, at, person, target, event): Indexed) -> Result<Record, StoreError> {
    let record = record((seq, body, previous, hash))?;
    let entry = &record.entry;
    let is_found_as_it_says = at == entry.at.as_millisecond()
        && person.as_deref() == entry.person.as_ref().map(PersonId::as_str)
        && target.as_deref() == entry.target.as_ref().map(TargetName::as_str)
        && event == entry.event.word();
    if is_found_as_it_says {
        Ok(record)
    } else {
        Err(unreadable("audit", &seq, Misfiled))
    }
}

/// The columns of a record say something else than the record.
#[derive(Debug, thiserror::Error)]
#[error("it was changed: the time, person, target or event that it is found by is not what it says")]
struct Misfiled;

pub(crate) async fn newest(db: &SqlitePool) -> Result<Option<(u64, Digest, Timestamp)>, StoreError> {
    let row: Option<(i64, String, i64)> = sqlx::query_as(HEAD)
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading the audit"))?;
    row.map(|(seq, hash, at)| Ok((counter(seq), digest(seq, &hash)?, from_millis(at))))
        .transpose()
}
