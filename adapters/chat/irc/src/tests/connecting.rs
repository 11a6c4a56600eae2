//! Connections: made, kept, lost, made again, and left.

use countersign_core::chat::{Adapter as _, SendError};
use tokio::time::{sleep, timeout};

use super::*;

#[tokio::test(start_paused = true)]
async fn it_is_ready_when_it_is_in_its_rooms() {
    let mut stage = Stage::in_rooms(&["#ops", "#dev"]);
    assert!(!stage.irc.is_ready());
    let mut peer = stage.welcome().await;
    assert!(stage.irc.is_ready());
    drop(peer.writer);
    while stage.irc.is_ready() {
        sleep(Duration::from_millis(1)).await;
    }
    peer = stage.welcome().await;
    assert!(stage.irc.is_ready(), "again");
    drop(peer);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_closes_at_once_is_asked_less_and_less_often() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    drop(stage.call().await);
    let mut pauses = Vec::new();
    for _ in 0..12 {
        let lost = Instant::now();
        drop(stage.call().await);
        pauses.push(lost.elapsed().as_secs_f64());
    }
    let mut whole = 1.0;
    for pause in &pauses {
        assert!((whole * 0.5..=whole + 0.1).contains(pause), "{pauses:?}");
        whole = (whole * 2.0).min(300.0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_lasted_makes_the_next_pause_short_one_that_did_not_does_not() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    for _ in 0..6 {
        drop(stage.welcome().await);
    }
    let lost = Instant::now();
    let mut peer = stage.welcome().await;
    assert!(lost.elapsed() > Duration::from_secs(15), "{:?}", lost.elapsed());
    assert!(timeout(Duration::from_mins(2), peer.hears()).await.is_err());
    drop(peer);
    let lost = Instant::now();
    stage.call().await;
    assert!(lost.elapsed() <= Duration::from_secs(1), "{:?}", lost.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_found_out() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    peer.answers = false;
    let began = Instant::now();
    peer.hears_the_end().await;
    let passed = began.elapsed().as_secs();
    assert!((89..=92).contains(&passed), "{passed} s");
    assert_eq!(peer.asked.len(), 1);
    stage.welcome().await;
}

#[tokio::test(start_paused = true)]
async fn a_server_that_answers_is_kept() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    assert!(timeout(Duration::from_hours(2), peer.hears()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_lets_it_in_is_given_up() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.call().await;
    let began = Instant::now();
    while peer.line().await.is_some() {}
    assert!(
        (59..=62).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
    stage.call().await;
}

#[tokio::test(start_paused = true)]
async fn people_are_told_once_that_it_is_away() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let peer = stage.welcome().await;
    stage.refused.store(true, Ordering::Relaxed);
    drop(peer);
    let lost = Instant::now();
    let Heard::Trouble { network, words } = stage.hears().await else {
        panic!("trouble first");
    };
    assert_eq!(lost.elapsed().as_secs(), 120);
    assert_eq!(network, "irc".into());
    assert_eq!(
        words,
        "irc cannot be reached for 2 min: 127.0.0.1 port 6667 cannot be connected to: connection refused. I keep trying."
    );
    assert!(
        timeout(Duration::from_hours(2), stage.hears()).await.is_err(),
        "once"
    );
    stage.refused.store(false, Ordering::Relaxed);
    stage.welcome().await;
}

#[tokio::test(start_paused = true)]
async fn rooms_are_joined_as_they_are_named_and_remembered() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    stage.irc.be_in(vec![room_settings("#dev")]);
    let sent = stage.sends(post("#dev", &["here"]));
    assert_eq!(peer.hears_post().await.0, "#dev");
    drop(peer);
    let mut peer = stage.call().await;
    assert_eq!(
        peer.hears_post().await.0,
        "#dev",
        "said again, in a room that the settings do not have"
    );
    drop(sent);
}

#[tokio::test(start_paused = true)]
async fn it_says_what_waits_before_it_leaves() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    let sent = stage.brings(post("#ops", &["last words"])).await;
    let irc = Arc::clone(&stage.irc);
    let stopped = tokio::spawn(async move { irc.stop("back\r\nsoon").await });
    assert_eq!(peer.hears().await.unwrap(), "PRIVMSG #ops :last words");
    assert_eq!(peer.hears().await.unwrap(), "QUIT :back  soon");
    assert_eq!(sent.await.unwrap(), Ok(()));
    drop(peer);
    stopped.await.unwrap();
    assert!(!stage.irc.is_ready());
    let error = stage.irc.send(&post("#ops", &["more"])).await.unwrap_err();
    assert!(matches!(error, SendError::Away { .. }), "{error:?}");
    stage.irc.stop("again").await;
    assert!(stage.peers.recv().await.is_none(), "it does not come back");
}

#[tokio::test(start_paused = true)]
async fn it_leaves_in_time_although_much_waits_and_nobody_says_good_bye() {
    let pace = Pace {
        burst: 1,
        every: Duration::from_secs(1),
    };
    let mut stage = Stage::paced(&["#ops"], pace);
    let mut peer = stage.welcome().await;
    let much = stage.brings(post("#ops", &["x"; 100])).await;
    let irc = Arc::clone(&stage.irc);
    let began = Instant::now();
    let stopped = tokio::spawn(async move { irc.stop("bye").await });
    peer.hears_the_end().await;
    stopped.await.unwrap();
    assert!(
        (6..=8).contains(&began.elapsed().as_secs()),
        "{:?}",
        began.elapsed()
    );
    much.await.unwrap().unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn it_stops_at_once_when_it_is_not_connected() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    drop(stage.call().await);
    let waiting = stage.brings(post("#ops", &["never"])).await;
    let began = Instant::now();
    stage.irc.stop("bye").await;
    assert!(began.elapsed() < Duration::from_secs(1));
    waiting.await.unwrap().unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn it_ends_when_nobody_has_it_any_more() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    drop(stage);
    peer.hears_the_end().await;
}

#[tokio::test(start_paused = true)]
async fn the_same_trouble_is_told_once_however_often_the_bot_reconnects() {
    let mut stage = Stage::in_rooms(&["#ops", "#dev"]);
    for round in 0..4 {
        let mut peer = stage.call().await;
        peer.shut = vec!["#dev".to_owned()];
        let mut troubles = Vec::new();
        loop {
            tokio::select! {
                heard = stage.heard.recv() => match heard.expect("the network lives") {
                    Heard::Trouble { words, .. } => troubles.push(words),
                    // What the bot heard by now is in the channel: this comes after it.
                    Heard::Ready(_) => peer.tells(":alice!a@h PRIVMSG #ops :and now").await,
                    Heard::Message(_) => break,
                },
                line = peer.hears() => assert!(line.is_some(), "the bot stays"),
            }
        }
        if round == 0 {
            assert_eq!(troubles.len(), 1, "{troubles:?}");
            assert!(troubles[0].contains("#dev"), "{troubles:?}");
        } else {
            assert!(troubles.is_empty(), "{troubles:?}");
        }
        drop(peer);
    }
}

/// The troubles that are told while the server only answers.
async fn troubles(stage: &mut Stage, peer: &mut Peer, time: Duration) -> Vec<String> {
    drop(timeout(time, peer.hears()).await);
    let mut troubles = Vec::new();
    while let Ok(heard) = stage.heard.try_recv() {
        if let Heard::Trouble { words, .. } = heard {
            troubles.push(words);
        }
    }
    troubles
}

#[tokio::test(start_paused = true)]
async fn a_trouble_that_got_well_and_comes_again_is_told_again() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    for _ in 0..2 {
        peer.tells(":carol!c@h KICK #ops bot :out").await;
        let told = troubles(&mut stage, &mut peer, Duration::from_mins(6)).await;
        assert_eq!(
            told,
            [
                "#ops on irc: carol kicked the bot (\"out\"); I try again in 5 s.",
                "#ops on irc: the bot is back."
            ]
        );
    }
    for _ in 0..2 {
        stage.refused.store(true, Ordering::Relaxed);
        drop(peer);
        let Heard::Trouble { words, .. } = stage.hears().await else {
            panic!("it is told");
        };
        assert!(words.starts_with("irc cannot be reached for 2 min"), "{words}");
        stage.refused.store(false, Ordering::Relaxed);
        peer = stage.welcome().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_password_is_told_once_however_often_the_bot_reconnects() {
    let with_password = Settings {
        login: Login::Password {
            account: "bot".to_owned(),
            password: "wrong".into(),
        },
        ..settings(&["#ops"], Pace::default())
    };
    let mut stage = Stage::with(with_password, Patience::default(), 1_000);
    let mut told = Vec::new();
    for _ in 0..3 {
        let mut peer = stage.call().await;
        peer.caps = "sasl=PLAIN";
        told.extend(troubles(&mut stage, &mut peer, Duration::from_mins(2)).await);
    }
    assert_eq!(told.len(), 1, "{told:?}");
}
