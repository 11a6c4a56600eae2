//! What the store has said is on disk is there after a kill, and after the disk has refused to take more.
//!
//! The process that is killed is this test binary again, in another folder and with one of its `child_…` tests.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use countersign_core::audit::{Entry, Event, Verifier};
use countersign_core::store::{Batch, Store, StoreError, Write};
use countersign_core::time::from_millis;
use countersign_store::Sqlite;

const FILE: &str = "store.db";

/// An announcement and the record of it: both are there, or neither.
fn batch(key: &str) -> Batch {
    let at = from_millis(0);
    Batch::of(Write::Announce { key: key.into(), at }).record(Entry::new(at, Event::Announced, key))
}

/// All keys in the audit, which must be a whole chain with an announcement to each record.
async fn keys(store: &Sqlite) -> BTreeSet<String> {
    let mut verifier = Verifier::default();
    let mut keys = BTreeSet::new();
    for record in store.audit_from(1, u32::MAX).await.unwrap() {
        verifier.check(&record).unwrap();
        assert!(
            store.announced(&record.entry.words).await.unwrap(),
            "{} is half there",
            record.entry.words
        );
        keys.insert(record.entry.words);
    }
    keys
}

/// Runs a child test in `folder`; `limit` is the largest file that it may write, in blocks of 512 bytes.
fn spawn(test: &str, folder: &Path, limit: Option<u32>) -> Child {
    let limit = limit.map_or(String::new(), |blocks| format!("ulimit -f {blocks};"));
    Command::new("sh")
        // A write beyond the limit then fails, rather than ending the process.
        .args(["-c", &format!("trap '' XFSZ; {limit} exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", test, "--nocapture", "--test-threads=1"])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn lines(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
}

/// On a line of its own: the test runner leaves one open.
#[expect(clippy::print_stdout, reason = "it is how the child talks to its parent")]
fn say(word: &str, key: &str) {
    println!("\n{word} {key}");
}

#[tokio::test]
async fn whatever_was_acknowledged_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    for round in 1..=4 {
        Sqlite::open(folder.path().join(FILE))
            .await
            .unwrap()
            .close()
            .await;
        let mut child = spawn("child_commits_until_it_is_killed", folder.path(), None);
        let mut told = 0;
        for line in lines(&mut child) {
            // A line that the kill cut short has no end mark.
            let Some(key) = line
                .strip_prefix("committed ")
                .and_then(|key| key.strip_suffix('.'))
            else {
                continue;
            };
            acknowledged.insert(key.to_owned());
            told += 1;
            if told == 100 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(told >= 100 * round, "the child ended by itself after {told}");

        // The lock went with the process.
        let store = Sqlite::open(folder.path().join(FILE)).await.unwrap();
        let there = keys(&store).await;
        let lost: Vec<_> = acknowledged.difference(&there).collect();
        assert!(lost.is_empty(), "lost: {lost:?}");
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "started and killed by another test"]
async fn child_commits_until_it_is_killed() {
    if !Path::new(FILE).exists() {
        return;
    }
    let store = Arc::new(Sqlite::open(FILE).await.unwrap());
    let begun = store.audit_head().await.unwrap().map_or(0, |(seq, ..)| seq);
    let callers: Vec<_> = (0..16)
        .map(|caller| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for n in 0..10_000 {
                    let key = format!("{begun}/{caller}/{n}");
                    store.commit(batch(&key)).await.unwrap();
                    say("committed", &format!("{key}."));
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

#[tokio::test]
async fn a_disk_that_takes_no_more_refuses_in_words_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    Sqlite::open(folder.path().join(FILE))
        .await
        .unwrap()
        .close()
        .await;
    let mut child = spawn("child_writes_more_than_fits", folder.path(), Some(16_384));
    let mut acknowledged = BTreeSet::new();
    let mut refusals = Vec::new();
    for line in lines(&mut child) {
        if let Some(key) = line.strip_prefix("committed ") {
            acknowledged.insert(key.to_owned());
        } else if let Some(words) = line.strip_prefix("refused ") {
            refusals.push(words.to_owned());
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(refusals.len(), 10, "{refusals:?}");
    let words = "the store did not answer: writing a note: the disk failed, or a limit on the size of files was reached; \
                 see the system's log";
    assert!(refusals.iter().all(|refusal| refusal == words), "{refusals:?}");
    assert_eq!(acknowledged.len(), 100);

    let store = Sqlite::open(folder.path().join(FILE)).await.unwrap();
    assert_eq!(keys(&store).await, acknowledged, "what was refused is not there");
    store.commit(batch("and on it goes")).await.unwrap();
}

#[tokio::test]
#[ignore = "started by another test, with a limit on the size of files"]
async fn child_writes_more_than_fits() {
    if !Path::new(FILE).exists() {
        return;
    }
    let store = Sqlite::open(FILE).await.unwrap();
    for n in 0..100 {
        if n % 10 == 0 {
            let much = Write::Note {
                name: "much".into(),
                value: "x".repeat(12 << 20),
            };
            match store.commit(batch(&format!("too much {n}")).write(much)).await {
                Err(error @ StoreError::Unavailable { .. }) => say("refused", &error.to_string()),
                other => panic!("expected a refusal, got {other:?}"),
            }
        }
        let key = n.to_string();
        store.commit(batch(&key)).await.unwrap();
        say("committed", &key);
    }
    store.close().await;
}
