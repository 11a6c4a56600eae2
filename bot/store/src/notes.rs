//! Small things kept by name: notes, the keys of announcements, leases; and the one question over all timers.

use countersign_core::id::ReplicaId;
use countersign_core::store::{Conflict, StoreError};
use countersign_core::time::{Timestamp, from_millis};
use sqlx::{SqliteConnection, SqlitePool};

use crate::words::{counter, met, unavailable};

/// The earliest timer. A post that is being sent has none, nor has a request whose plan runs.
pub(crate) const NEXT_DUE: &str = "
    SELECT MIN(at) FROM (
        SELECT MIN(due_at) AS at FROM operations WHERE state = 'running'
        UNION ALL SELECT MIN(due_at) FROM requests WHERE due_at IS NOT NULL
        UNION ALL SELECT MIN(until) FROM locks WHERE until IS NOT NULL
        UNION ALL SELECT MIN(due_at) FROM outbox WHERE NOT sending
        UNION ALL SELECT MIN(due_at) FROM links
        UNION ALL SELECT MIN(due_at) FROM drop_boxes
        UNION ALL SELECT MIN(due_at) FROM accesses WHERE due_at IS NOT NULL
    ) AS timers";

pub(crate) async fn next_due(db: &SqlitePool) -> Result<Option<Timestamp>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar(NEXT_DUE)
        .fetch_one(db)
        .await
        .map_err(unavailable("reading timers"))?;
    Ok(at.map(from_millis))
}

pub(crate) async fn write_note(db: &mut SqliteConnection, name: &str, value: &str) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO notes (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(name)
    .bind(value)
    .execute(db)
    .await
    .map_err(unavailable("writing a note"))?;
    Ok(())
}

pub(crate) async fn note(db: &SqlitePool, name: &str) -> Result<Option<String>, StoreError> {
    sqlx::query_scalar("SELECT value FROM notes WHERE name = $1")
        .bind(name)
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading a note"))
}

pub(crate) async fn announce(
    db: &mut SqliteConnection,
    key: String,
    at: Timestamp,
) -> Result<(), StoreError> {
    let done =
        sqlx::query("INSERT INTO announcements (key, at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING")
            .bind(&key)
            .bind(at.as_millisecond())
            .execute(db)
            .await
            .map_err(unavailable("writing an announcement"))?;
    met(done.rows_affected(), || Conflict::Announced(key))
}

pub(crate) async fn announced(db: &SqlitePool, key: &str) -> Result<bool, StoreError> {
    let row: Option<i64> = sqlx::query_scalar("SELECT 1 FROM announcements WHERE key = $1")
        .bind(key)
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading announcements"))?;
    Ok(row.is_some())
}

/// A lease that is asked for.
#[derive(Debug)]
pub(crate) struct LeaseAsk {
    pub(crate) name: String,
    pub(crate) holder: ReplicaId,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
}

/// The token of the lease, unless another holder's is alive.
pub(crate) async fn lease(db: &mut SqliteConnection, ask: &LeaseAsk) -> Result<Option<u64>, StoreError> {
    let token: Option<i64> = sqlx::query_scalar(
        "INSERT INTO leases (name, holder, token, until) VALUES ($1, $2, 1, $3)
         ON CONFLICT (name) DO UPDATE SET
             token = CASE WHEN leases.holder = excluded.holder THEN leases.token ELSE leases.token + 1 END,
             holder = excluded.holder,
             until = excluded.until
         WHERE leases.holder = excluded.holder OR leases.until <= $4
         RETURNING token",
    )
    .bind(&ask.name)
    .bind(ask.holder.as_str())
    .bind(ask.until.as_millisecond())
    .bind(ask.now.as_millisecond())
    .fetch_optional(db)
    .await
    .map_err(unavailable("taking a lease"))?;
    Ok(token.map(counter))
}
