//! No question walks through the history: every one that is asked often has its index.

use sqlx::{ConnectOptions as _, Row as _, SqliteConnection};

use crate::{Sqlite, accesses, audit, drop_boxes, links, notes, outbox};

const QUESTIONS: &[&str] = &[
    audit::ALL,
    audit::BY_PERSON,
    audit::BY_TARGET,
    audit::BY_BOTH,
    notes::NEXT_DUE,
    outbox::DUE,
    outbox::PLACES,
    links::DUE,
    links::SEALED_WITH[0],
    links::SEALED_WITH[1],
    links::SEALED_WITH[2],
    links::SEALED_WITH[3],
    accesses::OPEN,
    accesses::OPEN_AT,
    accesses::NAMED,
    accesses::DUE,
    accesses::ONE_OF,
    accesses::NEXT_TARGET,
    accesses::FIRST,
    accesses::FIRST_AT,
    drop_boxes::OF,
    drop_boxes::DUE,
    drop_boxes::UNPLANNED,
    "SELECT id, body FROM links WHERE path = $1",
    "SELECT number, id, body FROM links WHERE requester = $1 ORDER BY number DESC LIMIT $2",
    "SELECT number, id, body FROM links WHERE recipient = $1 ORDER BY number DESC LIMIT $2",
    "SELECT id, body FROM drop_boxes WHERE path = $1",
    "SELECT number, id, body FROM accesses WHERE owner = $1 ORDER BY number DESC LIMIT $2",
    "SELECT number, id, body FROM accesses WHERE requester = $1 ORDER BY number DESC LIMIT $2",
    "SELECT id, body FROM requests WHERE open ORDER BY number",
    "SELECT id, body FROM operations WHERE open ORDER BY number",
    "SELECT id, body FROM operations WHERE target = $1 ORDER BY number DESC LIMIT $2",
    "SELECT id FROM operations WHERE open AND target = $1 AND id <> $2 ORDER BY number LIMIT 1",
    "SELECT operation, body FROM journal WHERE operation = $1 ORDER BY number",
    "SELECT id, body FROM inbox WHERE NOT handled ORDER BY number",
    "DELETE FROM inbox WHERE handled AND at < $1",
];

async fn plan(db: &mut SqliteConnection, question: &'static str) -> Vec<String> {
    let explain = sqlx::AssertSqlSafe(format!("EXPLAIN QUERY PLAN {question}"));
    let rows = sqlx::raw_sql(explain).fetch_all(db).await.unwrap();
    rows.iter().map(|row| row.get::<String, _>("detail")).collect()
}

#[tokio::test]
async fn every_question_has_its_index() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    Sqlite::open(&path).await.unwrap().close().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(&path)
        .read_only(true);
    let mut db = options.connect().await.unwrap();
    for question in QUESTIONS {
        for step in plan(&mut db, question).await {
            let walks = step.starts_with("SCAN") && !step.contains("USING");
            // The timers that were found, and what waits to be said: that is no history.
            let few = step == "SCAN timers" || [outbox::DUE, outbox::PLACES].contains(question);
            assert!(few || !walks, "{question}\n{step}");
            assert!(few || !step.starts_with("USE TEMP B-TREE"), "{question}\n{step}");
        }
    }
}
