//! The same over real HTTP: many browsers at once, and kill -9 of the process that serves them.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use arc_swap::ArcSwap;
use countersign_core::time::ManualClock;
use countersign_secrets::base64url;
use countersign_web::settings::{Bucket, Settings};
use countersign_web::{Parts, Readiness, Web};
use futures_util::StreamExt as _;
use futures_util::future::join_all;
use futures_util::stream::iter;
use reqwest::{Client, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::made::{content, halves, make, now};

const FOLDER: &str = "COUNTERSIGN_LINKS_FOLDER";
/// So many links are raced for at once where the process is killed, by so many browsers each.
const AT_ONCE: usize = 8;
const RACERS: usize = 16;

struct Always;

impl Readiness for Always {
    fn not_ready(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Serves the store of a folder until it is killed.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a process of its own, which the tests below start and kill"]
async fn the_server() {
    let folder = std::env::var(FOLDER).unwrap();
    let (_store, door) = super::at(Path::new(&folder)).await;
    let mut settings = Settings::new(
        "127.0.0.1:0".parse().unwrap(),
        "http://127.0.0.1/".parse().unwrap(),
    );
    // All come from one address here.
    settings.limits.posts = Bucket::new(1_000_000, 1_000_000);
    settings.connections.in_all = 4_096;
    settings.connections.per_peer = 4_096;
    settings.connections.per_site = 4_096;
    settings.connections.requests = 1_000_000;
    let parts = Parts {
        vault: Arc::new(ArcSwap::from_pointee(door)),
        readiness: Arc::new(Always),
        gauges: None,
        registry: prometheus_client::registry::Registry::default(),
        clock: Arc::new(ManualClock::new(now())),
        started: now(),
    };
    let web = Web::start(settings, parts).await.unwrap();
    println!("\nat {}", web.addr());
    std::future::pending::<()>().await;
}

/// Starts it, and says where it is.
fn serve(folder: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "links::http::the_server", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let at = lines
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("at ").map(ToOwned::to_owned));
    (child, format!("http://{}", at.expect("it serves")))
}

/// So many browsers open one link at once. Says how many got what is in it; a browser whose answer was cut off got nothing.
async fn race(client: &Client, at: &str, n: u64, racers: usize) -> (usize, bool) {
    let theirs = halves(n);
    let url = format!("{at}/s/{}/redeem", theirs.path);
    let body = json!({
        "v": 1,
        "link": theirs.link.text().expose_secret(),
        "auth": theirs.auth.text().expose_secret(),
    });
    let (mut won, mut cut) = (0, false);
    for came in join_all((0..racers).map(|_| client.post(&url).json(&body).send())).await {
        let Ok(response) = came else {
            cut = true;
            continue;
        };
        let status = response.status();
        let Ok(answer) = response.json::<Value>().await else {
            cut = true;
            continue;
        };
        match status {
            StatusCode::OK => {
                assert_eq!(answer["ct"], base64url::encode(&content(n)));
                won += 1;
            }
            StatusCode::GONE => assert_eq!(answer["state"], "redeemed"),
            other => panic!("link {n}: {other} {answer}"),
        }
    }
    (won, cut)
}

async fn with_links(folder: &Path, links: u64) {
    let (store, _) = super::at(folder).await;
    make(&*store, 0..links).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_2_of_16_and_of_256_browsers_one_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    with_links(folder.path(), 228).await;
    let (mut child, at) = serve(folder.path());
    let client = Client::new();
    for (links, racers, at_once) in [(0..200, 2, 32), (200..220, 16, 4), (220..228, 256, 1)] {
        let came: Vec<_> = iter(links)
            .map(|n| race(&client, &at, n, racers))
            .buffer_unordered(at_once)
            .collect()
            .await;
        assert!(came.iter().all(|came| *came == (1, false)), "{racers}: {came:?}");
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_killed_in_between_gives_nothing_twice_and_loses_what_was_under_way() {
    const LINKS: u64 = 600;
    let folder = tempfile::tempdir().unwrap();
    with_links(folder.path(), LINKS).await;
    let client = Client::new();
    let (mut won, mut kills): (BTreeMap<u64, usize>, usize) = (BTreeMap::new(), 0);
    let mut next = 0;
    while next < LINKS {
        let (mut child, at) = serve(folder.path());
        let mut races = iter(next..LINKS)
            .map(|n| {
                let race = race(&client, &at, n, RACERS);
                async move { (n, race.await) }
            })
            .buffered(AT_ONCE);
        let mut wins = 0;
        let mut under_way = Vec::new();
        while let Some((n, (times, cut))) = races.next().await {
            *won.entry(n).or_default() += times;
            wins += times;
            next = n + 1;
            if wins == 60 {
                child.kill().ok();
            }
            if cut {
                under_way.push(n);
            }
            if under_way.len() == AT_ONCE {
                break;
            }
        }
        drop(races);
        child.kill().ok();
        child.wait().unwrap();
        kills += usize::from(!under_way.is_empty());
        // Whoever was cut off tries again later, and is told what is so.
        if let Some(first) = under_way.first() {
            next = *first;
        }
    }
    assert!(kills >= 5, "it was killed {kills} times only");
    let twice: Vec<_> = won.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "won more than once: {twice:?}");
    let lost = won.values().filter(|times| **times == 0).count();
    assert!(lost <= kills * AT_ONCE, "{lost} lost in {kills} kills");
    super::all_were_opened(folder.path(), LINKS).await;
    println!("{kills} kills, {lost} of {LINKS} lost");
}
