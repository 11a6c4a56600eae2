//! Kill -9 of a process in which many open links at once: nothing is won twice, and no more is lost than was under way.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use countersign_core::door::Redemption;
use countersign_core::random::{Random as _, SeededRandom};
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use super::made::{halves, make, visitor};

const FOLDER: &str = "COUNTERSIGN_LINKS_FOLDER";
const LINKS: u64 = 1_000;
/// So many links are raced for at once, by so many each.
const AT_ONCE: usize = 16;
const RACERS: usize = 8;

/// Wins what can still be won, and says each win as it is answered. Ends by itself when nothing is left.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process of its own, which the test below starts and kills"]
async fn the_racers() {
    let folder = std::env::var(FOLDER).unwrap();
    let (store, door) = super::at(Path::new(&folder)).await;
    let room = Arc::new(Semaphore::new(AT_ONCE));
    let races = (0..LINKS).map(|n| {
        let (door, room) = (door.clone(), Arc::clone(&room));
        tokio::spawn(async move {
            let _place = room.acquire_owned().await.unwrap();
            let racers = (0..RACERS).map(|_| async {
                let theirs = halves(n);
                let came = door
                    .redeem(&theirs.path, &theirs.link, &theirs.auth, &visitor())
                    .await;
                if let Redemption::Opened { .. } = came.unwrap() {
                    println!("\nwon {n}");
                }
            });
            join_all(racers).await;
        })
    });
    for race in join_all(races).await {
        race.unwrap();
    }
    store.close().await;
    println!("\nall");
}

/// Runs it until it has won so many. Says what it won, and whether it came to its end before it was killed.
fn run(folder: &Path, wins: usize) -> (Vec<u64>, bool) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "links::kills::the_racers", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut won, mut all) = (Vec::new(), false);
    for line in lines.map_while(Result::ok) {
        all |= line == "all";
        won.extend(line.strip_prefix("won ").map(|n| n.parse::<u64>().unwrap()));
        // What it says after this is still read: it had answered that.
        if won.len() == wins {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    (won, all)
}

#[tokio::test]
async fn nothing_is_won_twice_and_no_more_is_lost_than_was_under_way() {
    let folder = tempfile::tempdir().unwrap();
    let (store, _) = super::at(folder.path()).await;
    make(&*store, 0..LINKS).await;
    store.close().await;
    let random = SeededRandom::new(4);
    let (mut won, mut kills): (BTreeMap<u64, usize>, usize) = (BTreeMap::new(), 0);
    loop {
        let mut byte = [0];
        random.fill(&mut byte);
        let (these, all) = run(folder.path(), 30 + usize::from(byte[0]) / 2);
        for n in these {
            *won.entry(n).or_default() += 1;
        }
        if all {
            break;
        }
        kills += 1;
        assert!(kills < 100, "it comes to no end");
    }
    assert!(kills >= 5, "it was killed {kills} times only");
    let twice: Vec<_> = won.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "won more than once: {twice:?}");
    super::all_were_opened(folder.path(), LINKS).await;
    let lost = usize::try_from(LINKS).unwrap() - won.len();
    assert!(lost <= kills * AT_ONCE, "{lost} lost in {kills} kills");
}
