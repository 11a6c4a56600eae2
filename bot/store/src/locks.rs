//! Locks and holds: one of each a target.

use countersign_core::id::{PersonId, TargetName};
use countersign_core::store::{Conflict, Hold, Lock, StoreError};
use countersign_core::time::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use crate::words::{decode, encode, met, readable, unavailable};

/// The lock of a target that somebody other than `except` has and that has not ended.
async fn of_others(
    db: &mut SqliteConnection,
    target: &TargetName,
    except: &PersonId,
    now: Timestamp,
) -> Result<Option<Lock>, StoreError> {
    let body: Option<String> = sqlx::query_scalar(
        "SELECT body FROM locks WHERE target = $1 AND holder <> $2 AND (until IS NULL OR until > $3)",
    )
    .bind(target.as_str())
    .bind(except.as_str())
    .bind(now.as_millisecond())
    .fetch_optional(db)
    .await
    .map_err(unavailable("reading a lock"))?;
    body.map(|body| decode("locks", target, &body)).transpose()
}

pub(crate) async fn not_locked(
    db: &mut SqliteConnection,
    target: &TargetName,
    except: &PersonId,
    now: Timestamp,
) -> Result<(), StoreError> {
    match of_others(db, target, except, now).await? {
        None => Ok(()),
        Some(lock) => Err(StoreError::Conflict(Conflict::Locked(Box::new(lock)))),
    }
}

pub(crate) async fn lock(db: &mut SqliteConnection, lock: &Lock) -> Result<(), StoreError> {
    not_locked(db, &lock.target, &lock.holder, lock.since).await?;
    sqlx::query(
        "INSERT INTO locks (target, holder, until, body) VALUES ($1, $2, $3, $4)
         ON CONFLICT (target) DO UPDATE SET holder = excluded.holder, until = excluded.until, body = excluded.body",
    )
    .bind(lock.target.as_str())
    .bind(lock.holder.as_str())
    .bind(lock.until.map(Timestamp::as_millisecond))
    .bind(encode(lock)?)
    .execute(db)
    .await
    .map_err(unavailable("writing a lock"))?;
    Ok(())
}

pub(crate) async fn unlock(
    db: &mut SqliteConnection,
    target: &TargetName,
    since: Timestamp,
) -> Result<(), StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM locks WHERE target = $1")
        .bind(target.as_str())
        .fetch_optional(&mut *db)
        .await
        .map_err(unavailable("reading a lock"))?;
    let lock: Option<Lock> = body.map(|body| decode("locks", target, &body)).transpose()?;
    if lock.is_none_or(|lock| lock.since != since) {
        return Err(StoreError::Conflict(Conflict::NotLocked(target.clone())));
    }
    let done = sqlx::query("DELETE FROM locks WHERE target = $1")
        .bind(target.as_str())
        .execute(db)
        .await
        .map_err(unavailable("taking a lock off"))?;
    met(done.rows_affected(), || Conflict::NotLocked(target.clone()))
}

pub(crate) async fn all_locks(db: &SqlitePool) -> Result<Vec<Lock>, StoreError> {
    let rows = sqlx::query_as("SELECT target, body FROM locks ORDER BY target")
        .fetch_all(db)
        .await
        .map_err(unavailable("reading locks"))?;
    Ok(readable("locks", rows))
}

pub(crate) async fn not_held(db: &mut SqliteConnection, target: &TargetName) -> Result<(), StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM holds WHERE target = $1")
        .bind(target.as_str())
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading a hold"))?;
    match body {
        None => Ok(()),
        Some(body) => Err(StoreError::Conflict(Conflict::Held(decode(
            "holds", target, &body,
        )?))),
    }
}

pub(crate) async fn hold(db: &mut SqliteConnection, hold: &Hold) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO holds (target, body) VALUES ($1, $2)
         ON CONFLICT (target) DO UPDATE SET body = excluded.body",
    )
    .bind(hold.target.as_str())
    .bind(encode(hold)?)
    .execute(db)
    .await
    .map_err(unavailable("writing a hold"))?;
    Ok(())
}

pub(crate) async fn release(db: &mut SqliteConnection, target: &TargetName) -> Result<(), StoreError> {
    let done = sqlx::query("DELETE FROM holds WHERE target = $1")
        .bind(target.as_str())
        .execute(db)
        .await
        .map_err(unavailable("taking a hold off"))?;
    met(done.rows_affected(), || Conflict::NotHeld(target.clone()))
}

pub(crate) async fn all_holds(db: &SqlitePool) -> Result<Vec<Hold>, StoreError> {
    let rows = sqlx::query_as("SELECT target, body FROM holds ORDER BY target")
        .fetch_all(db)
        .await
        .map_err(unavailable("reading holds"))?;
    Ok(readable("holds", rows))
}
