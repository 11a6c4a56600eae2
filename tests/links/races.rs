//! Many who want to open one link at the same instant. Serves the bench too.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use countersign_core::door::{Door, Redemption};
use futures_util::future::join_all;
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use super::made::{content, halves, visitor};

/// So many try to open the link of this number at once, each in a task of its own. Says how many did; each of them got what
/// was locked in it, and everybody else was told that it is gone.
pub(crate) async fn race(door: &Door, n: u64, racers: usize) -> usize {
    let start = Arc::new(Barrier::new(racers));
    let tasks = (0..racers).map(|_| {
        let (door, start) = (door.clone(), Arc::clone(&start));
        tokio::spawn(async move {
            let theirs = halves(n);
            start.wait().await;
            door.redeem(&theirs.path, &theirs.link, &theirs.auth, &visitor())
                .await
        })
    });
    let came = join_all(tasks).await;
    let mut winners = 0;
    for came in came {
        match came.unwrap().unwrap() {
            Redemption::Opened { ciphertext, .. } => {
                assert_eq!(ciphertext, content(n));
                winners += 1;
            }
            Redemption::Gone(ending) => assert_eq!(ending.state, "redeemed"),
            other => panic!("link {n}: {other:?}"),
        }
    }
    winners
}

/// A race for each of these links, so many races at once; every one has one winner.
pub(crate) async fn races(door: &Door, numbers: Range<u64>, racers: usize, at_once: usize) {
    let next = Arc::new(AtomicU64::new(numbers.start));
    let mut lanes = JoinSet::new();
    for _ in 0..at_once {
        let (door, next, end) = (door.clone(), Arc::clone(&next), numbers.end);
        lanes.spawn(async move {
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= end {
                    return;
                }
                let winners = race(&door, n, racers).await;
                assert_eq!(winners, 1, "link {n} was opened {winners} times by {racers}");
            }
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane.unwrap();
    }
}
