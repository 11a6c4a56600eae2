//! How often one peer may knock, and who counts as one.

use std::time::Duration;

use countersign_core::door::Redemption;
use countersign_web::settings::Bucket;

use crate::support::{settings, with, wrong};

#[tokio::test]
async fn who_guesses_is_told_to_wait_and_then_listened_to_again() {
    let mut settings = settings();
    settings.limits.wrong_proofs = Bucket::new(3, 10);
    let house = with(settings).await.unwrap();
    let path = house.path("s", "status");
    for _ in 0..3 {
        assert_eq!(house.post(&path, &wrong()).await.status, 404);
    }
    let asked = house.vault.came.available_permits();
    let reply = house.post(&path, &wrong()).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("6")));
    assert_eq!(reply.body, r#"{"error":"slow_down"}"#);
    let reply = house.post("/d/x/fill", &house.filling()).await;
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("6")));
    assert_eq!(
        house.vault.came.available_permits(),
        asked + 1,
        "a peer that must wait costs the store nothing"
    );
    assert_eq!(house.get("/s/x").await.status, 200, "pages are for everybody");
    assert!(
        house
            .metrics()
            .await
            .contains("countersign_http_refused_total{limit=\"wrong_proofs\"} 1")
    );
    house.pass(Duration::from_secs(5));
    assert_eq!(house.post(&path, &house.asking()).await.status, 429);
    house.pass(Duration::from_secs(1));
    assert_eq!(house.post(&path, &house.asking()).await.status, 200);
}

#[tokio::test]
async fn all_posts_together_have_a_looser_limit() {
    let mut settings = settings();
    settings.limits.posts = Bucket::new(5, 60);
    let house = with(settings).await.unwrap();
    let path = house.path("s", "status");
    for _ in 0..5 {
        assert_eq!(house.post(&path, &house.asking()).await.status, 200);
    }
    assert_eq!(
        house.post(&path, &house.asking()).await.header("retry-after"),
        Some("1")
    );
    assert!(
        house
            .metrics()
            .await
            .contains("countersign_http_refused_total{limit=\"posts\"} 1")
    );
    house.pass(Duration::from_secs(1));
    assert_eq!(house.post(&path, &house.asking()).await.status, 200);
}

#[tokio::test]
async fn behind_a_trusted_proxy_a_stranger_shuts_the_door_for_nobody_else() {
    let mut settings = settings();
    settings.limits.wrong_proofs = Bucket::new(2, 1);
    settings.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    let house = with(settings).await.unwrap();
    let path = house.path("s", "status");
    let stranger = "X-Forwarded-For: 198.51.100.7\r\n";
    while house.post_with(&path, stranger, &wrong()).await.status == 404 {}
    assert_eq!(
        house.post_with(&path, stranger, &house.asking()).await.status,
        429
    );
    let spoofed = "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n";
    assert_eq!(
        house.post_with(&path, spoofed, &house.asking()).await.status,
        429,
        "the rightmost counts"
    );
    let redeemer = "X-Forwarded-For: 198.51.100.7, 203.0.113.9\r\n";
    assert_eq!(
        house.post_with(&path, redeemer, &house.asking()).await.status,
        200
    );
    house
        .vault
        .redemptions
        .lock()
        .unwrap()
        .push_back(Redemption::WrongPhrase { attempts_left: 1 });
    let path = house.path("s", "redeem");
    assert_eq!(
        house.post_with(&path, redeemer, &house.opening()).await.status,
        403
    );
    assert_eq!(house.vault.visitors.lock().unwrap()[0].peer, "203.0.113.9");
}

#[tokio::test]
async fn one_household_counts_once() {
    let mut settings = settings();
    settings.limits.wrong_proofs = Bucket::new(1, 1);
    settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    let house = with(settings).await.unwrap();
    let path = house.path("s", "status");
    for (address, status) in [
        ("2001:db8:1:2::1", 404),
        ("2001:db8:1:2::2", 429),
        ("2001:db8:1:2:ffff::3", 429),
        ("2001:db8:1:3::1", 404),
    ] {
        let from = format!("X-Forwarded-For: {address}\r\n");
        assert_eq!(
            house.post_with(&path, &from, &wrong()).await.status,
            status,
            "{address}"
        );
    }
}

#[tokio::test]
async fn without_a_trusted_proxy_nobody_becomes_somebody_else() {
    let mut settings = settings();
    settings.limits.wrong_proofs = Bucket::new(2, 1);
    let house = with(settings).await.unwrap();
    let path = house.path("s", "status");
    for (number, status) in [(1, 404), (2, 404), (3, 429), (4, 429)] {
        let from = format!(
            "X-Forwarded-For: 203.0.113.{number}\r\nForwarded: for=203.0.113.{number}\r\nX-Real-IP: 203.0.113.{number}\r\n"
        );
        assert_eq!(house.post_with(&path, &from, &wrong()).await.status, status);
    }
}
