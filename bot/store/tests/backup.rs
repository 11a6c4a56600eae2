//! Copies of a store that is in use.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_core::audit::{Entry, Event, Verifier};
use countersign_core::store::{Batch, Store as _, Write};
use countersign_core::time::from_millis;
use countersign_store::{BackupError, Sqlite};

/// What changes together: a note, and a record of it.
fn batch(n: i64) -> Batch {
    let note = Write::Note {
        name: "n".into(),
        value: n.to_string(),
    };
    Batch::of(note).record(Entry::new(from_millis(n), Event::Signed, format!("signed {n}")))
}

fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_the_store_at_one_moment_while_it_is_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let copies = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Sqlite::open(&path).await.unwrap();
    store.commit(batch(1)).await.unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn({
        let stop = Arc::clone(&stop);
        async move {
            let mut n = 1;
            while !stop.load(Ordering::Relaxed) {
                n += 1;
                store.commit(batch(n)).await.unwrap();
            }
            store.close().await;
        }
    });
    for name in ["first", "second", "third"] {
        let reading = Sqlite::open_read_only(&path).await.unwrap();
        let to = copies.path().join(name);
        let copy = reading.copy(&to).await.unwrap();
        assert!(!to.exists(), "it has its name when it is done");
        let bytes = copy.keep().await.unwrap();
        assert_eq!(bytes, to.metadata().unwrap().len());
        assert_eq!(to.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    stop.store(true, Ordering::Relaxed);
    writing.await.unwrap();
    assert_eq!(files(copies.path()), ["first", "second", "third"]);

    let copy = Sqlite::open(copies.path().join("third")).await.unwrap();
    let records = copy.audit_from(1, u32::MAX).await.unwrap();
    let mut chain = Verifier::default();
    for record in &records {
        chain.check(record).unwrap();
    }
    let note: usize = copy.note("n").await.unwrap().unwrap().parse().unwrap();
    assert_eq!(records.len(), note, "both of a batch are in it, or neither");
    copy.commit(batch(0)).await.unwrap();
}

#[tokio::test]
async fn a_copy_overwrites_nothing_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let copies = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("store.db")).await.unwrap();
    store.commit(batch(1)).await.unwrap();
    let to = copies.path().join("copy");

    let late = store.copy(&to).await.unwrap();
    fs::write(&to, "somebody's notes").unwrap();
    let error = late.keep().await.unwrap_err();
    assert!(matches!(error, BackupError::Exists(_)), "{error}");
    let error = store.copy(&to).await.unwrap_err();
    assert!(matches!(error, BackupError::Exists(_)), "{error}");
    assert_eq!(fs::read_to_string(&to).unwrap(), "somebody's notes");

    let error = store.copy(Path::new("/nowhere/copy")).await.unwrap_err();
    assert!(matches!(error, BackupError::File { .. }), "{error}");
    drop(store.copy(&copies.path().join("not-kept")).await.unwrap());
    assert_eq!(files(copies.path()), ["copy"]);
}

#[tokio::test]
async fn a_damaged_store_is_not_copied() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Sqlite::open(&path).await.unwrap();
    for n in 0..200 {
        store.commit(batch(n)).await.unwrap();
    }
    store.close().await;
    let mut bytes = fs::read(&path).unwrap();
    // The last page: nothing that opening the store looks at.
    let last = bytes.len() - 4096;
    bytes[last..].fill(0xa5);
    fs::write(&path, bytes).unwrap();

    let to = folder.path().join("copy");
    let store = Sqlite::open_read_only(&path).await.unwrap();
    let error = store.copy(&to).await.unwrap_err();
    assert!(
        matches!(error, BackupError::Copy { .. } | BackupError::Damaged(_)),
        "{error}"
    );
    drop(store);
    assert!(files(folder.path()).iter().all(|name| !name.starts_with("copy")));
}
