//! Who may open a store, and what people read when they may not.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::error::Error;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use countersign_core::store::{Batch, Store, Write};
use countersign_store::{OpenError, Sqlite};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    (folder, path)
}

fn note(value: &str) -> Batch {
    Batch::of(Write::Note {
        name: "n".into(),
        value: value.into(),
    })
}

/// The error and all beneath it.
fn words(error: &OpenError) -> String {
    let chain = std::iter::successors(Some(error as &dyn Error), |error| (*error).source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(" / ")
}

#[tokio::test]
async fn what_was_written_is_there_when_the_store_is_opened_again() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    store.commit(note("kept")).await.unwrap();
    store.close().await;
    let opened = tokio::spawn(async move { Sqlite::open(&path).await });
    let store = opened.await.unwrap().unwrap();
    assert_eq!(store.note("n").await.unwrap().as_deref(), Some("kept"));
}

#[tokio::test]
async fn a_store_that_is_dropped_still_writes_what_it_was_handed() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    tokio::select! {
        biased;
        _ = store.commit(note("handed over")) => {}
        () = std::future::ready(()) => {}
    }
    drop(store);
    let store = loop {
        match Sqlite::open(&path).await {
            Ok(store) => break store,
            Err(OpenError::InUse { .. }) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    };
    assert_eq!(store.note("n").await.unwrap().as_deref(), Some("handed over"));
}

#[tokio::test]
async fn only_one_may_write_and_the_other_hears_which_process_does() {
    let (folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    let link = folder.path().join("link.db");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    for path in [&path, &link] {
        let refusal = Sqlite::open(path).await.unwrap_err().to_string();
        let process = format!("is in use by process {}", std::process::id());
        assert!(refusal.contains(&process), "{refusal}");
    }
    store.commit(note("undisturbed")).await.unwrap();
    store.close().await;
    Sqlite::open(&link).await.unwrap();
}

#[tokio::test]
async fn closing_leaves_one_file_and_refuses_what_comes_later() {
    let (folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    store.commit(note("kept")).await.unwrap();
    store.close().await;
    store.close().await;
    let refusal = store.commit(note("late")).await.unwrap_err().to_string();
    assert_eq!(
        refusal,
        "the store did not answer: it is closed, or was opened to be read only"
    );
    let refusal = store.note("n").await.unwrap_err().to_string();
    assert_eq!(refusal, "the store did not answer: reading a note: it is closed");

    let mut names: Vec<_> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["store.db", "store.db.lock"]);
}

#[tokio::test]
async fn a_reader_reads_beside_the_writer_and_writes_nothing() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    let reader = Sqlite::open_read_only(&path).await.unwrap();
    store.commit(note("seen")).await.unwrap();
    assert_eq!(reader.note("n").await.unwrap().as_deref(), Some("seen"));
    let refusal = reader.commit(note("never")).await.unwrap_err().to_string();
    assert_eq!(
        refusal,
        "the store did not answer: it is closed, or was opened to be read only"
    );

    // And when nobody writes.
    reader.close().await;
    store.close().await;
    let reader = Sqlite::open_read_only(&path).await.unwrap();
    assert_eq!(reader.note("n").await.unwrap().as_deref(), Some("seen"));
    reader.close().await;
}

#[tokio::test]
async fn nobody_else_may_read_the_file() {
    let (folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    store.commit(note("private")).await.unwrap();
    let files = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap());
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}: {mode:o}", file.file_name());
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let (folder, path) = folder();
    let missing = folder.path().join("missing/store.db");
    let refusal = words(&Sqlite::open(&missing).await.unwrap_err());
    assert!(
        refusal.contains("its folder must exist") && refusal.contains("No such file"),
        "{refusal}"
    );
    let refusal = words(&Sqlite::open_read_only(&path).await.unwrap_err());
    assert!(
        refusal.contains("see whether it and its folder are there"),
        "{refusal}"
    );

    std::fs::write(
        &path,
        "Dear diary, today I was not a database at all, and nobody noticed.".repeat(20),
    )
    .unwrap();
    for refusal in [Sqlite::open(&path).await, Sqlite::open_read_only(&path).await] {
        let refusal = words(&refusal.unwrap_err());
        assert!(
            refusal.contains("is damaged; restore it from a backup"),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_left_alone() {
    let (_folder, path) = folder();
    Sqlite::open(&path).await.unwrap().close().await;
    let mut db = SqliteConnectOptions::new()
        .filename(&path)
        .connect()
        .await
        .unwrap();
    sqlx::query("INSERT INTO _sqlx_migrations SELECT 99, 'later', installed_on, TRUE, checksum, 0 FROM _sqlx_migrations WHERE version = 1")
        .execute(&mut db)
        .await
        .unwrap();
    db.close().await.unwrap();
    for refusal in [Sqlite::open(&path).await, Sqlite::open_read_only(&path).await] {
        let refusal = refusal.unwrap_err().to_string();
        assert!(
            refusal.contains("was written by a newer countersign (schema 99, this one knows 3)"),
            "{refusal}"
        );
    }
}

#[tokio::test]
async fn the_version_of_sqlite_is_told() {
    let (_folder, path) = folder();
    let store = Sqlite::open(&path).await.unwrap();
    assert!(
        store.sqlite_version().starts_with("3."),
        "{}",
        store.sqlite_version()
    );
}
