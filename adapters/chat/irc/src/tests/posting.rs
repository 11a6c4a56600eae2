//! What the bot says: split, paced, in turns, by urgency, and confirmed.

use countersign_core::chat::{Adapter as _, SendError};
use countersign_core::reply::{Addressee, Line, Reply};
use tokio::time::{sleep, timeout};

use super::*;

const SLOW: Pace = Pace {
    burst: 4,
    every: Duration::from_secs(1),
};

#[tokio::test(start_paused = true)]
async fn a_post_is_over_when_the_network_has_it() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    peer.answers = false;
    let sent = stage.sends(post("#ops", &["one", "two"]));
    assert_eq!(peer.hears_posts(2).await, ["one", "two"]);
    assert!(timeout(Duration::from_secs(5), peer.hears()).await.is_err());
    assert_eq!(peer.asked.len(), 1, "one question for both lines");
    assert!(!sent.is_finished(), "not confirmed");
    let asked = peer.asked.remove(0);
    peer.answers(&asked).await;
    assert_eq!(sent.await.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn an_answer_speaks_to_somebody_and_shows_addresses() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    let line = Line::new("see ")
        .link("the release", "https://example.org/1")
        .foreign(" \u{3}04red\u{2}");
    let mut post = Post::to(place("#ops"), Reply::line(line).and("").and("  indented"));
    post.to = Some(Addressee {
        name: "alice".to_owned(),
        account: None,
    });
    let sent = stage.sends(post);
    assert_eq!(
        peer.hears_posts(2).await,
        [
            "alice: see https://example.org/1 <U+0003>04red<U+0002>",
            "  indented"
        ]
    );
    let (_, ()) = tokio::join!(sent, async {
        timeout(Duration::from_secs(1), peer.hears()).await.unwrap_err();
    });
}

#[tokio::test(start_paused = true)]
async fn a_post_that_says_nothing_is_over_at_once() {
    let stage = Stage::in_rooms(&["#ops"]);
    assert_eq!(stage.sends(post("#ops", &["", " "])).await.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_long_line_is_said_in_several_and_none_is_too_long() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    let words: Vec<String> = (0..300).map(|number| format!("wörd{number}")).collect();
    let text = words.join(" ");
    let sent = stage.sends(post("#ops", &[&text]));
    let mut said = String::new();
    while said.len() < text.len() {
        let line = peer.hears().await.unwrap();
        // As others get it: with who said it in front and CR LF behind.
        assert!(format!(":bot!bot@127.0.0.1 {line}\r\n").len() <= 512, "{line}");
        said.push_str(line.strip_prefix("PRIVMSG #ops :").unwrap());
    }
    assert_eq!(said, text);
    drop(peer);
    drop(sent);
}

#[tokio::test(start_paused = true)]
async fn lines_are_said_as_fast_as_the_network_allows() {
    let mut stage = Stage::paced(&["#ops"], SLOW);
    let mut peer = stage.welcome().await;
    sleep(Duration::from_secs(50)).await;
    let lines: Vec<String> = (0..200).map(|line| line.to_string()).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let began = Instant::now();
    let sent = stage.sends(post("#ops", &lines));
    let mut at = Vec::new();
    for line in &lines {
        assert_eq!(peer.hears_post().await.1, *line);
        at.push(began.elapsed());
    }
    assert!(at[3] < Duration::from_millis(100), "a few at once: {at:?}");
    for lines in [4, 20, 100] {
        for (first, later) in at.iter().zip(&at[lines as usize..]) {
            let least = SLOW.every * (lines + 1 - SLOW.burst);
            let window = later.saturating_sub(*first);
            assert!(window >= least, "{} lines within {window:?}", lines + 1);
        }
    }
    assert!(at[199] < Duration::from_secs(220), "{:?}", at[199]);
    let (sent, _) = tokio::join!(sent, timeout(Duration::from_mins(1), peer.hears()));
    assert_eq!(sent.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_long_answer_in_one_room_does_not_hold_up_another_room() {
    let mut stage = Stage::paced(&["#ops", "#dev"], SLOW);
    let mut peer = stage.welcome().await;
    let lines = ["long"; 200];
    let _long = stage.brings(post("#ops", &lines)).await;
    peer.hears_posts(10).await;
    let _short = stage.brings(post("#dev", &["one", "two"])).await;
    let mut rooms = Vec::new();
    for _ in 0..5 {
        rooms.push(peer.hears_post().await.0);
    }
    let dev = rooms.iter().filter(|room| *room == "#dev").count();
    assert_eq!(dev, 2, "{rooms:?}");
}

#[tokio::test(start_paused = true)]
async fn results_overtake_chatter_but_no_post_is_torn_apart() {
    let mut stage = Stage::paced(&["#ops"], SLOW);
    let mut peer = stage.welcome().await;
    let begun = ["chatter 1"; 12];
    let _a = stage.brings(urgent("#ops", &begun, Urgency::Chatter)).await;
    let _b = stage
        .brings(urgent("#ops", &["chatter 2"], Urgency::Chatter))
        .await;
    let _c = stage.brings(urgent("#ops", &["answer"], Urgency::Normal)).await;
    let _d = stage
        .brings(urgent("#ops", &["done", "really"], Urgency::Result))
        .await;
    let mut said = peer.hears_posts(16).await;
    said.dedup();
    assert_eq!(said, ["chatter 1", "done", "really", "answer", "chatter 2"]);
}

#[tokio::test(start_paused = true)]
async fn what_the_server_refuses_is_refused() {
    let mut stage = Stage::in_rooms(&["#ops", "#dev"]);
    let mut peer = stage.welcome().await;
    peer.answers = false;
    let refused = stage.brings(post("#ops", &["one", "two"])).await;
    let fine = stage.brings(post("#dev", &["three"])).await;
    peer.hears_posts(3).await;
    peer.tells(":irc.test 404 bot #ops :Cannot send to channel (+m)")
        .await;
    let error = refused.await.unwrap().unwrap_err();
    assert!(error.starts_with("irc "), "{error}");
    assert!(!fine.is_finished());
    // The first question was asked when only the first post was said.
    peer.answers = true;
    for asked in std::mem::take(&mut peer.asked) {
        peer.answers(&asked).await;
    }
    let (fine, _) = tokio::join!(fine, timeout(Duration::from_secs(5), peer.hears()));
    assert_eq!(fine.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn too_much_is_not_taken_except_results() {
    let mut stage = Stage::paced(&["#ops"], SLOW);
    let _peer = stage.welcome().await;
    let lines = vec!["x"; 2_000];
    let _much = stage.brings(post("#ops", &lines)).await;
    let error = stage.irc.send(&post("#ops", &["more"])).await.unwrap_err();
    assert!(
        matches!(&error, SendError::Slow { wait, .. } if *wait >= Duration::from_secs(10)),
        "{error:?}"
    );
    let result = stage.brings(urgent("#ops", &["done"], Urgency::Result)).await;
    assert!(!result.is_finished(), "taken");
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_wait_any_more_wedges_nothing() {
    let mut stage = Stage::paced(&["#ops"], SLOW);
    let mut peer = stage.welcome().await;
    sleep(Duration::from_secs(50)).await;
    let begun = stage.brings(post("#ops", &["a"; 6])).await;
    let waiting = stage.brings(post("#ops", &["b"; 6])).await;
    let last = stage.brings(post("#ops", &["c"])).await;
    begun.abort();
    waiting.abort();
    assert_eq!(
        peer.hears_posts(7).await.concat(),
        "aaaaaac",
        "what nobody has read yet is not said"
    );
    let (last, _) = tokio::join!(last, timeout(Duration::from_mins(1), peer.hears()));
    assert_eq!(last.unwrap(), Ok(()));
    assert_eq!(stage.irc.load(), 0, "nothing waits");
}

#[tokio::test(start_paused = true)]
async fn a_room_that_never_answers_holds_up_no_other() {
    let mut stage = Stage::in_rooms(&["#a", "#b"]);
    let mut peer = stage.call().await;
    peer.mute = vec!["#b".to_owned()];
    let began = Instant::now();
    let there = stage.sends(post("#a", &["at once"]));
    let nowhere = stage.sends(post("#b", &["never"]));
    assert_eq!(peer.hears_posts(1).await, ["at once"]);
    let (there, _) = tokio::join!(there, timeout(Duration::from_secs(1), peer.hears()));
    assert_eq!(there.unwrap(), Ok(()));
    assert!(began.elapsed() <= Duration::from_secs(1), "{:?}", began.elapsed());

    peer.until_in_rooms(&mut stage).await;
    assert!(
        began.elapsed() <= Duration::from_secs(11),
        "{:?}",
        began.elapsed()
    );
    let (nowhere, _) = tokio::join!(nowhere, timeout(Duration::from_secs(30), peer.hears()));
    let error = nowhere.unwrap().unwrap_err();
    assert!(error.contains("the bot is not in #b yet"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_the_server_throws_away_is_not_taken_for_delivered() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = stage.welcome().await;
    peer.answers = false;
    let thrown_away = stage.brings(post("#ops", &["one", "two"])).await;
    let delivered = stage.brings(post("#ops", &["three"])).await;
    assert_eq!(peer.hears_posts(3).await, ["one", "two", "three"]);
    for _ in 0..2 {
        peer.tells(":irc.test 417 bot :Input line was too long").await;
    }
    assert_eq!(
        thrown_away.await.unwrap(),
        Err("irc refused the post: Input line was too long".to_owned())
    );
    peer.answers = true;
    for asked in std::mem::take(&mut peer.asked) {
        peer.answers(&asked).await;
    }
    let (delivered, _) = tokio::join!(delivered, timeout(Duration::from_secs(5), peer.hears()));
    assert_eq!(delivered.unwrap(), Ok(()));
}
