//! The audit, as somebody checks it who does not trust the machine that it is on.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod program;

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use countersign::STORE_FILE;
use countersign::signing::SigningKey;
use countersign_core::audit::{Checkpoint, Entry, Event, Head, Record, Signer as _, Verifier};
use countersign_core::secret::Secret;
use countersign_core::store::{Batch, Store as _};
use countersign_core::time::from_millis;
use countersign_store::Sqlite;
use program::{run, said};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

/// A data folder whose store has this many records.
async fn audited(folder: &Path, records: i64) {
    let store = Sqlite::open(folder.join(STORE_FILE)).await.unwrap();
    for at in 0..records {
        let entry = Entry::new(from_millis(at), Event::Signed, format!("alice signed R-{at}"));
        store.commit(Batch::default().record(entry)).await.unwrap();
    }
    store.close().await;
}

#[tokio::test]
async fn a_whole_audit_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_str().unwrap();
    audited(folder.path(), 3).await;
    for place in [data, folder.path().join(STORE_FILE).to_str().unwrap()] {
        let output = run(&["audit", "verify", "--data", place]);
        let said = said(&output);
        assert!(said.starts_with("3 records, chain whole, last hash "), "{said}");
        assert_eq!(output.status.code(), Some(0));
    }
}

#[tokio::test]
async fn an_audit_without_records_says_so() {
    let folder = tempfile::tempdir().unwrap();
    audited(folder.path(), 0).await;
    let output = run(&["audit", "verify", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(said(&output), "0 records: nothing was recorded yet\n");
    assert_eq!(output.status.code(), Some(0));
}

#[tokio::test]
async fn a_changed_record_shows() {
    let folder = tempfile::tempdir().unwrap();
    audited(folder.path(), 3).await;
    let file = folder.path().join(STORE_FILE);
    let mut bytes = std::fs::read(&file).unwrap();
    let (before, after) = (b"alice signed R-1", b"mallo signed R-1");
    let mut changed = 0;
    while let Some(at) = bytes.windows(before.len()).position(|window| window == before) {
        bytes[at..at + after.len()].copy_from_slice(after);
        changed += 1;
    }
    assert!(changed > 0, "the record stands in the file as it is");
    std::fs::write(&file, bytes).unwrap();

    let output = run(&["audit", "verify", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(
        said(&output),
        "error: the chain is broken after 1 record: record 2 was changed: its hash is not that of its content\n"
    );
    assert_eq!(output.status.code(), Some(1));
}

/// What somebody with the store in their hands can do to it; the triggers that forbid it are in the store as well.
async fn tamper(folder: &Path, how: &'static str) {
    let options = SqliteConnectOptions::new().filename(folder.join(STORE_FILE));
    let mut connection = options.connect().await.unwrap();
    for statement in ["DROP TRIGGER audit_unchanged; DROP TRIGGER audit_kept", how] {
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
}

/// What `audit verify` says after that.
async fn tampered(folder: &Path, how: &'static str) -> String {
    tamper(folder, how).await;
    let output = run(&["audit", "verify", "--data", folder.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    said(&output)
}

#[tokio::test]
async fn a_record_that_was_taken_out_shows() {
    let folder = tempfile::tempdir().unwrap();
    audited(folder.path(), 5).await;
    let said = tampered(folder.path(), "DELETE FROM audit WHERE seq = 3").await;
    assert_eq!(
        said,
        "error: the chain is broken after 2 records: record 3 is missing: record 4 stands in its place\n"
    );
}

#[tokio::test]
async fn records_that_changed_places_show() {
    let folder = tempfile::tempdir().unwrap();
    audited(folder.path(), 5).await;
    let swap = "UPDATE audit SET seq = -2 WHERE seq = 2; UPDATE audit SET seq = 2 WHERE seq = 3;
                UPDATE audit SET seq = 3 WHERE seq = -2";
    let said = tampered(folder.path(), swap).await;
    assert_eq!(
        said,
        "error: the chain is broken after 1 record: record 2 does not follow the record before it: one of them was \
         changed or replaced\n"
    );
}

#[tokio::test]
async fn a_record_that_is_filed_under_somebody_else_shows() {
    for how in [
        "UPDATE audit SET person = 'dave' WHERE seq = 2",
        "UPDATE audit SET target = 'stage' WHERE seq = 2",
        "UPDATE audit SET at = at + 1 WHERE seq = 2",
        "UPDATE audit SET event = 'denied' WHERE seq = 2",
    ] {
        let folder = tempfile::tempdir().unwrap();
        audited(folder.path(), 3).await;
        let said = tampered(folder.path(), how).await;
        assert!(said.contains("is found by is not what it says"), "{how}: {said}");
    }
}

#[tokio::test]
async fn the_export_can_be_verified_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    audited(folder.path(), 3).await;
    let output = run(&["audit", "export", "--data", folder.path().to_str().unwrap()]);
    let mut verifier = Verifier::default();
    for line in String::from_utf8(output.stdout).unwrap().lines() {
        let record: Record = serde_json::from_str(line).unwrap();
        verifier.check(&record).unwrap();
    }
    assert_eq!(verifier.last().unwrap().0, 3);
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["audit", "verify", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains(STORE_FILE), "{}", said(&output));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// The audit of a folder as it is now, signed with the key of this seed.
async fn signed(folder: &Path, seed: &Secret) -> Checkpoint {
    let store = Sqlite::open_read_only(folder.join(STORE_FILE)).await.unwrap();
    let (seq, hash, _) = store.audit_head().await.unwrap().unwrap();
    store.close().await;
    let at = from_millis(1_800_000_000_000);
    Head { seq, hash, at }.signed(&SigningKey::of(seed).unwrap())
}

fn verify(folder: &Path, checkpoint: &str, key: &str) -> (Option<i32>, String) {
    let data = folder.to_str().unwrap();
    let output = run(&[
        "audit",
        "verify",
        "--data",
        data,
        "--key",
        key,
        "--checkpoint",
        checkpoint,
    ]);
    (output.status.code(), said(&output))
}

#[tokio::test]
async fn a_cut_end_shows_by_a_checkpoint_and_by_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    audited(folder.path(), 5).await;
    let seed = Secret::from("07".repeat(32));
    let key = hex::encode(SigningKey::of(&seed).unwrap().public_key());
    let checkpoint = signed(folder.path(), &seed).await.to_string();
    let (code, said_first) = verify(folder.path(), &format!("<bot> {checkpoint}"), &key);
    assert_eq!(code, Some(0), "{said_first}");
    assert!(
        said_first.ends_with("record 5 is the one that was signed at 2027-01-15T08:00:00Z\n"),
        "{said_first}"
    );

    tamper(folder.path(), "DELETE FROM audit WHERE seq > 3").await;
    let output = run(&["audit", "verify", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "the chain alone cannot know");
    assert_eq!(
        verify(folder.path(), &checkpoint, &key),
        (
            Some(1),
            "error: the audit ends at record 3, but record 5 was there at 2027-01-15T08:00:00Z: its end was cut off, at \
             least 2 records of it\n"
                .to_owned()
        )
    );
}

#[tokio::test]
async fn a_history_that_was_written_anew_shows_by_a_checkpoint() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    audited(first.path(), 5).await;
    audited(second.path(), 1).await;
    let seed = Secret::from("07".repeat(32));
    let key = hex::encode(SigningKey::of(&seed).unwrap().public_key());
    let checkpoint = signed(first.path(), &seed).await;

    // A chain that is whole in itself, and another.
    let store = Sqlite::open(second.path().join(STORE_FILE)).await.unwrap();
    for at in 1..9 {
        let entry = Entry::new(from_millis(at), Event::Signed, "mallory wrote this");
        store.commit(Batch::default().record(entry)).await.unwrap();
    }
    store.close().await;
    let (code, said) = verify(second.path(), &checkpoint.to_string(), &key);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("record 5 is not the one that was signed at 2027-01-15T08:00:00Z"),
        "{said}"
    );
}

#[tokio::test]
async fn a_forged_checkpoint_proves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    audited(folder.path(), 5).await;
    let forged = signed(folder.path(), &Secret::from("99".repeat(32)))
        .await
        .to_string();
    let key = SigningKey::of(&Secret::from("07".repeat(32)))
        .unwrap()
        .public_key();
    let (code, said) = verify(folder.path(), &forged, &hex::encode(key));
    assert_eq!(code, Some(1));
    assert!(said.contains("was not signed by this key"), "{said}");
    let (code, said) = verify(folder.path(), "audit checkpoint 5", &hex::encode(key));
    assert_eq!(code, Some(1));
    assert!(said.contains("give the whole line as it was posted"), "{said}");
}

#[test]
fn a_key_is_for_its_owner_alone_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("audit.key");
    let output = run(&["audit", "key", "--to", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let seed = std::fs::read_to_string(&file).unwrap();
    assert!(!said(&output).contains(seed.trim()), "the key is shown");
    let key = SigningKey::of(&Secret::from(seed.trim().to_owned())).unwrap();
    assert!(said(&output).contains(&hex::encode(key.public_key())));
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let again = run(&["audit", "key", "--to", file.to_str().unwrap()]);
    assert_eq!(again.status.code(), Some(1), "a key is not written over");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), seed);
}
