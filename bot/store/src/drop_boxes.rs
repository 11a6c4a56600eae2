//! Drop boxes. A change is a compare-and-swap on the version.

use countersign_core::drop_box::{DropBox, State};
use countersign_core::id::BoxId;
use countersign_core::store::{BoxesWhere, Conflict, StoreError};
use countersign_core::time::Timestamp;
use countersign_secrets::path_id::PathId;
use sqlx::{SqliteConnection, SqlitePool};

use crate::words::{decode, encode, integer, met, readable, unavailable};

const TABLE: &str = "drop_boxes";

pub(crate) const OF: &str = "SELECT id, body FROM drop_boxes WHERE owner = $1 ORDER BY number DESC LIMIT $2";
pub(crate) const DUE: &str = "SELECT id, body FROM drop_boxes WHERE due_at <= $1 ORDER BY due_at LIMIT $2";
pub(crate) const UNPLANNED: &str = "SELECT id, body FROM drop_boxes WHERE unplanned ORDER BY number LIMIT 50";

fn unplanned(drop_box: &DropBox) -> bool {
    matches!(drop_box.state, State::Filled { planned: false, .. })
}

fn sealed_with(drop_box: &DropBox) -> Option<String> {
    drop_box.private.as_ref().map(|key| key.key_id().to_string())
}

pub(crate) async fn insert(db: &mut SqliteConnection, drop_box: &DropBox) -> Result<(), StoreError> {
    let done = sqlx::query(
        "INSERT INTO drop_boxes (id, path, version, state, unplanned, owner, due_at, sealed_with, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind(drop_box.id.as_str())
    .bind(drop_box.path.to_string())
    .bind(integer(drop_box.version))
    .bind(drop_box.state.word())
    .bind(unplanned(drop_box))
    .bind(drop_box.owner.as_str())
    .bind(drop_box.due().as_millisecond())
    .bind(sealed_with(drop_box))
    .bind(encode(drop_box)?)
    .execute(db)
    .await
    .map_err(unavailable("writing a drop box"))?;
    met(done.rows_affected(), || Conflict::Box(drop_box.id.clone()))
}

pub(crate) async fn update(db: &mut SqliteConnection, mut drop_box: DropBox) -> Result<(), StoreError> {
    let made_from = drop_box.version;
    drop_box.version += 1;
    let done = sqlx::query(
        "UPDATE drop_boxes
         SET version = $1, state = $2, unplanned = $3, due_at = $4, sealed_with = $5, body = $6
         WHERE id = $7 AND version = $8",
    )
    .bind(integer(drop_box.version))
    .bind(drop_box.state.word())
    .bind(unplanned(&drop_box))
    .bind(drop_box.due().as_millisecond())
    .bind(sealed_with(&drop_box))
    .bind(encode(&drop_box)?)
    .bind(drop_box.id.as_str())
    .bind(integer(made_from))
    .execute(db)
    .await
    .map_err(unavailable("writing a drop box"))?;
    met(done.rows_affected(), || Conflict::Box(drop_box.id))
}

/// Forgets what is in a box, whatever version it has: the request that wanted it is over. A box that was forgotten itself
/// is none.
pub(crate) async fn empty(db: &mut SqliteConnection, id: &BoxId, at: Timestamp) -> Result<(), StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM drop_boxes WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(&mut *db)
        .await
        .map_err(unavailable("reading a drop box"))?;
    match body {
        Some(body) => {
            match decode::<DropBox>(TABLE, id, &body) {
                Ok(drop_box) => update(db, drop_box.emptied(at)).await,
                // Nobody can read it, so nobody needs it: a request must be able to end.
                Err(error) => {
                    tracing::error!(drop_box = %id, %error, "a drop box that cannot be read is forgotten");
                    forget(db, id).await
                }
            }
        }
        None => Ok(()),
    }
}

pub(crate) async fn forget(db: &mut SqliteConnection, id: &BoxId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM drop_boxes WHERE id = $1")
        .bind(id.as_str())
        .execute(db)
        .await
        .map_err(unavailable("forgetting a drop box"))?;
    Ok(())
}

pub(crate) async fn one(db: &SqlitePool, id: &BoxId) -> Result<Option<DropBox>, StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM drop_boxes WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading a drop box"))?;
    body.map(|body| decode(TABLE, id, &body)).transpose()
}

pub(crate) async fn at(db: &SqlitePool, path: &PathId) -> Result<Option<DropBox>, StoreError> {
    let row: Option<(String, String)> = sqlx::query_as("SELECT id, body FROM drop_boxes WHERE path = $1")
        .bind(path.to_string())
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading a drop box"))?;
    row.map(|(id, body)| decode(TABLE, &id, &body)).transpose()
}

pub(crate) async fn list(db: &SqlitePool, which: BoxesWhere) -> Result<Vec<DropBox>, StoreError> {
    let query = match which {
        BoxesWhere::Of { person, limit } => sqlx::query_as(OF).bind(person.as_str().to_owned()).bind(limit),
        BoxesWhere::Due { now, limit } => sqlx::query_as(DUE).bind(now.as_millisecond()).bind(limit),
        BoxesWhere::Unplanned => sqlx::query_as(UNPLANNED),
    };
    let rows = query
        .fetch_all(db)
        .await
        .map_err(unavailable("reading drop boxes"))?;
    Ok(readable(TABLE, rows))
}
