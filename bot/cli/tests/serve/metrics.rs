//! `/metrics` of a bot that serves, as a monitor scrapes it.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};

use crate::house::House;

/// An address that is free now.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn get(address: SocketAddr, path: &str) -> String {
    // The bot opens its web side a moment after its socket.
    let mut stream = loop {
        match TcpStream::connect(address) {
            Ok(stream) => break stream,
            Err(_) => std::thread::yield_now(),
        }
    };
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[tokio::test(flavor = "multi_thread")]
async fn every_number_has_the_prefix_once() {
    let mut house = House::open().await;
    let (listen, admin) = (free(), free());
    std::fs::write(house.path("sealing-key"), "5a".repeat(32)).unwrap();
    let text = std::fs::read_to_string(house.path("cs.toml")).unwrap();
    let text = format!(
        "{text}\n[web]\nurl = \"http://{listen}/\"\nlisten = \"{listen}\"\nadmin = \"{admin}\"\n\
         [secrets]\nkey = {{ file = \"sealing-key\" }}\n"
    );
    std::fs::write(house.path("cs.toml"), text).unwrap();
    house.serve().await;
    let page = tokio::task::spawn_blocking(move || get(listen, "/s/x"))
        .await
        .unwrap();
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let scraped = tokio::task::spawn_blocking(move || get(admin, "/metrics"))
        .await
        .unwrap();
    house.stop().await;

    let lines = scraped.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let names: BTreeSet<&str> = lines.map(|line| line.split(' ').next().unwrap()).collect();
    assert!(names.len() > 10, "{scraped}");
    for name in &names {
        let rest = name.strip_prefix("countersign_");
        assert!(
            rest.is_some_and(|rest| !rest.contains("countersign")) || name.starts_with("process_"),
            "{name}"
        );
    }
    for name in [
        "countersign_http_requests",
        "countersign_requests_open",
        "countersign_drop_boxes_filled",
        "process_start_time_seconds",
    ] {
        assert!(names.contains(name), "no {name} in\n{scraped}");
    }
    assert!(
        scraped.contains(
            "\ncountersign_http_requests_total{route=\"/s/{id}\",method=\"GET\",status=\"200\"} 1\n"
        ),
        "{scraped}"
    );
}
