//! What is said to one person: to nobody but them, and not lost because they are not seen for a moment.

use countersign_core::message::Account;
use tokio::time::timeout;

use super::*;

const ACCOUNTS: &str = "account-notify account-tag extended-join";

fn to_alice(text: &str) -> Post {
    let alice = Account {
        network: "irc".into(),
        name: "alice".into(),
    };
    Post::to(Place::Direct(alice), Reply::line(text))
}

/// The bot's next connection, to a server that has accounts, where these people are in each room.
async fn welcome(stage: &mut Stage, people: &[&'static str]) -> Peer {
    let mut peer = stage.call().await;
    peer.caps = ACCOUNTS;
    peer.support = "WHOX";
    peer.people = people.to_vec();
    peer.until_in_rooms(stage).await;
    peer
}

#[tokio::test(start_paused = true)]
async fn a_post_from_before_a_cut_arrives_once_the_person_is_known_again() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let peer = welcome(&mut stage, &["a home alice alice"]).await;
    drop(peer);
    let sent = stage.sends(to_alice("your link"));
    let mut peer = welcome(&mut stage, &["a away alice_ alice"]).await;
    assert_eq!(
        peer.hears_post().await,
        ("alice_".to_owned(), "your link".to_owned())
    );
    let (sent, _) = tokio::join!(sent, timeout(Duration::from_secs(1), peer.hears()));
    assert_eq!(sent.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_post_to_somebody_who_is_away_for_a_moment_arrives_when_they_are_back() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = welcome(&mut stage, &["a home alice alice"]).await;
    assert!(timeout(Duration::from_secs(1), peer.hears()).await.is_err());
    peer.tells(":alice!a@home QUIT :Ping timeout").await;
    let sent = stage.brings(to_alice("your link")).await;
    assert!(timeout(Duration::from_secs(10), peer.hears()).await.is_err());
    peer.tells(":alice!m@evil JOIN #ops * :not her").await;
    peer.tells(":al!a@home JOIN #ops alice :real name").await;
    assert_eq!(peer.hears_post().await, ("al".to_owned(), "your link".to_owned()));
    let (sent, _) = tokio::join!(sent, timeout(Duration::from_secs(1), peer.hears()));
    assert_eq!(sent.unwrap(), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn a_post_to_somebody_who_stays_away_is_given_back_to_be_tried_again() {
    let mut stage = Stage::in_rooms(&["#ops"]);
    let mut peer = welcome(&mut stage, &[]).await;
    let began = Instant::now();
    let sent = stage.brings(to_alice("your link")).await;
    let (sent, _) = tokio::join!(sent, timeout(Duration::from_secs(40), peer.hears()));
    let error = sent.unwrap().unwrap_err();
    assert!(
        error.starts_with("irc cannot be reached: nobody is seen there"),
        "{error}"
    );
    assert!(began.elapsed() >= Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn a_nick_that_was_left_just_before_gives_back_what_was_said_to_its_account() {
    for (place, words) in [
        (to_alice("hi").place, "irc cannot be reached: No such nick"),
        (
            Place::Nick {
                network: "irc".into(),
                nick: "alice".to_owned(),
            },
            "irc refused the post: No such nick",
        ),
    ] {
        let mut stage = Stage::in_rooms(&["#ops"]);
        let mut peer = welcome(&mut stage, &["a home alice alice"]).await;
        peer.answers = false;
        let sent = stage.sends(Post::to(place, Reply::line("hi")));
        assert_eq!(peer.hears_post().await.0, "alice");
        peer.tells(":alice!a@home QUIT :bye").await;
        peer.tells(":irc.test 401 bot alice :No such nick").await;
        assert_eq!(sent.await.unwrap(), Err(words.to_owned()));
    }
}
