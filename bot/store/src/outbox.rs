//! Posts that wait to be sent. What is said in one place is said in order: a post that waits for its time holds back
//! those after it in the same place, and no others.

use countersign_core::message::Place;
use countersign_core::reply::Post;
use countersign_core::store::{Outgoing, OutgoingState, StoreError};
use countersign_core::time::{Timestamp, from_millis};
use sqlx::{SqliteConnection, SqlitePool};

use crate::words::{counter, decode, encode, integer, unavailable};

pub(crate) const DUE: &str = "
    WITH waiting AS (SELECT place, MIN(id) AS first FROM outbox WHERE due_at > $1 GROUP BY place)
    SELECT outbox.id, outbox.sending, outbox.tries, outbox.due_at, outbox.body
    FROM outbox LEFT JOIN waiting ON waiting.place = outbox.place
    WHERE outbox.due_at <= $1 AND (waiting.first IS NULL OR outbox.id < waiting.first)
        AND ($3 IS NULL OR outbox.place = $3)
    ORDER BY outbox.id LIMIT $2";

/// The first post of each place, if it is due.
pub(crate) const PLACES: &str = "
    SELECT id, place FROM outbox
    WHERE due_at <= $1 AND id IN (SELECT MIN(id) FROM outbox GROUP BY place)
    ORDER BY id";

pub(crate) async fn enqueue(db: &mut SqliteConnection, post: &Post) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO outbox (place, sealed_with, body) VALUES ($1, $2, $3)")
        .bind(encode(&post.place)?)
        .bind(post.sealed_with().map(|key| key.to_string()))
        .bind(encode(post)?)
        .execute(db)
        .await
        .map_err(unavailable("writing a post"))?;
    Ok(())
}

pub(crate) async fn sending(db: &mut SqliteConnection, id: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET sending = TRUE, tries = tries + 1 WHERE id = $1")
        .bind(integer(id))
        .execute(db)
        .await
        .map_err(unavailable("writing a post"))?;
    Ok(())
}

pub(crate) async fn sent(db: &mut SqliteConnection, id: u64) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM outbox WHERE id = $1")
        .bind(integer(id))
        .execute(db)
        .await
        .map_err(unavailable("forgetting a post"))?;
    Ok(())
}

pub(crate) async fn postpone(db: &mut SqliteConnection, id: u64, due: Timestamp) -> Result<(), StoreError> {
    sqlx::query("UPDATE outbox SET sending = FALSE, due_at = $1 WHERE id = $2")
        .bind(due.as_millisecond())
        .bind(integer(id))
        .execute(db)
        .await
        .map_err(unavailable("writing a post"))?;
    Ok(())
}

pub(crate) async fn places(db: &SqlitePool, now: Timestamp) -> Result<Vec<Place>, StoreError> {
    let rows: Vec<(i64, String)> = sqlx::query_as(PLACES)
        .bind(now.as_millisecond())
        .fetch_all(db)
        .await
        .map_err(unavailable("reading posts"))?;
    rows.into_iter()
        .map(|(id, place)| decode("outbox", &id, &place))
        .collect()
}

pub(crate) async fn due(
    db: &SqlitePool,
    place: Option<&Place>,
    now: Timestamp,
    limit: u32,
) -> Result<Vec<Outgoing>, StoreError> {
    let rows: Vec<(i64, bool, i64, i64, String)> = sqlx::query_as(DUE)
        .bind(now.as_millisecond())
        .bind(limit)
        .bind(place.map(encode).transpose()?)
        .fetch_all(db)
        .await
        .map_err(unavailable("reading posts"))?;
    rows.into_iter()
        .map(|(id, sending, tries, due, body)| {
            Ok(Outgoing {
                id: counter(id),
                post: decode("outbox", &id, &body)?,
                state: if sending {
                    OutgoingState::Sending
                } else {
                    OutgoingState::Queued
                },
                tries: u32::try_from(tries).unwrap_or(u32::MAX),
                due: from_millis(due),
            })
        })
        .collect()
}
