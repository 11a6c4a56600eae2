//! Requests. A change is a compare-and-swap on the version.

use countersign_core::approval::Request;
use countersign_core::id::RequestId;
use countersign_core::store::{Conflict, RequestsWhere, StoreError};
use countersign_core::time::Timestamp;
use sqlx::{SqliteConnection, SqlitePool};

use crate::words::{decode, encode, integer, met, readable, unavailable};

const TABLE: &str = "requests";

pub(crate) async fn insert(db: &mut SqliteConnection, request: &Request) -> Result<(), StoreError> {
    let done = sqlx::query(
        "INSERT INTO requests (id, version, state, open, due_at, body) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(request.id.as_str())
    .bind(integer(request.version))
    .bind(request.state.word())
    .bind(!request.state.is_final())
    .bind(request.due().map(Timestamp::as_millisecond))
    .bind(encode(request)?)
    .execute(db)
    .await
    .map_err(unavailable("writing a request"))?;
    met(done.rows_affected(), || Conflict::Request(request.id.clone()))
}

pub(crate) async fn update(db: &mut SqliteConnection, mut request: Request) -> Result<(), StoreError> {
    let made_from = request.version;
    request.version += 1;
    let done = sqlx::query(
        "UPDATE requests SET version = $1, state = $2, open = $3, due_at = $4, body = $5
         WHERE id = $6 AND version = $7",
    )
    .bind(integer(request.version))
    .bind(request.state.word())
    .bind(!request.state.is_final())
    .bind(request.due().map(Timestamp::as_millisecond))
    .bind(encode(&request)?)
    .bind(request.id.as_str())
    .bind(integer(made_from))
    .execute(db)
    .await
    .map_err(unavailable("writing a request"))?;
    met(done.rows_affected(), || Conflict::Request(request.id))
}

pub(crate) async fn one(db: &SqlitePool, id: &RequestId) -> Result<Option<Request>, StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM requests WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading a request"))?;
    body.map(|body| decode(TABLE, id, &body)).transpose()
}

pub(crate) async fn list(db: &SqlitePool, which: RequestsWhere) -> Result<Vec<Request>, StoreError> {
    let query = match which {
        RequestsWhere::Open => sqlx::query_as("SELECT id, body FROM requests WHERE open ORDER BY number"),
        RequestsWhere::Ended { limit } => {
            sqlx::query_as("SELECT id, body FROM requests WHERE NOT open ORDER BY number DESC LIMIT $1")
                .bind(limit)
        }
    };
    let rows = query
        .fetch_all(db)
        .await
        .map_err(unavailable("reading requests"))?;
    Ok(readable(TABLE, rows))
}

pub(crate) async fn newest(db: &SqlitePool) -> Result<Option<RequestId>, StoreError> {
    let id: Option<String> = sqlx::query_scalar("SELECT id FROM requests ORDER BY number DESC LIMIT 1")
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading requests"))?;
    Ok(id.map(RequestId::from))
}
