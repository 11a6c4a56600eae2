//! Clients that draw things out, and clients that come in crowds.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::support::{JSON, settings, with};
use crate::wire::{PATIENCE, reply, request, to_the_end};

const SOON: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_head_that_is_never_finished_is_cut_even_if_it_keeps_coming() {
    let mut settings = settings();
    settings.times.head = SOON;
    let house = with(settings).await.unwrap();
    let mut silent = TcpStream::connect(house.addr()).await.unwrap();
    let mut dripping = TcpStream::connect(house.addr()).await.unwrap();
    dripping.write_all(b"GET /s/x HTTP/1.1\r\n").await.unwrap();
    let started = Instant::now();
    assert_eq!(to_the_end(&mut silent).await, b"");
    // Each drip comes well within the time; all together do not.
    while started.elapsed() < PATIENCE && dripping.write_all(b"A: b\r\n").await.is_ok() {
        let mut byte = [0];
        match timeout(SOON / 6, dripping.read(&mut byte)).await {
            Ok(Ok(0) | Err(_)) => break,
            Ok(Ok(_)) => panic!("an answer to half a question"),
            Err(_) => {}
        }
    }
    assert!(started.elapsed() < PATIENCE, "it went on for ever");
    house
        .until_metrics_say("countersign_http_connections{address=\"public\"} 0")
        .await;
}

#[tokio::test]
async fn a_body_that_is_never_finished_is_told_so_and_cut() {
    let mut settings = settings();
    settings.times.body = SOON;
    let house = with(settings).await.unwrap();
    let mut stream = TcpStream::connect(house.addr()).await.unwrap();
    let lines = format!("{JSON}Content-Length: 100\r\n");
    let mut half = request("POST", &house.path("s", "redeem"), &lines, "");
    half.extend_from_slice(b"{\"v\":1,");
    stream.write_all(&half).await.unwrap();
    let reply = reply(&to_the_end(&mut stream).await);
    assert_eq!(
        (reply.status, reply.body.as_str()),
        (408, r#"{"error":"too_slow"}"#)
    );
    assert_eq!(house.vault.came.available_permits(), 0);
}

#[tokio::test]
async fn a_client_that_never_reads_is_cut() {
    let mut settings = settings();
    settings.times.connection = SOON;
    settings.times.body = SOON;
    settings.connections.requests = usize::MAX;
    let house = with(settings).await.unwrap();
    let mut stream = TcpStream::connect(house.addr()).await.unwrap();
    let asking = b"GET /s/x HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(200);
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        match timeout(SOON, stream.write_all(&asking)).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => break,
            Err(_) => {
                house
                    .until_metrics_say("countersign_http_connections{address=\"public\"} 0")
                    .await;
            }
        }
    }
    assert!(started.elapsed() < PATIENCE, "it went on for ever");
}

#[tokio::test]
async fn a_connection_carries_several_requests_but_not_for_ever() {
    let mut settings = settings();
    settings.connections.requests = 3;
    let house = with(settings).await.unwrap();
    let mut stream = TcpStream::connect(house.addr()).await.unwrap();
    stream
        .write_all(&b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(5))
        .await
        .unwrap();
    let bytes = to_the_end(&mut stream).await;
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.matches("HTTP/1.1 200").count(), 3);
    assert_eq!(text.matches("connection: close").count(), 1);
}

/// Whether the server takes this connection and answers on it.
async fn is_served(stream: &mut TcpStream) -> bool {
    let asked = stream
        .write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await;
    let mut first = [0];
    asked.is_ok() && matches!(timeout(PATIENCE, stream.read(&mut first)).await.unwrap(), Ok(1))
}

#[tokio::test]
async fn a_peer_has_only_so_many_connections_until_one_ends() {
    let mut settings = settings();
    settings.connections.per_peer = 2;
    let house = with(settings).await.unwrap();
    let mut first = TcpStream::connect(house.addr()).await.unwrap();
    let mut second = TcpStream::connect(house.addr()).await.unwrap();
    assert!(is_served(&mut first).await && is_served(&mut second).await);
    let mut third = TcpStream::connect(house.addr()).await.unwrap();
    assert!(!is_served(&mut third).await);
    house
        .until_metrics_say("countersign_http_refused_total{limit=\"connections_of_peer\"} 1")
        .await;
    drop(first);
    house
        .until_metrics_say("countersign_http_connections{address=\"public\"} 1")
        .await;
    let mut fourth = TcpStream::connect(house.addr()).await.unwrap();
    assert!(is_served(&mut fourth).await);
}

#[tokio::test]
async fn a_proxy_may_have_as_many_as_there_may_be_in_all() {
    let mut settings = settings();
    settings.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    settings.connections.per_peer = 1;
    settings.connections.in_all = 3;
    let house = with(settings).await.unwrap();
    let mut there = Vec::new();
    for _ in 0..3 {
        let mut stream = TcpStream::connect(house.addr()).await.unwrap();
        assert!(is_served(&mut stream).await);
        there.push(stream);
    }
    let mut one_more = TcpStream::connect(house.addr()).await.unwrap();
    assert!(!is_served(&mut one_more).await);
    house
        .until_metrics_say("countersign_http_refused_total{limit=\"connections\"} 1")
        .await;
}
