//! Operations, their claims and their journals. A change is a compare-and-swap on the version and leaves the claim
//! alone; a claim leaves the version alone.

use countersign_core::id::{OperationId, ReplicaId, TargetName};
use countersign_core::operation::{Entry, Fence, Operation};
use countersign_core::store::{Conflict, OperationsWhere, StoreError};
use countersign_core::time::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use crate::words::{counter, decode, encode, integer, met, readable, unavailable};

const TABLE: &str = "operations";

fn wake_at(operation: &Operation) -> i64 {
    operation.wake_at.map_or(0, Timestamp::as_millisecond)
}

pub(crate) async fn insert(db: &mut SqliteConnection, operation: &Operation) -> Result<(), StoreError> {
    let done = sqlx::query(
        "INSERT INTO operations (id, target, version, state, open, wake_at, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(operation.id.as_str())
    .bind(operation.plan.target.as_ref().map(TargetName::as_str))
    .bind(integer(operation.version))
    .bind(operation.state.word())
    .bind(!operation.state.is_final())
    .bind(wake_at(operation))
    .bind(encode(operation)?)
    .execute(db)
    .await
    .map_err(unavailable("writing an operation"))?;
    met(done.rows_affected(), || Conflict::Operation(operation.id.clone()))
}

pub(crate) async fn update(db: &mut SqliteConnection, mut operation: Operation) -> Result<(), StoreError> {
    let made_from = operation.version;
    operation.version += 1;
    let done = sqlx::query(
        "UPDATE operations SET version = $1, state = $2, open = $3, wake_at = $4, body = $5
         WHERE id = $6 AND version = $7",
    )
    .bind(integer(operation.version))
    .bind(operation.state.word())
    .bind(!operation.state.is_final())
    .bind(wake_at(&operation))
    .bind(encode(&operation)?)
    .bind(operation.id.as_str())
    .bind(integer(made_from))
    .execute(db)
    .await
    .map_err(unavailable("writing an operation"))?;
    met(done.rows_affected(), || Conflict::Operation(operation.id))
}

pub(crate) async fn append(db: &mut SqliteConnection, entry: &Entry) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO journal (operation, body) VALUES ($1, $2)")
        .bind(entry.operation.as_str())
        .bind(encode(entry)?)
        .execute(db)
        .await
        .map_err(unavailable("writing a journal"))?;
    Ok(())
}

/// A claim that is asked for.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) operation: OperationId,
    pub(crate) holder: ReplicaId,
    pub(crate) now: Timestamp,
    pub(crate) until: Timestamp,
}

/// The token of the claim, unless another holder's claim is alive or the operation is not running.
pub(crate) async fn claim(db: &mut SqliteConnection, claim: &Claim) -> Result<Option<u64>, StoreError> {
    let token: Option<i64> = sqlx::query_scalar(
        "UPDATE operations SET claim_holder = $1, claim_token = claim_token + 1, claim_until = $2
         WHERE id = $3 AND state = 'running' AND (claim_until <= $4 OR claim_holder = $1)
         RETURNING claim_token",
    )
    .bind(claim.holder.as_str())
    .bind(claim.until.as_millisecond())
    .bind(claim.operation.as_str())
    .bind(claim.now.as_millisecond())
    .fetch_optional(db)
    .await
    .map_err(unavailable("claiming an operation"))?;
    Ok(token.map(counter))
}

pub(crate) async fn unclaim(db: &mut SqliteConnection, fence: &Fence) -> Result<(), StoreError> {
    let done = sqlx::query(
        "UPDATE operations SET claim_holder = NULL, claim_until = 0
         WHERE id = $1 AND claim_token = $2 AND claim_holder = $3",
    )
    .bind(fence.operation.as_str())
    .bind(integer(fence.token))
    .bind(fence.holder.as_str())
    .execute(db)
    .await
    .map_err(unavailable("releasing an operation"))?;
    met(done.rows_affected(), || Conflict::Fenced(fence.operation.clone()))
}

pub(crate) async fn fenced(db: &mut SqliteConnection, fence: &Fence) -> Result<(), StoreError> {
    let ours: Option<i64> = sqlx::query_scalar(
        "SELECT 1 FROM operations WHERE id = $1 AND claim_token = $2 AND claim_holder = $3",
    )
    .bind(fence.operation.as_str())
    .bind(integer(fence.token))
    .bind(fence.holder.as_str())
    .fetch_optional(db)
    .await
    .map_err(unavailable("reading a claim"))?;
    match ours {
        Some(_) => Ok(()),
        None => Err(StoreError::Conflict(Conflict::Fenced(fence.operation.clone()))),
    }
}

pub(crate) async fn idle(
    db: &mut SqliteConnection,
    target: &TargetName,
    except: &[OperationId],
) -> Result<(), StoreError> {
    // The plan stands in the body as the text that was signed.
    let open: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM operations WHERE open AND (target = $1 OR EXISTS \
         (SELECT 1 FROM json_each(json_extract(body, '$.plan'), '$.also') WHERE value = $1)) ORDER BY number",
    )
    .bind(target.as_str())
    .fetch_all(db)
    .await
    .map_err(unavailable("reading operations"))?;
    let counts = |id: &String| !except.iter().any(|except| except.as_str() == id);
    match open.into_iter().find(counts) {
        None => Ok(()),
        Some(operation) => Err(StoreError::Conflict(Conflict::Busy {
            target: target.clone(),
            operation: operation.into(),
        })),
    }
}

pub(crate) async fn one(db: &SqlitePool, id: &OperationId) -> Result<Option<Operation>, StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM operations WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading an operation"))?;
    body.map(|body| decode(TABLE, id, &body)).transpose()
}

pub(crate) async fn list(db: &SqlitePool, which: OperationsWhere) -> Result<Vec<Operation>, StoreError> {
    let query = match which {
        OperationsWhere::Open => sqlx::query_as("SELECT id, body FROM operations WHERE open ORDER BY number"),
        OperationsWhere::Newest { limit, target: None } => {
            sqlx::query_as("SELECT id, body FROM operations ORDER BY number DESC LIMIT $1").bind(limit)
        }
        OperationsWhere::Newest {
            limit,
            target: Some(target),
        } => {
            sqlx::query_as("SELECT id, body FROM operations WHERE target = $1 ORDER BY number DESC LIMIT $2")
                .bind(target.as_str().to_owned())
                .bind(limit)
        }
    };
    let rows = query
        .fetch_all(db)
        .await
        .map_err(unavailable("reading operations"))?;
    Ok(readable(TABLE, rows))
}

pub(crate) async fn journal(db: &SqlitePool, id: &OperationId) -> Result<Vec<Entry>, StoreError> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT operation, body FROM journal WHERE operation = $1 ORDER BY number")
            .bind(id.as_str())
            .fetch_all(db)
            .await
            .map_err(unavailable("reading a journal"))?;
    // All of it or nothing: what is missing from a journal would be done again.
    rows.into_iter()
        .map(|(key, body)| decode("journal", &key, &body))
        .collect()
}
