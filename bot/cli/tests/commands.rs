//! The small subcommands, as somebody types them.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use countersign::STORE_FILE;
use countersign_core::audit::{Entry, Event, Record, Verifier};
use countersign_core::store::{Batch, Store as _};
use countersign_core::time::from_millis;
use countersign_store::Sqlite;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

fn countersign() -> Command {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
}

fn run(args: &[&str]) -> Output {
    countersign().args(args).output().unwrap()
}

fn said(output: &Output) -> String {
    let stdout = String::from_utf8_lossy(&output.stdout);
    format!("{stdout}{}", String::from_utf8_lossy(&output.stderr))
}

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
async fn tampered(folder: &Path, how: &'static str) -> String {
    let options = SqliteConnectOptions::new().filename(folder.join(STORE_FILE));
    let mut connection = options.connect().await.unwrap();
    for statement in ["DROP TRIGGER audit_unchanged; DROP TRIGGER audit_kept", how] {
        sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
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

#[test]
fn asking_wrongly_ends_with_2() {
    let output = run(&["audit", "verfy"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("verify"), "{}", said(&output));

    let output = run(&["config", "explain", "app.brnch"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        said(&output),
        "error: the configuration has no key app.brnch; did you mean app.branch?\n"
    );
}

#[test]
fn the_schema_is_json_and_knows_every_section() {
    let output = run(&["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let sections: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(
        sections,
        [
            "app", "audit", "bot", "forbid", "github", "heroku", "irc", "local", "person", "rule"
        ]
    );
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(said(&output).contains("sandbox"), "{shell}");
    }
}

#[test]
fn the_sandbox_is_on_loopback_only() {
    let output = run(&["sandbox", "--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("loopback only"), "{}", said(&output));
}

#[test]
fn the_sandbox_says_where_it_is_and_ends_at_ctrl_c() {
    let mut sandbox = countersign()
        .args(["sandbox", "--listen", "127.0.0.1:0", "--speed", "10"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(sandbox.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let control = lines
        .find_map(|line| Some(line.strip_prefix("Control  http://")?.to_owned()))
        .unwrap();
    let (address, path) = control.split_once('/').unwrap();

    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("treeherder-prod"),
        "{answer}"
    );

    let pid = sandbox.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(sandbox.wait().unwrap().code(), Some(0));
}
