//! Posts when connections end: what was not confirmed is said again, the rest is not.

use tokio::time::{sleep, timeout};

use super::*;

#[tokio::test(start_paused = true)]
async fn a_post_from_before_the_first_connection_is_said_on_it() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let sent = stage.sends(post("#ops", &["early"]));
    let mut peer = stage.call().await;
    assert_eq!(peer.hears_posts(1).await, ["early"]);
    let (sent, _) = tokio::join!(sent, timeout(Duration::from_secs(1), peer.hears()));
    assert_eq!(sent.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn what_was_not_said_is_said_after_the_reconnect() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    drop(stage.welcome().await);
    let sent = stage.sends(post("#ops", &["one", "two"]));
    let mut peer = stage.call().await;
    assert_eq!(peer.hears_posts(2).await, ["one", "two"]);
    let (sent, _) = tokio::join!(sent, timeout(Duration::from_secs(1), peer.hears()));
    assert_eq!(sent.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_cut_in_the_middle_repeats_only_what_was_not_confirmed() {
    let pace = Pace {
        burst: 1,
        every: Duration::from_secs(3),
    };
    let mut stage = Stage::paced(&["#ops"], pace);
    let mut peer = stage.welcome().await;
    let first = stage.brings(post("#ops", &["confirmed"])).await;
    assert_eq!(peer.hears_posts(1).await, ["confirmed"]);
    let (first, _) = tokio::join!(first, timeout(Duration::from_secs(2), peer.hears()));
    assert_eq!(first.unwrap(), Ok(()));

    let second = stage.brings(post("#ops", &["a", "b", "c", "d"])).await;
    let third = stage.brings(post("#ops", &["e"])).await;
    // The driver asks after the first lines of a long post only from time to time: none of these is confirmed.
    peer.answers = false;
    assert_eq!(peer.hears_posts(2).await, ["a", "b"]);
    drop(peer);
    let mut peer = stage.call().await;
    assert_eq!(peer.hears_posts(5).await, ["a", "b", "c", "d", "e"]);
    let (done, _) = tokio::join!(
        async { (second.await.unwrap(), third.await.unwrap()) },
        timeout(Duration::from_mins(1), peer.hears())
    );
    assert_eq!(done, (Ok(()), Ok(())));
}

#[tokio::test(start_paused = true)]
async fn confirmed_lines_of_a_post_that_was_cut_are_not_repeated() {
    let mut stage = Stage::paced(
        &["#ops"],
        Pace {
            burst: 60,
            every: Duration::from_secs(10),
        },
    );
    let mut peer = stage.welcome().await;
    assert!(timeout(Duration::from_mins(30), peer.hears()).await.is_err());
    let lines: Vec<String> = (0..70).map(|line| line.to_string()).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let sent = stage.sends(post("#ops", &lines));
    assert_eq!(peer.hears_posts(60).await, lines[..60]);
    // So many lines are asked about although the post is not over; the answer is on its way before the cut.
    assert!(timeout(Duration::from_secs(1), peer.hears()).await.is_err());
    drop(peer);
    let mut peer = stage.call().await;
    let mut again = vec![peer.hears_post().await.1];
    while again.last().is_some_and(|line| line != "69") {
        again.push(peer.hears_post().await.1);
    }
    // The last lines before the cut may have come after the question.
    assert!((10..=20).contains(&again.len()), "{again:?}");
    assert_eq!(again, lines[lines.len() - again.len()..]);
    let (sent, _) = tokio::join!(sent, timeout(Duration::from_mins(10), peer.hears()));
    assert_eq!(sent.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn whole_posts_that_were_not_confirmed_are_repeated_in_their_order() {
    let mut stage = Stage::in_rooms(&["#ops", "#dev"]);
    let mut peer = stage.welcome().await;
    peer.answers = false;
    let mut sent = Vec::new();
    for (room, text) in [("#ops", "1"), ("#dev", "2"), ("#ops", "3"), ("#ops", "4")] {
        sent.push(stage.brings(post(room, &[text])).await);
    }
    peer.hears_posts(4).await;
    sent.push(stage.brings(urgent("#ops", &["5"], Urgency::Result)).await);
    drop(peer);
    let mut peer = stage.call().await;
    let mut ops = Vec::new();
    for _ in 0..5 {
        let (room, text) = peer.hears_post().await;
        ops.extend((room == "#ops").then_some(text));
    }
    assert_eq!(ops, ["1", "3", "4", "5"]);
    let all = async {
        for sent in sent {
            assert_eq!(sent.await.unwrap(), Ok(()));
        }
    };
    tokio::join!(all, async {
        drop(timeout(Duration::from_secs(5), peer.hears()).await);
    });
}

#[tokio::test(start_paused = true)]
async fn a_post_is_given_back_when_the_network_stays_away() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    peer.answers = false;
    let said = stage.brings(post("#ops", &["said, not confirmed"])).await;
    peer.hears_posts(1).await;
    stage.refused.store(true, Ordering::Relaxed);
    drop(peer);
    sleep(Duration::from_secs(20)).await;
    let cut = Instant::now();
    let later = stage.brings(post("#ops", &["not said"])).await;
    let error = said.await.unwrap().unwrap_err();
    assert!(
        error.starts_with("irc cannot be reached: 127.0.0.1 port 6667"),
        "{error}"
    );
    assert!(cut.elapsed() < Duration::from_secs(11), "{:?}", cut.elapsed());
    assert!(!later.is_finished(), "it waits as long as the first one did");
    later.await.unwrap().unwrap_err();
    assert!(cut.elapsed() >= Duration::from_secs(30));

    stage.refused.store(false, Ordering::Relaxed);
    let mut peer = stage.welcome().await;
    assert!(
        timeout(Duration::from_secs(5), peer.hears()).await.is_err(),
        "given back is not said"
    );
}

#[tokio::test(start_paused = true)]
async fn a_post_to_a_room_that_the_bot_is_not_in_waits_and_holds_up_nobody() {
    let mut stage = Stage::in_rooms(&["#ops", "#dev"]);
    let mut peer = stage.welcome().await;
    peer.shut.push("#dev".to_owned());
    peer.tells(":alice!a@h KICK #dev bot :out").await;
    let elsewhere = stage.brings(post("#dev", &["a"])).await;
    let here = stage.brings(post("#ops", &["b"])).await;
    assert_eq!(peer.hears_posts(1).await, ["b"]);
    let (here, _) = tokio::join!(here, timeout(Duration::from_secs(1), peer.hears()));
    assert_eq!(here.unwrap(), Ok(()));
    assert!(!elsewhere.is_finished());
    peer.shut.clear();
    assert_eq!(peer.hears_posts(1).await, ["a"], "when it is let in again");

    peer.shut.push("#dev".to_owned());
    peer.tells(":alice!a@h KICK #dev bot :out").await;
    let never = stage.brings(post("#dev", &["c"])).await;
    let began = Instant::now();
    let (never, _) = tokio::join!(never, timeout(Duration::from_secs(40), peer.hears()));
    let error = never.unwrap().unwrap_err();
    assert!(error.starts_with("irc cannot be reached: "), "{error}");
    assert!(
        began.elapsed() >= Duration::from_secs(29),
        "{:?}",
        began.elapsed()
    );
}
