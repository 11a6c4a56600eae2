//! What the bot hears, whatever bytes the server sends and however busy the bot is.

use tokio::time::timeout;

use super::*;

#[tokio::test(start_paused = true)]
async fn any_bytes_are_survived() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    peer.tells_bytes(b":alice!a@h PRIVMSG #ops :caf\xe9\r\n").await;
    assert_eq!(stage.hears_words().await, "caf\u{fffd}");
    let long = "x".repeat(2_000_000);
    for bytes in [
        ":alice!a@h PRIVMSG #ops :",
        &long,
        "\r\n\0\r\n \r\n:\r\n:alice!a@h PRIVMSG #ops :after\r\n",
    ] {
        peer.tells_bytes(bytes.as_bytes()).await;
    }
    assert_eq!(stage.hears_words().await, "after");
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_is_busy_answers_pings_and_hears_everything_in_order_later() {
    let pace = Pace {
        burst: 1_000,
        every: Duration::from_millis(1),
    };
    let mut stage = Stage::with(settings(&["#ops"], pace), Patience::default(), 2);
    let mut peer = stage.welcome().await;
    for number in 0..500 {
        peer.tells(&format!(":alice!a@h PRIVMSG #ops :{number}")).await;
    }
    peer.tells("PING :are you there").await;
    assert_eq!(peer.hears().await.unwrap(), "PONG :are you there");
    for number in 0..500 {
        assert_eq!(stage.hears_words().await, number.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_hears_nothing_for_long_stops_reading_and_shows_that_it_is_there() {
    let mut stage = Stage::with(settings(&["#ops"], Pace::default()), Patience::default(), 1);
    let mut peer = stage.welcome().await;
    let mut told = 0;
    let line = |number| format!(":alice!a@h PRIVMSG #ops :{number}");
    while timeout(Duration::from_secs(1), peer.tells(&line(told)))
        .await
        .is_ok()
    {
        told += 1;
        assert!(told < 100_000, "what waits is bounded");
    }
    for _ in 0..5 {
        let sign = timeout(Duration::from_secs(31), peer.hears()).await;
        assert!(sign.unwrap().unwrap().starts_with("PONG"));
    }
    for number in 0..told {
        assert_eq!(stage.hears_words().await, number.to_string());
    }
    assert!(stage.peers.try_recv().is_err(), "the same connection");
}
