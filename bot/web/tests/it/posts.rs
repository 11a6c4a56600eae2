//! The four things that can be posted to.

use countersign_core::door::{Ending, Filled, Redemption};
use countersign_core::time::from_millis;
use serde_json::{Value, json};

use crate::support::{House, JSON, ORIGIN, house, text, wrong};
use crate::vault::HEADER;
use crate::wire::{Reply, exchange, request};

fn said(reply: &Reply) -> (u16, Value) {
    assert_eq!(
        reply.header("content-type"),
        Some("application/json"),
        "{reply:?}"
    );
    let body = serde_json::from_str(&reply.body).unwrap_or_else(|_| panic!("no JSON: {reply:?}"));
    (reply.status, body)
}

fn ended() -> Ending {
    Ending {
        state: "redeemed",
        at: from_millis(1_800_000_000_456),
    }
}

#[tokio::test]
async fn who_holds_the_link_hears_how_it_is() {
    let house = house().await;
    let reply = house.post(&house.path("s", "status"), &house.asking()).await;
    let expected = json!({"header": HEADER, "state": "live", "at": null, "attempts_left": 5});
    assert_eq!(said(&reply), (200, expected));
    let reply = house.post(&house.path("d", "status"), &house.asking()).await;
    let key = countersign_secrets::base64url::encode(&[4; 65]);
    let expected = json!({"header": HEADER, "public_key": key, "state": "filled", "at": 1_800_000_000_123_i64, "max_bytes": 16_384});
    assert_eq!(said(&reply), (200, expected));
}

#[tokio::test]
async fn each_outcome_of_opening_has_its_answer() {
    let house = house().await;
    let cases = [
        (
            Redemption::Opened {
                nonce: [1; 12],
                ciphertext: vec![0xFB; 4],
            },
            (200, json!({"nonce": "AQEBAQEBAQEBAQEB", "ct": "-_v7-w"})),
        ),
        (
            Redemption::WrongPhrase { attempts_left: 0 },
            (403, json!({"error": "wrong_phrase", "attempts_left": 0})),
        ),
        (
            Redemption::Gone(ended()),
            (
                410,
                json!({"error": "gone", "state": "redeemed", "at": 1_800_000_000_456_i64}),
            ),
        ),
        (Redemption::NotFound, (404, json!({"error": "not_found"}))),
    ];
    for (redemption, expected) in cases {
        house.vault.redemptions.lock().unwrap().push_back(redemption);
        let lines =
            format!("Origin: {ORIGIN}\r\nSec-Fetch-Site: same-origin\r\nUser-Agent: Fire\u{202e}fox\r\n");
        let reply = house
            .post_with(&house.path("s", "redeem"), &lines, &house.opening())
            .await;
        assert_eq!(said(&reply), expected);
    }
    let visitors = house.vault.visitors.lock().unwrap();
    assert_eq!(visitors.len(), 4);
    assert_eq!(
        (visitors[0].peer.as_str(), visitors[0].agent.as_str()),
        ("127.0.0.1", "Fire<U+202E>fox")
    );
}

#[tokio::test]
async fn each_outcome_of_filling_has_its_answer() {
    let house = house().await;
    let sha256 = "ab".repeat(32);
    let cases = [
        (
            Filled::Taken {
                sha256: sha256.clone(),
            },
            (200, json!({"sha256": sha256})),
        ),
        (Filled::Unreadable, (422, json!({"error": "unreadable"}))),
        (
            Filled::Gone(ended()),
            (
                410,
                json!({"error": "gone", "state": "redeemed", "at": 1_800_000_000_456_i64}),
            ),
        ),
        (Filled::NotFound, (404, json!({"error": "not_found"}))),
    ];
    for (filled, expected) in cases {
        house.vault.fillings.lock().unwrap().push_back(filled);
        let reply = house.post(&house.path("d", "fill"), &house.filling()).await;
        assert_eq!(said(&reply), expected);
    }
}

#[tokio::test]
async fn a_wrong_proof_an_unknown_id_and_no_id_at_all_are_answered_with_the_same_bytes() {
    let house = house().await;
    let right = house.path("s", "status");
    let expected = house.post(&right, &wrong()).await.without_date();
    assert_eq!(
        (expected.status, expected.body.as_str()),
        (404, r#"{"error":"not_found"}"#)
    );
    let long = "x".repeat(10_000);
    let id = house.vault.id.to_string();
    let encoded = format!("%{:02x}{}", id.as_bytes()[0], &id[1..]);
    for id in ["AAAAAAAAAAAAAAAAAAAAAA", "", "x", "%ff", "..", &long, &encoded] {
        let path = format!("/s/{id}/status");
        let reply = house.post(&path, &house.asking()).await;
        assert_eq!(reply.without_date(), expected, "{id}");
    }
}

#[tokio::test]
async fn redeeming_with_a_wrong_proof_asks_for_no_phrase() {
    let house = house().await;
    let mut body = house.opening();
    body["link"] = json!(text(32));
    assert_eq!(house.post(&house.path("s", "redeem"), &body).await.status, 404);
    assert!(house.vault.visitors.lock().unwrap().is_empty());
}

#[tokio::test]
async fn only_our_own_page_and_programs_may_post() {
    let house = house().await;
    for (lines, status) in [
        ("", 200),
        ("Origin: http://ops.localhost\r\n", 200),
        (
            "Origin: http://ops.localhost\r\nSec-Fetch-Site: same-origin\r\n",
            200,
        ),
        ("Origin: null\r\n", 403),
        ("Origin: https://evil.example\r\n", 403),
        ("Origin: https://ops.localhost\r\n", 403),
        ("Origin: http://ops.localhost:8443\r\n", 403),
        (
            "Origin: http://ops.localhost\r\nOrigin: https://evil.example\r\n",
            403,
        ),
        ("Sec-Fetch-Site: cross-site\r\n", 403),
        ("Sec-Fetch-Site: same-origin\r\n", 403),
    ] {
        let reply = house
            .post_with(&house.path("s", "status"), lines, &house.asking())
            .await;
        assert_eq!(reply.status, status, "{lines}");
        if status == 403 {
            assert_eq!(said(&reply).1, json!({"error": "wrong_origin"}));
        }
    }
}

#[tokio::test]
async fn what_is_not_said_to_be_json_is_not_read() {
    let house = house().await;
    let body = house.asking().to_string();
    for lines in [
        "",
        "Content-Type: text/plain\r\n",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "Content-Type: application/json; charset=utf-16\r\n",
    ] {
        let path = house.path("s", "status");
        let reply = exchange(house.addr(), &request("POST", &path, lines, &body)).await;
        assert_eq!(said(&reply), (415, json!({"error": "not_json"})), "{lines}");
    }
    assert_eq!(house.vault.came.available_permits(), 0);
}

#[tokio::test]
async fn a_body_that_is_not_of_its_address_is_refused_without_quoting_it() {
    let house = house().await;
    for verb in ["status", "redeem"] {
        for body in [
            json!({}),
            json!([]),
            json!({"v": 1, "link": text(32), "auth": text(32), "more": 1}),
            json!({"v": 2, "link": text(32)}),
            json!({"v": 1, "link": "canary"}),
        ] {
            let reply = house.post(&house.path("s", verb), &body).await;
            assert_eq!(reply.status, 400, "{body}");
            assert!(!reply.body.contains("canary"));
            assert_eq!(said(&reply).1["error"], "bad_request");
        }
    }
    let nothing = house.post(&house.path("s", "status"), &json!("")).await;
    assert_eq!(nothing.status, 400);
    assert_eq!(house.vault.came.available_permits(), 0);
}

/// The body, made longer by space that JSON ignores.
fn padded(body: &Value, length: usize) -> String {
    let body = body.to_string();
    format!("{body}{}", " ".repeat(length - body.len()))
}

async fn send(house: &House, path: &str, lines: &str, body: &str) -> Reply {
    exchange(
        house.addr(),
        &request("POST", path, &format!("{JSON}{lines}"), body),
    )
    .await
}

#[tokio::test]
async fn bodies_have_their_sizes() {
    let house = house().await;
    let (small, large) = (house.path("s", "status"), house.path("d", "fill"));
    assert_eq!(
        send(&house, &small, "", &padded(&house.asking(), 1_024))
            .await
            .status,
        200
    );
    for length in [1_025, 20_000, 250_000] {
        let reply = send(&house, &small, "", &padded(&house.asking(), length)).await;
        assert_eq!(said(&reply), (413, json!({"error": "too_large"})), "{length}");
    }
    house.vault.fillings.lock().unwrap().push_back(Filled::Unreadable);
    assert_eq!(
        send(&house, &large, "", &padded(&house.filling(), 32_768))
            .await
            .status,
        422
    );
    assert_eq!(
        send(&house, &large, "", &padded(&house.filling(), 32_769))
            .await
            .status,
        413
    );
    let chunks = format!("2000\r\n{}\r\n0\r\n\r\n", " ".repeat(0x2000));
    let head = request(
        "POST",
        &small,
        &format!("{JSON}Transfer-Encoding: chunked\r\n"),
        "",
    );
    let chunked = exchange(house.addr(), &[head, chunks.into_bytes()].concat()).await;
    assert_eq!(chunked.status, 413);
    let announced = request(
        "POST",
        &small,
        &format!("{JSON}Content-Length: 999999999999\r\n"),
        "",
    );
    assert_eq!(
        exchange(house.addr(), &announced).await.status,
        413,
        "without waiting for it"
    );
}

#[tokio::test]
async fn the_largest_secret_fits_into_its_body() {
    let house = house().await;
    let key = countersign_secrets::drop_box::BoxKey::new([5; 32]).unwrap();
    let header = countersign_secrets::header::BoxHeader {
        v: 1,
        id: house.vault.id,
        expires_at: 1,
        purpose: "x".to_owned(),
        subject: "y".to_owned(),
    };
    let header = header.canonical().unwrap();
    let secret = vec![b'x'; countersign_secrets::drop_box::MOST];
    let filling =
        countersign_secrets::drop_box::fill(&key.public(), &header, [6; 32], [7; 12], &secret).unwrap();
    let mut body = serde_json::to_value(&filling).unwrap();
    body["v"] = json!(1);
    body["link"] = json!(house.vault.proof());
    house.vault.fillings.lock().unwrap().push_back(Filled::Unreadable);
    assert_eq!(house.post(&house.path("d", "fill"), &body).await.status, 422);
}

#[tokio::test]
async fn a_client_that_goes_away_does_not_stop_what_it_began() {
    let house = house().await;
    let vault = &house.vault;
    vault.gate.forget_permits(tokio::sync::Semaphore::MAX_PERMITS);
    vault.redemptions.lock().unwrap().push_back(Redemption::NotFound);
    let body = house.opening().to_string();
    let mut stream = tokio::net::TcpStream::connect(house.addr()).await.unwrap();
    let bytes = request("POST", &house.path("s", "redeem"), JSON, &body);
    tokio::io::AsyncWriteExt::write_all(&mut stream, &bytes)
        .await
        .unwrap();
    vault.came.acquire().await.unwrap().forget();
    drop(stream);
    house
        .until_metrics_say("countersign_http_connections{address=\"public\"} 0")
        .await;
    vault.gate.add_permits(1);
    for _ in 0..1_000 {
        if !vault.visitors.lock().unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("the redemption was left half-way");
}
