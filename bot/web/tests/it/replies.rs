//! The headers that stand on every reply, whatever it is.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::support::{House, JSON, house, settings, with};
use crate::wire::{Reply, exchange, request};
use countersign_web::settings::Bucket;

const FIXED: [(&str, &str); 8] = [
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("x-robots-tag", "noindex, nofollow, noarchive, nosnippet"),
    ("strict-transport-security", "max-age=63072000"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cross-origin-resource-policy", "same-origin"),
];

/// Headers that a reply may have besides.
const BESIDES: [&str; 9] = [
    "content-security-policy",
    "permissions-policy",
    "content-type",
    "content-length",
    "date",
    "connection",
    "allow",
    "retry-after",
    "transfer-encoding",
];

#[track_caller]
fn check(reply: &Reply, policy: &str) {
    for (name, value) in FIXED {
        assert_eq!(reply.header(name), Some(value), "{reply:?}");
    }
    assert_eq!(reply.header("content-security-policy"), Some(policy), "{reply:?}");
    let permissions = reply.header("permissions-policy").unwrap();
    for permission in permissions.split(", ") {
        let (name, whom) = permission.split_once('=').unwrap();
        assert_eq!(
            whom,
            if name == "clipboard-write" { "(self)" } else { "()" },
            "{name}"
        );
    }
    assert!(permissions.contains("clipboard-write=(self)") && permissions.contains("camera=()"));
    for (name, _) in &reply.headers {
        let known = FIXED.iter().any(|(fixed, _)| fixed == name) || BESIDES.contains(&name.as_str());
        assert!(known, "what is {name} for? {reply:?}");
    }
}

/// The policy that a page needs, worked out from its bytes as a browser does.
fn policy_of(page: &str) -> String {
    let hash = |name: &str| {
        let (_, rest) = page.split_once(&format!("<{name}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{name}>")).unwrap();
        STANDARD.encode(Sha256::digest(text))
    };
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
        hash("script"),
        hash("style")
    )
}

async fn policies(house: &House) -> (String, String) {
    (
        policy_of(&house.get("/s/x").await.body),
        policy_of(&house.get("/d/x").await.body),
    )
}

#[tokio::test]
async fn every_reply_carries_them() {
    let house = house().await;
    let (link, drop_box) = policies(&house).await;
    assert_ne!(link, drop_box);
    let (s, d) = (house.path("s", "redeem"), house.path("d", "fill"));
    let large = "x".repeat(40_000);
    for (status, method, path, lines, body) in [
        (200, "GET", "/s/x", "", ""),
        (200, "HEAD", "/s/x", "", ""),
        (200, "GET", "/d/x", "", ""),
        (200, "GET", "/healthz", "", ""),
        (200, "GET", "/readyz", "", ""),
        (404, "GET", "/", "", ""),
        (404, "GET", "/favicon.ico", "", ""),
        (404, "GET", "/robots.txt", "", ""),
        (404, "GET", "/metrics", "", ""),
        (404, "OPTIONS", "*", "", ""),
        (405, "POST", "/s/x", "", ""),
        (405, "OPTIONS", "/s/x", "Origin: https://evil.example\r\n", ""),
        (405, "DELETE", &s, "", ""),
        (405, "PUT", &d, "", ""),
        (405, "POST", "/healthz", "", ""),
        (405, "TRACE", "/d/x", "", ""),
        (415, "POST", &s, "", "{}"),
        (400, "POST", &s, JSON, "{}"),
        (400, "POST", &d, JSON, "{}"),
        (413, "POST", &d, JSON, &large),
        (403, "POST", &s, "Origin: https://evil.example\r\n", "{}"),
    ] {
        let reply = exchange(house.addr(), &request(method, path, lines, body)).await;
        assert_eq!(reply.status, status, "{method} {path}: {reply:?}");
        check(&reply, if path.starts_with("/d/") { &drop_box } else { &link });
    }
    let reply = house.post(&s, &crate::support::wrong()).await;
    assert_eq!(reply.status, 400);
    let reply = house
        .post(&house.path("s", "status"), &crate::support::wrong())
        .await;
    assert_eq!(reply.status, 404);
    check(&reply, &link);
    *house.vault.fails.lock().unwrap() = true;
    let reply = house.post(&house.path("d", "status"), &house.asking()).await;
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (503, r#"{"error":"try_again"}"#)
    );
    check(&reply, &drop_box);
    for path in ["/metrics", "/healthz", "/nothing"] {
        check(
            &exchange(house.admin(), &request("GET", path, "", "")).await,
            &link,
        );
    }
}

#[tokio::test]
async fn so_does_429() {
    let mut settings = settings();
    settings.limits.posts = Bucket::new(1, 1);
    let house = with(settings).await.unwrap();
    let (link, _) = policies(&house).await;
    let path = house.path("s", "status");
    assert_eq!(house.post(&path, &house.asking()).await.status, 200);
    let reply = house.post(&path, &house.asking()).await;
    assert_eq!(reply.status, 429);
    check(&reply, &link);
}

#[tokio::test]
async fn so_do_replies_to_what_is_no_http() {
    let house = house().await;
    let (link, _) = policies(&house).await;
    let long = format!("GET /s/{} HTTP/1.1\r\n", "x".repeat(70_000));
    let fat = format!("GET /s/x HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(70_000));
    let many = format!("GET /s/x HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(200));
    for (statuses, bytes) in [
        ([400, 400], "hello\r\n\r\n"),
        ([400, 400], "GET /s/x HTTP/1.1\r\nbad header\r\n\r\n"),
        ([400, 400], "GET /s/x HTTP/7.1\r\n\r\n"),
        ([414, 431], &long),
        ([431, 431], &fat),
        ([431, 431], &many),
    ] {
        let reply = exchange(house.addr(), bytes.as_bytes()).await;
        assert!(statuses.contains(&reply.status), "{reply:?}");
        check(&reply, &link);
        assert_eq!(reply.body, "");
    }
}
