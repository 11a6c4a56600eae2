//! The promises.

use countersign_core::chat::Heard;
use countersign_core::message::{Assurance, Place};
use countersign_core::reply::{Block, Reply};
use futures_util::future::join_all;

use super::rig::{Cuttable, OTHER, PATIENCE, ROOM, Rig, Where, Who};

const HERE: Where = Where::Room(ROOM);
const THERE: Where = Where::Room(OTHER);

/// A message carries the account that the network proves, in rooms and alone.
pub(super) async fn identity(mut rig: impl Rig) {
    for place in [HERE, Where::Alone] {
        for (who, name) in [(Who::Alice, "alice"), (Who::Bob, "bob")] {
            rig.say(who, place, "!ping").await;
            let message = rig.message().await;
            assert_eq!(message.text, "!ping");
            let account = message.sender.account.expect("a proven account");
            assert_eq!(account.name.as_str(), name);
            assert_eq!(account.network, *rig.adapter().network());
            assert_eq!(message.sender.assurance, Assurance::Account);
            match place {
                Where::Room(_) => assert_eq!(message.place, rig.place(place)),
                Where::Alone => assert_eq!(message.place, Place::Direct(account)),
            }
        }
    }
}

/// Whoever proves nothing has no account, whatever they are called.
pub(super) async fn strangers(mut rig: impl Cuttable) {
    for place in [HERE, Where::Alone] {
        rig.say(Who::Stranger, place, "!ping").await;
        let message = rig.message().await;
        assert_eq!(message.sender.account, None);
        assert_eq!(message.sender.assurance, Assurance::Nick);
        assert!(!matches!(message.place, Place::Direct(_)), "{:?}", message.place);
    }
    rig.log_out(Who::Alice).await;
    rig.say(Who::Alice, HERE, "!ping").await;
    assert_eq!(rig.message().await.sender.account, None, "a proof that ended");
}

/// Two messages have two ids; the same message delivered twice has one.
pub(super) async fn ids(mut rig: impl Rig) {
    rig.say(Who::Alice, HERE, "!ping").await;
    rig.say(Who::Alice, HERE, "!ping").await;
    let (first, second) = (rig.message().await, rig.message().await);
    assert_ne!(first.id, second.id);
}

/// What a network delivers twice has the same id both times, so that it takes effect once.
pub(super) async fn deliveries(mut rig: impl Cuttable) {
    rig.echo().await;
    rig.say(Who::Alice, HERE, "!lock prod").await;
    let (first, second) = (rig.message().await, rig.message().await);
    assert_eq!(first, second);
}

/// What is said first is heard first, and what the bot says first is read first: by room.
pub(super) async fn order(mut rig: impl Rig) {
    for n in 0..20 {
        rig.say(Who::Alice, HERE, &format!("!say {n}")).await;
    }
    for n in 0..20 {
        assert_eq!(rig.message().await.text, format!("!say {n}"));
    }
    let posts: Vec<_> = (0..40)
        .map(|n| {
            let place = if n % 2 == 0 { HERE } else { THERE };
            rig.post(place, Reply::line(format!("line {n}")))
        })
        .collect();
    for sent in join_all(posts.iter().map(|post| rig.adapter().send(post))).await {
        sent.unwrap();
    }
    for n in 0..40 {
        let place = if n % 2 == 0 { HERE } else { THERE };
        assert_eq!(rig.line(place).await, format!("line {n}"));
    }
}

/// Lines of any length arrive whole, cut between words, and with every letter.
pub(super) async fn splitting(mut rig: impl Rig) {
    let words = ["naïve", "façade", "日本語", "🦀🦀", "e\u{301}tude", "x"];
    let text: Vec<&str> = (0..400).map(|n| words[n % words.len()]).collect();
    let text = text.join(" ");
    let solid = "ñ".repeat(700);
    for long in [text, solid] {
        rig.adapter()
            .send(&rig.post(HERE, Reply::line(long.clone()).and("the end")))
            .await
            .unwrap();
        let mut pieces = Vec::new();
        loop {
            let line = rig.line(HERE).await;
            if line == "the end" {
                break;
            }
            if let Some(most) = rig.adapter().capabilities().line_bytes {
                assert!(line.len() < most, "{} bytes", line.len());
            }
            pieces.push(line);
        }
        let same = |text: &str| text.split_whitespace().collect::<String>();
        assert_eq!(same(&pieces.join(" ")), same(&long));
    }
}

/// Two hundred lines arrive, all of them, and nobody else waits for their end.
pub(super) async fn long_output(mut rig: impl Rig) {
    let lines: Vec<String> = (0..200).map(|n| format!("line {n} of a long answer")).collect();
    let long = rig.post(HERE, Reply::default().block(Block::Verbatim(lines.join("\n"))));
    let short = rig.post(THERE, Reply::line("pong"));
    let (long, short) = tokio::join!(rig.adapter().send(&long), rig.adapter().send(&short));
    long.unwrap();
    short.unwrap();
    assert_eq!(rig.line(THERE).await, "pong");
    for line in lines {
        assert_eq!(rig.line(HERE).await, line);
    }
}

/// No text makes a line of its own, or a command to the network.
pub(super) async fn injection(mut rig: impl Rig) {
    let evil = "first\r\nQUIT :bye\r\nPRIVMSG #ops :forged\0\u{1}VERSION\u{1}";
    for reply in [
        Reply::line(evil),
        Reply::default().block(Block::Verbatim(evil.into())),
    ] {
        rig.adapter()
            .send(&rig.post(HERE, reply.and("the end")))
            .await
            .unwrap();
        loop {
            let line = rig.line(HERE).await;
            if line == "the end" {
                break;
            }
            assert!(!line.contains(['\r', '\n', '\0', '\u{1}']), "{line:?}");
        }
    }
    rig.adapter()
        .send(&rig.post(THERE, Reply::line("still here")))
        .await
        .unwrap();
    assert_eq!(rig.line(THERE).await, "still here");
}

/// A direct message reaches the account, and nobody reads it in a room.
pub(super) async fn direct(mut rig: impl Rig) {
    // Somebody whom the network shows nowhere is known from what they said.
    rig.say(Who::Alice, Where::Alone, "!ping").await;
    rig.message().await;
    rig.adapter()
        .send(&rig.post(Where::Alone, Reply::line("for alice alone")))
        .await
        .unwrap();
    assert_eq!(rig.line(Where::Alone).await, "for alice alone");
}

/// After a cut everything goes on by itself: what was to be said is said, and what is said is heard.
pub(super) async fn reconnects(mut rig: impl Cuttable) {
    for round in 0..3 {
        rig.cut().await;
        let post = rig.post(HERE, Reply::line(format!("round {round}")));
        rig.adapter().send(&post).await.unwrap();
        assert_eq!(rig.line(HERE).await, format!("round {round}"));
        tokio::time::timeout(PATIENCE, async {
            while !matches!(rig.next().await, Heard::Ready(_)) {}
        })
        .await
        .expect("the bot does not say that it is back");
        assert!(rig.adapter().is_ready());
        rig.say(Who::Alice, HERE, "!ping").await;
        let message = rig.message().await;
        assert_eq!(message.text, "!ping");
        assert_eq!(
            message.sender.assurance,
            Assurance::Account,
            "known again after a reconnect"
        );
    }
}

/// The bot hears neither itself nor other programs.
pub(super) async fn bots(mut rig: impl Cuttable) {
    rig.adapter()
        .send(&rig.post(HERE, Reply::line("!ping")))
        .await
        .unwrap();
    assert_eq!(rig.line(HERE).await, "!ping");
    rig.bots_say("!ping").await;
    rig.say(Who::Bob, HERE, "!deployed").await;
    assert_eq!(rig.message().await.text, "!deployed");
}

/// Chatter that waits does not hold up an answer elsewhere.
pub(super) async fn urgency(mut rig: impl Rig) {
    let chatter = rig.chatter(
        HERE,
        Reply::default().block(Block::Verbatim("progress\n".repeat(40))),
    );
    let answer = rig.post(THERE, Reply::line("pong"));
    let (chatter, answer) = tokio::join!(rig.adapter().send(&chatter), rig.adapter().send(&answer));
    chatter.unwrap();
    answer.unwrap();
    assert_eq!(rig.line(THERE).await, "pong");
    for _ in 0..40 {
        assert_eq!(rig.line(HERE).await, "progress");
    }
}
