//! GET and HEAD: the same bytes whatever is asked for, and nothing happens (invariant L3).

use crate::support::house;
use crate::wire::{exchange, request};

#[tokio::test]
async fn whatever_stands_behind_s_and_d_the_page_is_the_same() {
    let house = house().await;
    let real = house.vault.id.to_string();
    let long = "x".repeat(20_000);
    let deep = "a/".repeat(2_000);
    let ids = [
        real.as_str(),
        "AAAAAAAAAAAAAAAAAAAAAA",
        "",
        "x",
        ".",
        "..",
        "../../etc/passwd",
        "%00",
        "%ff%fe",
        "%",
        "%zz",
        "%2e%2e%2f",
        "a%2Fstatus",
        "a/status",
        "a/redeem",
        "a/fill",
        "a/fill/",
        "?v=1",
        "a?link=b&link=c",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "'--",
        "*",
        "{id}",
        "{*rest}",
        "//////",
        &long,
        &deep,
    ];
    for kind in ["s", "d"] {
        let expected = house.get(&format!("/{kind}/x")).await.without_date();
        assert_eq!(expected.status, 200);
        assert_eq!(expected.header("content-type"), Some("text/html; charset=utf-8"));
        for id in ids {
            let path = format!("/{kind}/{id}");
            assert_eq!(house.get(&path).await.without_date(), expected, "{path}");
            let lines = "User-Agent: Slackbot-LinkExpanding 1.0\r\nAccept: image/*\r\nRange: bytes=0-1\r\n\
                If-None-Match: *\r\nAccept-Encoding: gzip\r\nCookie: a=b\r\nX-HTTP-Method-Override: POST\r\n";
            let scanned = exchange(house.addr(), &request("GET", &path, lines, "")).await;
            assert_eq!(scanned.without_date(), expected, "{path}");
            let mut head = exchange(house.addr(), &request("HEAD", &path, "", ""))
                .await
                .without_date();
            assert_eq!(head.body, "");
            head.body.clone_from(&expected.body);
            assert_eq!(head, expected, "HEAD {path}");
        }
    }
    assert_eq!(house.vault.came.available_permits(), 0, "the vault was asked");
}

#[tokio::test]
async fn a_get_with_a_body_is_a_get() {
    let house = house().await;
    let plain = house.get("/s/x").await.without_date();
    let path = house.path("s", "redeem");
    let body = house.opening().to_string();
    let reply = exchange(house.addr(), &request("GET", &path, crate::support::JSON, &body)).await;
    assert_eq!(reply.without_date(), plain);
    assert_eq!(house.vault.came.available_permits(), 0);
}

#[tokio::test]
async fn wrong_methods_are_told_the_right_ones() {
    let house = house().await;
    for (path, allowed) in [
        ("/s/x".to_owned(), "GET, HEAD"),
        ("/d/x/redeem".to_owned(), "GET, HEAD"),
        (house.path("s", "redeem"), "GET, HEAD, POST"),
        (house.path("d", "fill"), "GET, HEAD, POST"),
        ("/healthz".to_owned(), "GET, HEAD"),
    ] {
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"] {
            let reply = exchange(house.addr(), &request(method, &path, "", "")).await;
            assert_eq!(
                (reply.status, reply.header("allow")),
                (405, Some(allowed)),
                "{method} {path}"
            );
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
    }
}
