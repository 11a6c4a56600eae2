//! What people send is nowhere but in the vault: not in logs of any level, not in metrics, not in refusals.

use std::io;
use std::sync::{Arc, Mutex};

use countersign_core::door::{Filled, Redemption};
use serde_json::json;

use crate::support::{JSON, house, text};
use crate::wire::{exchange, request};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn nothing_of_a_request_is_written_down() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    // Each test is a process of its own under nextest; within one process the first to come is asked for all.
    drop(tracing::subscriber::set_global_default(subscriber));
    let house = house().await;
    let opened = Redemption::Opened {
        nonce: [1; 12],
        ciphertext: b"canary-ciphertext".to_vec(),
    };
    house.vault.redemptions.lock().unwrap().extend([opened]);
    house.vault.fillings.lock().unwrap().extend([Filled::Unreadable]);
    let canary = "canarycanarycanarycanarycanarycanarycanaryA";
    let lines = format!(
        "X-Canary: {canary}\r\nCookie: {canary}\r\nUser-Agent: {canary}\r\nReferer: https://x/{canary}\r\n"
    );
    let mut replies = vec![
        house
            .post_with(&house.path("s", "redeem"), &lines, &house.opening())
            .await,
        house
            .post_with(&house.path("d", "fill"), &lines, &house.filling())
            .await,
        house.post(&house.path("s", "status"), &house.asking()).await,
        house
            .post("/s/canary/status", &json!({"v": 1, "link": canary}))
            .await,
        house
            .post(
                "/s/canary/redeem",
                &json!({"v": 1, "link": canary, "auth": canary, "canary": canary}),
            )
            .await,
    ];
    for (method, path) in [
        ("GET", "/s/canary"),
        ("GET", "/canary?canary"),
        ("CANARY", "/d/canary"),
    ] {
        replies.push(exchange(house.addr(), &request(method, path, &lines, "")).await);
    }
    let garbage = format!("{canary} {canary}\r\n\r\n");
    replies.push(exchange(house.addr(), garbage.as_bytes()).await);
    let huge = "canary".repeat(10_000);
    replies.push(exchange(house.addr(), &request("POST", "/s/x/redeem", JSON, &huge)).await);
    *house.vault.fails.lock().unwrap() = true;
    replies.push(house.post(&house.path("s", "status"), &house.asking()).await);
    let metrics = house.metrics().await;

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("/s/{id}/redeem") && log.contains("the disk is gone"),
        "the log was listened to: {log}"
    );
    let said = replies
        .iter()
        .map(|reply| format!("{reply:?}"))
        .collect::<Vec<_>>()
        .join("\n");
    for secret in [
        "canary",
        "CANARY",
        &house.vault.proof(),
        &text(32),
        &text(1040),
        &house.vault.id.to_string(),
    ] {
        for (place, text) in [
            ("the log", &log),
            ("the metrics", &metrics),
            ("the replies", &said),
        ] {
            // The pages' own text may talk of anything; they are constant.
            assert!(!text.contains(secret), "{secret} is in {place}");
        }
    }
}
