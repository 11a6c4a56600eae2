//! How many batches a second are on disk, and what a question costs in an empty store and in one with a history.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::hint::black_box;
use std::path::Path;

use countersign_core::audit::{Entry, Event};
use countersign_core::store::{AuditWhere, Batch, OperationsWhere, RequestsWhere, Store, Write};
use countersign_core::time::from_millis;
use countersign_store::Sqlite;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::future::join_all;
use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::runtime::Runtime;

/// A note and a record: the smallest batch that means something.
fn batch(caller: usize) -> Batch {
    let note = Write::Note {
        name: format!("caller {caller}"),
        value: "seen".into(),
    };
    Batch::of(note).record(Entry::new(from_millis(0), Event::Signed, "signed"))
}

fn commits(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("commits");
    for callers in [1, 16, 256] {
        let folder = tempfile::tempdir().unwrap();
        let store = runtime
            .block_on(Sqlite::open(folder.path().join("store.db")))
            .unwrap();
        group.throughput(Throughput::Elements(callers as u64));
        group.bench_function(BenchmarkId::from_parameter(callers), |bencher| {
            bencher.iter(|| {
                let round = join_all((0..callers).map(|caller| store.commit(batch(caller))));
                for receipt in runtime.block_on(round) {
                    receipt.unwrap();
                }
            });
        });
        runtime.block_on(store.close());
    }
}

/// 1,000,000 audit records and 100,000 past operations, of 200 people on 20 targets.
const HISTORY: &str = r#"
    WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1000000)
    INSERT INTO audit (seq, at, person, target, event, body, previous, hash)
    SELECT n, n * 1000, 'person' || (n % 200), 'target' || (n % 20), 'signed',
        '{"at":"2026-09-21T14:13:20Z","event":"signed","person":null,"account":null,"assurance":null,"place":null,'
        || '"target":null,"request":null,"operation":null,"digest":null,"words":"signed","more":null}',
        printf('%064x', n - 1), printf('%064x', n)
    FROM n;
    WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
    INSERT INTO operations (id, target, version, state, open, body)
    SELECT printf('%05x', n), 'target' || (n % 20), 9, 'succeeded', FALSE, '{}' FROM n;
    WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100000)
    INSERT INTO requests (id, version, state, open, body)
    SELECT printf('R-%05x', n), 9, 'succeeded', FALSE, '{}' FROM n;
"#;

async fn store(path: &Path, history: bool) -> Sqlite {
    Sqlite::open(path).await.unwrap().close().await;
    if history {
        let mut db = SqliteConnectOptions::new()
            .filename(path)
            .connect()
            .await
            .unwrap();
        sqlx::raw_sql(HISTORY).execute(&mut db).await.unwrap();
    }
    Sqlite::open(path).await.unwrap()
}

const QUESTIONS: [&str; 7] = [
    "next due",
    "open requests",
    "open operations",
    "newest request",
    "audit",
    "audit of a person",
    "audit of both",
];

async fn ask(store: &Sqlite, question: &str) {
    let audit = |person: Option<&str>, target: Option<&str>| {
        store.audit(AuditWhere {
            person: person.map(Into::into),
            target: target.map(Into::into),
            since: Some(from_millis(500_000_000)),
            limit: 10,
        })
    };
    let found = match question {
        "next due" => usize::from(store.next_due().await.unwrap().is_some()),
        "open requests" => store.requests(RequestsWhere::Open).await.unwrap().len(),
        "open operations" => store.operations(OperationsWhere::Open).await.unwrap().len(),
        "newest request" => usize::from(store.newest_request().await.unwrap().is_some()),
        "audit" => audit(None, None).await.unwrap().len(),
        "audit of a person" => audit(Some("person7"), None).await.unwrap().len(),
        _ => audit(Some("person7"), Some("target7")).await.unwrap().len(),
    };
    black_box(found);
}

fn questions(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("questions");
    for (name, history) in [("empty", false), ("full", true)] {
        let store = runtime.block_on(store(&folder.path().join(name), history));
        for question in QUESTIONS {
            group.bench_function(BenchmarkId::new(question, name), |bencher| {
                bencher.iter(|| runtime.block_on(ask(&store, question)));
            });
        }
        group.bench_function(BenchmarkId::new("commit", name), |bencher| {
            bencher.iter(|| runtime.block_on(store.commit(batch(0))).unwrap());
        });
        runtime.block_on(store.close());
    }
}

criterion_group!(benches, commits, questions);
criterion_main!(benches);
