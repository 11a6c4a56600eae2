//! What is stored today must be readable tomorrow: a snapshot of every stored shape. A change here is a change of
//! format; it needs a default for what is new, or a migration.

use countersign_core::access;
use countersign_core::approval;
use countersign_core::audit::Event;
use countersign_core::message::{Kind, Place};
use countersign_core::operation::{self, Happening};
use countersign_core::reply::{Addressee, Attachment, Block, Button, Line, Post, Reply, Tone, Urgency};
use countersign_core::time::Duration;
use insta::assert_json_snapshot;
use serde_json::json;

use super::sample::{account, at, entry, hold, lock, operation, place, received, record, request};

#[test]
fn requests() {
    use approval::State;
    let (operation, by) = (|| "7F3K".into(), || "bob".into());
    let states = [
        State::Pending,
        State::Approved { until: at(600) },
        State::Executing {
            operation: operation(),
        },
        State::Succeeded {
            operation: operation(),
        },
        State::Failed {
            operation: operation(),
        },
        State::Unknown {
            operation: operation(),
        },
        State::Denied {
            by: by(),
            reason: "not today".into(),
        },
        State::Revoked {
            by: by(),
            reason: "not today".into(),
        },
        State::Expired,
        State::Cancelled { by: by() },
        State::Superseded {
            why: "prod went from v813 to v814".into(),
        },
    ];
    assert_json_snapshot!("request", request("R-0001"));
    assert_json_snapshot!("request_states", states);
}

#[test]
fn operations() {
    use operation::State;
    let words = || "v813 live on 14 dynos".into();
    let states = [
        State::Running,
        State::Unknown {
            step: "move".into(),
            saw: "the branch is elsewhere".into(),
        },
        State::Succeeded { words: words() },
        State::Failed { words: words() },
        State::Cancelled {
            by: "alice".into(),
            words: words(),
        },
        State::Abandoned { by: "alice".into() },
    ];
    let happenings = [
        Happening::Began,
        Happening::Succeeded(json!({"release": "v813"})),
        Happening::Failed("503".into()),
        Happening::Reconciled("it happened".into()),
        Happening::Retried,
        Happening::Skipped,
    ];
    assert_json_snapshot!("operation", operation("7F3K", "prod"));
    assert_json_snapshot!("operation_states", states);
    assert_json_snapshot!("journal", happenings.map(|happening| entry("7F3K", happening)));
}

#[test]
fn posts() {
    let line = Line::new("plain ")
        .strong("strong ")
        .code("!approve R-0001 ")
        .foreign("<b>strangers</b> ")
        .link("words", "https://example.org/")
        .mention("alice", Some(account("alice")));
    let mut reply = Reply::line(line)
        .detail("code", "8d07be4 → 3f2a91c")
        .block(Block::Table {
            head: vec!["app".into()],
            rows: vec![vec![Line::new("prod")]],
        })
        .block(Block::Verbatim("$ ls".into()))
        .block(Block::Progress {
            done: 2,
            of: 5,
            elapsed: Duration::from_millis(61_500),
        })
        .button(Button {
            label: "Sign".into(),
            command: "approve R-0001".into(),
            ask: None,
            safe: false,
        })
        .toned(Tone::Waiting)
        .privately();
    reply.attachment = Some(Attachment {
        name: "log.txt".into(),
        text: "a line".into(),
    });
    let post = Post {
        place: Place::Direct(account("alice")),
        to: Some(Addressee {
            name: "alice".into(),
            account: Some(account("alice")),
        }),
        reply,
        thread: Some("m-1".into()),
        replaces: Some("post-7".into()),
        urgency: Urgency::Result,
    };
    assert_json_snapshot!("post", post);
    assert_json_snapshot!("tones", [Tone::Neutral, Tone::Good, Tone::Bad, Tone::Waiting]);
    assert_json_snapshot!("urgencies", [Urgency::Chatter, Urgency::Normal, Urgency::Result]);
}

#[test]
fn locks_holds_and_messages() {
    assert_json_snapshot!("lock", lock("prod", "alice", 0, Some(60)));
    assert_json_snapshot!("hold", hold("prod", "v811"));
    assert_json_snapshot!("received", received("irc", "m-1", 0));
    let kinds = [
        Kind::Said,
        Kind::Edit { of: "m-0".into() },
        Kind::Pressed,
        Kind::Replayed,
    ];
    assert_json_snapshot!("message_kinds", kinds);
}

#[test]
fn accesses() {
    use access::{Kind, State, Why};
    let ending = |why| State::Ending { why, since: at(60) };
    let states = [
        State::Preparing,
        State::Offered {
            link: "K7QM2X".into(),
        },
        State::Opened { at: at(60) },
        State::Live { since: at(60) },
        ending(Why::Expired),
        ending(Why::Revoked { by: "bob".into() }),
        ending(Why::Unopened),
        ending(Why::Failed),
        ending(Why::Done),
        State::Ended {
            why: Why::Gone,
            at: at(60),
        },
    ];
    let mut whole = super::sample::access("A7QM2X", "cs_carol", "carol");
    whole.password = Some(super::sample::new_password());
    let whole = whole.ailing("the server does not answer.", at(60));
    assert_json_snapshot!("access", whole);
    assert_json_snapshot!("access_states", states);
    assert_json_snapshot!(
        "access_kinds",
        [Kind::Person, Kind::Service, Kind::Twin, Kind::Stray]
    );
}

#[test]
fn audit_entries() {
    let mut whole = record(0, "alice", "prod", "asked to deploy prod");
    whole.account = Some(account("alice"));
    whole.assurance = Some(countersign_core::message::Assurance::Account);
    whole.place = Some(place("#treeherder"));
    whole.request = Some("R-0001".into());
    whole.operation = Some("7F3K".into());
    whole.digest = Some(request("R-0001").plan.digest());
    whole.more = Some(json!({"shown": true}));
    let by_the_bot = countersign_core::audit::Entry::new(at(1), Event::Expired, "R-0001 ran out of time");
    assert_json_snapshot!("audit_entries", [whole, by_the_bot]);
}
