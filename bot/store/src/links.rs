//! Secret links. A change is a compare-and-swap on the version; what is locked in a link goes in the change that ends it.

use countersign_core::id::LinkId;
use countersign_core::link::{Link, State};
use countersign_core::store::{Conflict, LinksWhere, StoreError};
use countersign_secrets::at_rest::KeyId;
use countersign_secrets::path_id::PathId;
use sqlx::{SqliteConnection, SqlitePool};

use crate::words::{decode, encode, integer, met, readable, unavailable};

const TABLE: &str = "links";

/// Of a person: what they may open and what they asked for, each by its index.
pub(crate) const OF: &str = "
    SELECT id, body FROM (
        SELECT number, id, body FROM (
            SELECT number, id, body FROM links WHERE requester = $1 ORDER BY number DESC LIMIT $2)
        UNION
        SELECT number, id, body FROM (
            SELECT number, id, body FROM links WHERE recipient = $1 ORDER BY number DESC LIMIT $2)
    ) AS theirs ORDER BY number DESC LIMIT $2";
pub(crate) const DUE: &str = "SELECT id, body FROM links WHERE due_at <= $1 ORDER BY due_at LIMIT $2";

pub(crate) async fn insert(db: &mut SqliteConnection, link: &Link, content: &[u8]) -> Result<(), StoreError> {
    let done = sqlx::query(
        "INSERT INTO links (id, path, version, state, recipient, requester, due_at, sealed_with, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING",
    )
    .bind(link.id.as_str())
    .bind(link.path.to_string())
    .bind(integer(link.version))
    .bind(link.state.word())
    .bind(link.recipient.as_str())
    .bind(link.requester.as_str())
    .bind(link.due().as_millisecond())
    .bind(sealed_with(link))
    .bind(encode(link)?)
    .execute(&mut *db)
    .await
    .map_err(unavailable("writing a link"))?;
    met(done.rows_affected(), || Conflict::Link(link.id.clone()))?;
    sqlx::query("INSERT INTO link_contents (link, ciphertext) VALUES ($1, $2)")
        .bind(link.id.as_str())
        .bind(content)
        .execute(db)
        .await
        .map_err(unavailable("writing what is in a link"))?;
    Ok(())
}

pub(crate) async fn update(db: &mut SqliteConnection, mut link: Link) -> Result<(), StoreError> {
    let made_from = link.version;
    link.version += 1;
    let done = sqlx::query(
        "UPDATE links SET version = $1, state = $2, due_at = $3, sealed_with = $4, body = $5
         WHERE id = $6 AND version = $7",
    )
    .bind(integer(link.version))
    .bind(link.state.word())
    .bind(link.due().as_millisecond())
    .bind(sealed_with(&link))
    .bind(encode(&link)?)
    .bind(link.id.as_str())
    .bind(integer(made_from))
    .execute(&mut *db)
    .await
    .map_err(unavailable("writing a link"))?;
    met(done.rows_affected(), || Conflict::Link(link.id.clone()))?;
    if link.state != State::Live {
        empty(db, &link.id).await?;
    }
    Ok(())
}

async fn empty(db: &mut SqliteConnection, id: &LinkId) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM link_contents WHERE link = $1")
        .bind(id.as_str())
        .execute(db)
        .await
        .map_err(unavailable("forgetting what was in a link"))?;
    Ok(())
}

pub(crate) async fn forget(db: &mut SqliteConnection, id: &LinkId) -> Result<(), StoreError> {
    empty(db, id).await?;
    sqlx::query("DELETE FROM links WHERE id = $1")
        .bind(id.as_str())
        .execute(db)
        .await
        .map_err(unavailable("forgetting a link"))?;
    Ok(())
}

fn sealed_with(link: &Link) -> Option<String> {
    link.phrase.as_ref().map(|phrase| phrase.key_id().to_string())
}

pub(crate) async fn one(db: &SqlitePool, id: &LinkId) -> Result<Option<Link>, StoreError> {
    let body: Option<String> = sqlx::query_scalar("SELECT body FROM links WHERE id = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading a link"))?;
    body.map(|body| decode(TABLE, id, &body)).transpose()
}

pub(crate) async fn at(db: &SqlitePool, path: &PathId) -> Result<Option<Link>, StoreError> {
    let row: Option<(String, String)> = sqlx::query_as("SELECT id, body FROM links WHERE path = $1")
        .bind(path.to_string())
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading a link"))?;
    row.map(|(id, body)| decode(TABLE, &id, &body)).transpose()
}

pub(crate) async fn content(db: &SqlitePool, id: &LinkId) -> Result<Option<Vec<u8>>, StoreError> {
    sqlx::query_scalar("SELECT ciphertext FROM link_contents WHERE link = $1")
        .bind(id.as_str())
        .fetch_optional(db)
        .await
        .map_err(unavailable("reading what is in a link"))
}

pub(crate) async fn list(db: &SqlitePool, which: LinksWhere) -> Result<Vec<Link>, StoreError> {
    let query = match which {
        LinksWhere::Of { person, limit } => sqlx::query_as(OF).bind(person.as_str().to_owned()).bind(limit),
        LinksWhere::Due { now, limit } => sqlx::query_as(DUE).bind(now.as_millisecond()).bind(limit),
    };
    let rows = query.fetch_all(db).await.map_err(unavailable("reading links"))?;
    Ok(readable(TABLE, rows))
}

/// The keys that anything is sealed with. Each look goes from one key to the next by the index, so it costs as much as
/// there are keys, not as there are links.
pub(crate) const SEALED_WITH: &[&str] = &[
    "SELECT MIN(sealed_with) FROM links WHERE sealed_with IS NOT NULL AND sealed_with > $1",
    "SELECT MIN(sealed_with) FROM drop_boxes WHERE sealed_with IS NOT NULL AND sealed_with > $1",
    "SELECT MIN(sealed_with) FROM outbox WHERE sealed_with IS NOT NULL AND sealed_with > $1",
    "SELECT MIN(sealed_with) FROM accesses WHERE sealed_with IS NOT NULL AND sealed_with > $1",
    // Notes say by their name that they are sealed; the key is in the text, and what is erased is empty. There are few.
    "SELECT MIN(substr(value, 4, 8)) FROM notes
     WHERE name >= 'sealed/' AND name < 'sealed0' AND substr(value, 4, 8) > $1",
];

pub(crate) async fn sealed_with_any(
    db: &SqlitePool,
) -> Result<std::collections::BTreeSet<KeyId>, StoreError> {
    let mut found = std::collections::BTreeSet::new();
    for question in SEALED_WITH {
        let mut last = String::new();
        loop {
            let next: Option<String> = sqlx::query_scalar(*question)
                .bind(&last)
                .fetch_one(db)
                .await
                .map_err(unavailable("reading what is sealed"))?;
            let Some(next) = next else { break };
            let key = next
                .parse()
                .map_err(|error| crate::words::unreadable("sealed keys", &next, error))?;
            found.insert(key);
            last = next;
        }
    }
    Ok(found)
}
