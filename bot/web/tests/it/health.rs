//! Is it there, is it of use, how is it doing.

use countersign_web::Reading;

use crate::support::{house, settings, with, wrong};
use crate::wire::{exchange, request};

#[tokio::test]
async fn ready_means_that_every_network_is_and_strangers_are_not_told_which_there_are() {
    let house = house().await;
    for (address, words) in [(house.addr(), "not ready"), (house.admin(), "libera\nslack\n")] {
        let get = |path: &'static str| async move { exchange(address, &request("GET", path, "", "")).await };
        house.rest.missing.lock().unwrap().clear();
        assert_eq!(
            (get("/healthz").await.status, get("/healthz").await.body.as_str()),
            (200, "ok")
        );
        let reply = get("/readyz").await;
        assert_eq!((reply.status, reply.body.as_str()), (200, "ok"));
        *house.rest.missing.lock().unwrap() = vec!["libera".to_owned(), "slack".to_owned()];
        let reply = get("/readyz").await;
        assert_eq!((reply.status, reply.body.as_str()), (503, words));
        assert_eq!(
            get("/healthz").await.status,
            200,
            "the process is there all the same"
        );
    }
}

#[tokio::test]
async fn metrics_are_on_the_admin_address_only_and_name_no_path() {
    let house = house().await;
    assert_eq!(house.get("/metrics").await.status, 404);
    house.get("/s/canary").await;
    house.get("/canary").await;
    exchange(house.addr(), &request("CANARY", "/s/canary/status", "", "")).await;
    house.post("/d/canary/status", &wrong()).await;
    let reply = exchange(house.admin(), &request("GET", "/metrics", "", "")).await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(reply.header("content-type"), Some(kind));
    let text = reply.body;
    for line in [
        "countersign_http_requests_total{route=\"/s/{id}\",method=\"GET\",status=\"200\"} 1",
        "countersign_http_requests_total{route=\"other\",method=\"GET\",status=\"404\"} 1",
        "countersign_http_requests_total{route=\"/s/{id}/status\",method=\"other\",status=\"405\"} 1",
        "countersign_http_requests_total{route=\"/d/{id}/status\",method=\"POST\",status=\"404\"} 1",
        "countersign_http_request_seconds_count{route=\"/d/{id}/status\"} 1",
        "countersign_http_connections{address=\"admin\"} 1",
        "countersign_tls_handshakes_failed_total 0",
        "process_start_time_seconds 1800000000",
        "countersign_gauges_read 1",
    ] {
        assert!(text.contains(&format!("{line}\n")), "no {line} in\n{text}");
    }
    assert!(!text.to_lowercase().contains("canary"), "{text}");
    assert!(text.ends_with("# EOF\n") && text.matches("# EOF").count() == 1);
}

#[tokio::test]
async fn the_bots_own_numbers_are_read_when_they_are_asked_for() {
    let house = house().await;
    let states = [("waiting", 2.0), ("unknown", 1.0)];
    *house.rest.readings.lock().unwrap() = Some(vec![
        Reading::number("countersign_links_live", "Links that can still be opened", 3.0),
        Reading::by("countersign_operations", "Operations", "state", states),
    ]);
    let text = house.metrics().await;
    assert!(
        text.contains("# HELP countersign_links_live Links that can still be opened.\n"),
        "{text}"
    );
    assert!(text.contains("countersign_links_live 3.0\n"), "{text}");
    assert!(
        text.contains("countersign_operations{state=\"unknown\"} 1.0\n"),
        "{text}"
    );
    *house.rest.readings.lock().unwrap() = None;
    let text = house.metrics().await;
    assert!(text.contains("countersign_gauges_read 0\n") && !text.contains("countersign_links_live"));
    assert!(
        text.contains("process_start_time_seconds"),
        "the rest is served all the same"
    );
}

#[tokio::test]
async fn numbers_that_do_not_come_hold_up_nothing() {
    let mut settings = settings();
    settings.times.gauges = std::time::Duration::from_millis(50);
    let house = with(settings).await.unwrap();
    *house.rest.silent.lock().unwrap() = true;
    assert!(house.metrics().await.contains("countersign_gauges_read 0\n"));
}
