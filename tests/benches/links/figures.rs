//! What is measured.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_core::door::{Door, Redemption};
use countersign_core::random::{Random as _, SeededRandom};
use countersign_core::store::{Batch, Store as _, Write};
use countersign_core::time::{Duration, ManualClock};
use countersign_secrets::key::LinkKey;
use countersign_secrets::link::{Keys, lock, unlock};
use countersign_secrets::phrase::Phrase;
use countersign_store::Sqlite;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::made::{door, halves, link, make, now, visitor};
use crate::races::races as race_for;

struct Bench {
    store: Arc<Sqlite>,
    door: Door,
    folder: TempDir,
}

impl Bench {
    async fn new() -> Self {
        // Not in memory, as /tmp may be: what is on disk is what is measured.
        let folder = tempfile::tempdir_in("/var/tmp").unwrap();
        let store = Arc::new(Sqlite::open(folder.path().join("store.db")).await.unwrap());
        let door = door(Arc::clone(&store) as _, Arc::new(ManualClock::new(now())));
        Self { store, door, folder }
    }

    async fn end(self) {
        self.store.close().await;
    }
}

/// A row of the table: how many a second, and how long one took.
fn row(what: &str, mut took: Vec<Duration>, whole: Duration) {
    took.sort_unstable();
    let at = |part: f64| took[((took.len() - 1) as f64 * part) as usize].as_secs_f64() * 1000.0;
    let second = took.len() as f64 / whole.as_secs_f64();
    println!(
        "{what:<58} {second:>8.0}/s  p50 {:>8.2} ms  p99 {:>8.2} ms",
        at(0.5),
        at(0.99)
    );
}

/// What the process has in memory, in MiB: (now, at most so far).
fn memory() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
    };
    (field("VmRSS:"), field("VmHWM:"))
}

async fn open(door: &Door, n: u64) -> Duration {
    let theirs = halves(n);
    let began = Instant::now();
    let came = door
        .redeem(&theirs.path, &theirs.link, &theirs.auth, &visitor())
        .await
        .unwrap();
    let took = began.elapsed();
    assert!(matches!(came, Redemption::Opened { .. }), "link {n}: {came:?}");
    took
}

/// Opens these links, so many at once.
async fn open_all(door: &Door, numbers: Range<u64>, at_once: usize) -> (Vec<Duration>, Duration) {
    let next = Arc::new(AtomicU64::new(numbers.start));
    let mut lanes = JoinSet::new();
    let began = Instant::now();
    for _ in 0..at_once {
        let (door, next, end) = (door.clone(), Arc::clone(&next), numbers.end);
        lanes.spawn(async move {
            let mut took = Vec::new();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= end {
                    return took;
                }
                took.push(open(&door, n).await);
            }
        });
    }
    let took = lanes.join_all().await.concat();
    (took, began.elapsed())
}

/// From the phrase to the plaintext: what `countersign redeem` and a browser do, the door between.
pub(crate) async fn whole() {
    const LINKS: u64 = 1_000;
    let bench = Bench::new().await;
    let secrets = |n: u64| {
        let (mut key, mut phrase) = ([0; 32], [0; 10]);
        let random = SeededRandom::new(n);
        random.fill(&mut key);
        random.fill(&mut phrase);
        (LinkKey::new(key), Phrase::new(phrase))
    };
    let (mut locking, began) = (Vec::new(), Instant::now());
    for n in 0..LINKS {
        let mut made = link(n);
        let (key, phrase) = secrets(n);
        let began = Instant::now();
        let keys = Keys::derive(&made.path, &key, &phrase);
        let locked = lock(
            made.header.clone(),
            &keys,
            made.nonce,
            b"mysql://root:hunter2@db/x",
        )
        .unwrap();
        (made.link, made.auth) = (locked.link, locked.auth);
        let (link, content) = (Box::new(made), locked.ciphertext);
        bench
            .store
            .commit(Batch::of(Write::NewLink { link, content }))
            .await
            .unwrap();
        locking.push(began.elapsed());
    }
    row(
        "made, KDF included, one after the other",
        locking,
        began.elapsed(),
    );
    let (mut took, began) = (Vec::new(), Instant::now());
    for n in 0..LINKS {
        let (made, (key, phrase)) = (link(n), secrets(n));
        let began = Instant::now();
        let keys = Keys::derive(&made.path, &key, &phrase);
        let came = bench
            .door
            .redeem(&made.path, &keys.link, &keys.auth, &visitor())
            .await
            .unwrap();
        let Redemption::Opened { nonce, ciphertext } = came else {
            panic!("link {n}: {came:?}");
        };
        let plain = unlock(&made.header, &keys, nonce, &ciphertext).unwrap();
        assert_eq!(plain.as_slice(), b"mysql://root:hunter2@db/x");
        took.push(began.elapsed());
    }
    row("opened, KDF included, one after the other", took, began.elapsed());
    bench.end().await;
}

/// The door alone.
pub(crate) async fn proofs() {
    for (links, at_once) in [(1_000, 1), (10_000, 16), (100_000, 256)] {
        let bench = Bench::new().await;
        make(&*bench.store, 0..links).await;
        let before = memory().0;
        let (took, whole) = open_all(&bench.door, 0..links, at_once).await;
        row(
            &format!("opened, KDF excluded, {links} links, {at_once} at once"),
            took,
            whole,
        );
        let (after, most) = memory();
        println!("    memory: {before} MiB before, {after} MiB after, {most} MiB at most");
        bench.end().await;
    }
}

/// One winner each, 10^5 times.
pub(crate) async fn races() {
    let bench = Bench::new().await;
    make(&*bench.store, 0..100_000).await;
    for (numbers, racers, at_once) in [
        (0..90_000, 2, 128),
        (90_000..98_000, 16, 16),
        (98_000..100_000, 256, 1),
    ] {
        let (links, began) = (numbers.end - numbers.start, Instant::now());
        race_for(&bench.door, numbers, racers, at_once).await;
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{links} links, {racers} at once on each: one winner each; {:.0} links/s, {:.0} attempts/s",
            links as f64 / seconds,
            links as f64 * racers as f64 / seconds
        );
    }
    println!("    memory: {} MiB at most", memory().1);
    bench.end().await;
}

/// How it grows.
pub(crate) async fn grow() {
    const TRIED: u64 = 1_000;
    let bench = Bench::new().await;
    let mut made = 0;
    for live in [1_000, 100_000, 1_000_000_u64] {
        let began = Instant::now();
        // As many more as were opened.
        make(&*bench.store, made..live + 2 * TRIED).await;
        println!(
            "{} more links made in {:.0} s",
            live + 2 * TRIED - made,
            began.elapsed().as_secs_f64()
        );
        made = live + 2 * TRIED;
        let (mut took, began) = (Vec::new(), Instant::now());
        for n in 0..TRIED {
            // Anywhere among them.
            let theirs = halves(made - 1 - n * (made / TRIED) % (made - TRIED));
            let began = Instant::now();
            let status = bench.door.link_status(&theirs.path, &theirs.link).await.unwrap();
            took.push(began.elapsed());
            assert!(status.is_some());
        }
        row(
            &format!("status, {live} live links, one after the other"),
            took,
            began.elapsed(),
        );
        let (took, whole) = open_all(&bench.door, made - TRIED..made, 1).await;
        row(
            &format!("opened, {live} live links, one after the other"),
            took,
            whole,
        );
        let (took, whole) = open_all(&bench.door, made - 2 * TRIED..made - TRIED, 256).await;
        row(&format!("opened, {live} live links, 256 at once"), took, whole);
        let (rss, most) = memory();
        let disk = std::fs::metadata(bench.folder.path().join("store.db"))
            .unwrap()
            .len()
            >> 20;
        println!("    memory: {rss} MiB, {most} MiB at most; {disk} MiB on disk");
    }
    bench.end().await;
}
