//! Accesses. A change is a compare-and-swap on the version; an account is one access's until that has ended.

use countersign_core::access::Access;
use countersign_core::id::{AccessId, PersonId, TargetName};
use countersign_core::store::{AccessesWhere, Conflict, StoreError};
use countersign_core::time::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use crate::words::{decode, encode, integer, met, readable, unavailable};

const TABLE: &str = "accesses";

pub(crate) const OPEN: &str = "SELECT id, body FROM accesses WHERE open ORDER BY target, account";
pub(crate) const OPEN_AT: &str = "SELECT id, body FROM accesses WHERE open AND target = $1 ORDER BY account";
/// Of a person: what they have and what they asked for, each by its index.
pub(crate) const OF: &str = "
    SELECT id, body FROM (
        SELECT number, id, body FROM (
            SELECT number, id, body FROM accesses WHERE owner = $1 ORDER BY number DESC LIMIT $2)
        UNION
        SELECT number, id, body FROM (
            SELECT number, id, body FROM accesses WHERE requester = $1 ORDER BY number DESC LIMIT $2)
    ) AS theirs ORDER BY number DESC LIMIT $2";
pub(crate) const NAMED: &str =
    "SELECT id, body FROM accesses WHERE target = $1 AND account = $2 ORDER BY number DESC LIMIT $3";
pub(crate) const DUE: &str =
    "SELECT id, body FROM accesses WHERE target = $1 AND due_at <= $2 ORDER BY due_at LIMIT $3";
pub(crate) const NEWEST: &str = "SELECT id, body FROM accesses ORDER BY number DESC LIMIT $1";
pub(crate) const ONE_OF: &str = "SELECT id, body FROM accesses WHERE open AND target = $1 AND account = $2";
/// The database after this one in the alphabet that has a timer.
pub(crate) const NEXT_TARGET: &str =
    "SELECT MIN(target) FROM accesses WHERE due_at IS NOT NULL AND target > $1";
pub(crate) const FIRST: &str = "SELECT MIN(due_at) FROM accesses WHERE due_at IS NOT NULL";
pub(crate) const FIRST_AT: &str = "SELECT MIN(due_at) FROM accesses WHERE due_at IS NOT NULL AND target = $1";

fn sealed_with(access: &Access) -> Option<String> {
    let password = access.password.as_ref();
    password.map(|password| password.sealed.key_id().to_string())
}

pub(crate) async fn insert(db: &mut SqliteConnection, access: &Access) -> Result<(), StoreError> {
    let done = sqlx::query(
        "INSERT INTO accesses
             (id, version, target, account, state, open, owner, requester, due_at, sealed_with, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING",
    )
    .bind(access.id.as_str())
    .bind(integer(access.version))
    .bind(access.database.as_str())
    .bind(&access.account)
    .bind(access.state.word())
    .bind(!access.state.is_final())
    .bind(access.owner.as_ref().map(PersonId::as_str))
    .bind(access.requester.as_ref().map(PersonId::as_str))
    .bind(access.due().map(Timestamp::as_millisecond))
    .bind(sealed_with(access))
    .bind(encode(access)?)
    .execute(db)
    .await
    .map_err(unavailable("writing an access"))?;
    met(done.rows_affected(), || Conflict::Access(access.id.clone()))
}

pub(crate) async fn update(db: &mut SqliteConnection, mut access: Access) -> Result<(), StoreError> {
    let made_from = access.version;
    access.version += 1;
    let done = sqlx::query(
        "UPDATE accesses
         SET version = $1, state = $2, open = $3, owner = $4, due_at = $5, sealed_with = $6, body = $7
         WHERE id = $8 AND version = $9",
    )
    .bind(integer(access.version))
    .bind(access.state.word())
    .bind(!access.state.is_final())
    .bind(access.owner.as_ref().map(PersonId::as_str))
    .bind(access.due().map(Timestamp::as_millisecond))
    .bind(sealed_with(&access))
    .bind(encode(&access)?)
    .bind(access.id.as_str())
    .bind(integer(made_from))
    .execute(db)
    .await
    .map_err(unavailable("writing an access"))?;
    met(done.rows_affected(), || Conflict::Access(access.id))
}

pub(crate) async fn one(db: &SqlitePool, id: &AccessId) -> Result<Option<Access>, StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM accesses WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading an access"))?;
    body.map(|body| decode(TABLE, id, &body)).transpose()
}

pub(crate) async fn of(
    db: &SqlitePool,
    database: &TargetName,
    account: &str,
) -> Result<Option<Access>, StoreError> {
    let row: Option<(String, String)> = sqlx::query_as(ONE_OF)
        .bind(database.as_str())
        .bind(account)
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading an access"))?;
    row.map(|(id, body)| decode(TABLE, &id, &body)).transpose()
}

pub(crate) async fn list(db: &SqlitePool, which: AccessesWhere) -> Result<Vec<Access>, StoreError> {
    let named = |name: &TargetName| name.as_str().to_owned();
    let query = match which {
        AccessesWhere::Open { database: None } => sqlx::query_as(OPEN),
        AccessesWhere::Open {
            database: Some(database),
        } => sqlx::query_as(OPEN_AT).bind(named(&database)),
        AccessesWhere::Of { person, limit } => {
            sqlx::query_as(OF).bind(person.as_str().to_owned()).bind(limit)
        }
        AccessesWhere::Named {
            database,
            account,
            limit,
        } => sqlx::query_as(NAMED)
            .bind(named(&database))
            .bind(account)
            .bind(limit),
        AccessesWhere::Due { database, now, limit } => sqlx::query_as(DUE)
            .bind(named(&database))
            .bind(now.as_millisecond())
            .bind(limit),
        AccessesWhere::Newest { limit } => sqlx::query_as(NEWEST).bind(limit),
    };
    let rows = query
        .fetch_all(db)
        .await
        .map_err(unavailable("reading accesses"))?;
    Ok(readable(TABLE, rows))
}

/// The databases that have one due. Usually none has, and that is one look; else each look goes from one database to the
/// next by the index, however many accesses there are.
pub(crate) async fn waiting(db: &SqlitePool, now: Timestamp) -> Result<Vec<TargetName>, StoreError> {
    let now = now.as_millisecond();
    let first: Option<i64> = sqlx::query_scalar(FIRST)
        .fetch_one(db)
        .await
        .map_err(unavailable("reading accesses"))?;
    let mut due = Vec::new();
    if first.is_none_or(|first| first > now) {
        return Ok(due);
    }
    let mut last = String::new();
    loop {
        let next: Option<String> = sqlx::query_scalar(NEXT_TARGET)
            .bind(&last)
            .fetch_one(db)
            .await
            .map_err(unavailable("reading accesses"))?;
        let Some(next) = next else { break };
        let first: Option<i64> = sqlx::query_scalar(FIRST_AT)
            .bind(&next)
            .fetch_one(db)
            .await
            .map_err(unavailable("reading accesses"))?;
        if first.is_some_and(|first| first <= now) {
            due.push(next.as_str().into());
        }
        last = next;
    }
    Ok(due)
}
