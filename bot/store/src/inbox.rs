//! Messages that decide or plan, by their network's own id: each is received once, however often it is delivered.

use countersign_core::store::{Conflict, MessageKey, Received, StoreError};
use countersign_core::time::Duration;
use sqlx::{SqliteConnection, SqlitePool};

use crate::words::{encode, met, readable, unavailable};

/// How long the key of a message that was dealt with is kept. No network delivers a message again so late.
const KEPT: Duration = Duration::from_hours(14 * 24);

/// Receives a message, and forgets the keys of those that were dealt with long before it.
pub(crate) async fn receive(db: &mut SqliteConnection, received: &Received) -> Result<(), StoreError> {
    let key = MessageKey::of(&received.message);
    let at = received.at.as_millisecond();
    let done = sqlx::query(
        "INSERT INTO inbox (network, id, at, body) VALUES ($1, $2, $3, $4) ON CONFLICT (network, id) DO NOTHING",
    )
    .bind(key.network.as_str())
    .bind(key.id.as_str())
    .bind(at)
    .bind(encode(received)?)
    .execute(&mut *db)
    .await
    .map_err(unavailable("writing a message"))?;
    met(done.rows_affected(), || Conflict::Received(key))?;

    let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
    sqlx::query("DELETE FROM inbox WHERE handled AND at < $1")
        .bind(at.saturating_sub(kept))
        .execute(db)
        .await
        .map_err(unavailable("forgetting old messages"))?;
    Ok(())
}

pub(crate) async fn handled(db: &mut SqliteConnection, key: &MessageKey) -> Result<(), StoreError> {
    sqlx::query("UPDATE inbox SET handled = TRUE, body = NULL WHERE network = $1 AND id = $2")
        .bind(key.network.as_str())
        .bind(key.id.as_str())
        .execute(db)
        .await
        .map_err(unavailable("writing a message"))?;
    Ok(())
}

pub(crate) async fn unhandled(db: &SqlitePool) -> Result<Vec<Received>, StoreError> {
    let rows = sqlx::query_as("SELECT id, body FROM inbox WHERE NOT handled ORDER BY number")
        .fetch_all(db)
        .await
        .map_err(unavailable("reading messages"))?;
    Ok(readable("inbox", rows))
}
