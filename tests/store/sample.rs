//! Values to store. They say nothing; tests change the field that they are about.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::access::{Access, Kind as AccessKind, NewAccess, NewPassword};
use countersign_core::approval::{self, Origin, Request, Vote};
use countersign_core::audit::{self, Event};
use countersign_core::digest::Digest;
use countersign_core::drop_box::{self, DropBox};
use countersign_core::link::{self, Link, Visitor};
use countersign_core::message::{Account, Assurance, Kind, Message, Place, Room, Sender};
use countersign_core::operation::{self, Entry, Happening, Operation};
use countersign_core::plan::{Detail, Effect, Plan, SCHEMA, SealedPlan};
use countersign_core::policy::{Seat, Who};
use countersign_core::reply::{Post, Reply};
use countersign_core::store::{Hold, Lock, MessageKey, Received};
use countersign_core::time::{Duration, Timestamp, from_millis};
use countersign_secrets::at_rest::{SealedText, SealingKey, SealingKeys};
use countersign_secrets::base64url;
use countersign_secrets::drop_box::Filling;
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::{AuthProof, LinkProof};

/// Seconds after the beginning of the tests' time.
pub(crate) fn at(seconds: i64) -> Timestamp {
    from_millis(1_790_000_000_000 + seconds * 1000)
}

pub(crate) fn place(room: &str) -> Place {
    Place::Room(Room {
        network: "irc".into(),
        name: room.into(),
    })
}

pub(crate) fn account(name: &str) -> Account {
    Account {
        network: "irc".into(),
        name: name.into(),
    }
}

pub(crate) fn origin() -> Origin {
    Origin {
        place: place("#treeherder"),
        account: Some(account("alice")),
        assurance: Assurance::Account,
        nick: "alice".into(),
        message: "m-1".into(),
    }
}

pub(crate) fn plan(target: &str) -> SealedPlan {
    let plan = Plan {
        schema: SCHEMA,
        command: "deploy".into(),
        action: "deploy".into(),
        effect: Effect::Destructive,
        target: Some(target.into()),
        resource: Some("app-id".into()),
        also: Vec::new(),
        summary: format!("deploy {target}"),
        details: vec![Detail {
            label: "code".into(),
            lines: vec!["8d07be4 → 3f2a91c".into()],
        }],
        parameters: BTreeMap::from([("commit".into(), "3f2a91c".into())]),
        fingerprint: BTreeMap::from([("release".into(), "v811".into())]),
        requester: "alice".into(),
        reason: Some("bug 1".into()),
        policy: Digest::of(b"policy"),
        created: at(0),
        not_after: at(3600),
        nonce: "nonce".into(),
    };
    SealedPlan::seal(&plan).unwrap()
}

pub(crate) fn request(id: &str) -> Request {
    Request {
        id: id.into(),
        plan: plan("prod"),
        origin: origin(),
        rule: "production".into(),
        seats: vec![Seat {
            count: 1,
            of: Who {
                anyone: false,
                roles: vec!["sheriff".into()],
                people: vec!["bob".into()],
            },
            assurance: Assurance::Account,
        }],
        state: approval::State::Pending,
        votes: vec![Vote {
            person: "bob".into(),
            account: account("bob"),
            assurance: Assurance::Account,
            digest: plan("prod").digest(),
            at: at(60),
            note: Some("go".into()),
        }],
        shown: BTreeSet::from([place("#treeherder")]),
        deadline: at(1800),
        not_after: at(3600),
        valid: Duration::from_mins(10),
        reminded: false,
        version: 0,
    }
}

pub(crate) fn operation(id: &str, target: &str) -> Operation {
    Operation {
        id: id.into(),
        request: "R-0001".into(),
        plan: plan(target),
        origin: origin(),
        signers: vec!["bob".into()],
        state: operation::State::Running,
        step: 0,
        tries: 0,
        step_began: at(0),
        began: at(0),
        ended: None,
        wake_at: None,
        phase: "building".into(),
        doubt: None,
        progress: Some("post-7".into()),
        cancel: None,
        version: 0,
    }
}

pub(crate) fn entry(operation: &str, happening: Happening) -> Entry {
    Entry {
        operation: operation.into(),
        step: "move".into(),
        happening,
        at: at(1),
    }
}

pub(crate) fn lock(target: &str, holder: &str, since: i64, until: Option<i64>) -> Lock {
    Lock {
        target: target.into(),
        holder: holder.into(),
        reason: "load test".into(),
        since: at(since),
        until: until.map(at),
        place: place("#treeherder"),
    }
}

pub(crate) fn hold(target: &str, release: &str) -> Hold {
    Hold {
        target: target.into(),
        at: release.into(),
        by: "alice".into(),
        reason: Some("v813 breaks ingestion".into()),
        since: at(5),
    }
}

pub(crate) fn received(network: &str, id: &str, seconds: i64) -> Received {
    Received {
        message: Message {
            id: id.into(),
            place: Place::Room(Room {
                network: network.into(),
                name: "#treeherder".into(),
            }),
            sender: Sender {
                nick: "alice".into(),
                account: Some(account("alice")),
                assurance: Assurance::Account,
            },
            text: "!deploy prod".into(),
            sent_at: at(seconds),
            kind: Kind::Said,
            thread: None,
        },
        at: at(seconds),
    }
}

pub(crate) fn key(network: &str, id: &str) -> MessageKey {
    MessageKey {
        network: network.into(),
        id: id.into(),
    }
}

/// A key that things are sealed with, and what it sealed.
pub(crate) fn sealed(key: char) -> SealedText {
    let key = SealingKey::of(&key.to_string().repeat(64).into()).unwrap();
    SealingKeys::new(key, Vec::new()).seal("said", [7; 12], b"TR7K-09QF-MZ4C-W8XE")
}

/// The address of the link or box of this number.
pub(crate) fn path(n: u8) -> PathId {
    PathId([n; 16])
}

pub(crate) fn direct(name: &str) -> Place {
    Place::Direct(account(name))
}

pub(crate) fn visitor() -> Visitor {
    Visitor {
        peer: "10.2.3.4".into(),
        agent: "Firefox on Linux".into(),
    }
}

fn proof(n: u8) -> String {
    base64url::encode(&[n; 32])
}

/// A live link that alice asked for, for bob; its phrase is sealed with the key `a`.
pub(crate) fn link(id: &str, n: u8) -> Link {
    Link {
        id: id.into(),
        path: path(n),
        header: r#"{"title":"prod's DATABASE_URL","v":1}"#.into(),
        nonce: [n; 12],
        link: LinkProof::parse(&proof(1)).unwrap().digest(),
        auth: AuthProof::parse(&proof(2)).unwrap().digest(),
        phrase: Some(sealed('a')),
        recipient: "bob".into(),
        requester: "alice".into(),
        request: "R-0001".into(),
        operation: "7F3K".into(),
        target: Some("prod".into()),
        title: "prod's DATABASE_URL".into(),
        sent_to: direct("bob"),
        asked_in: place("#treeherder"),
        state: link::State::Live,
        access: None,
        disowned: None,
        attempts_left: link::GUESSES,
        made: at(0),
        expires: at(3600),
        version: 0,
    }
}

/// The link after it was opened.
pub(crate) fn redeemed(link: &Link) -> Link {
    Link {
        state: link::State::Redeemed {
            at: at(60),
            by: visitor(),
        },
        phrase: None,
        ..link.clone()
    }
}

/// An access to prod-db that alice asked for, for the owner; it is being prepared, and ends after 30 days.
pub(crate) fn access(id: &str, account: &str, owner: &str) -> Access {
    Access::new(NewAccess {
        id: id.into(),
        database: "prod-db".into(),
        account: account.into(),
        kind: AccessKind::Person,
        owner: Some(owner.into()),
        requester: Some("alice".into()),
        request: Some("R-0001".into()),
        operation: Some("7F3K".into()),
        asked_in: Some(place("#treeherder")),
        tables: Some(vec!["job".into(), "push".into()]),
        made: at(0),
        ends: Some(at(30 * DAY)),
        latest_end: Some(at(90 * DAY)),
        remind_at: Some(at(27 * DAY)),
    })
}

pub(crate) const DAY: i64 = 24 * 3600;

/// A password that waits for the link K7QM2X to be opened; it is sealed with the key `b`.
pub(crate) fn new_password() -> NewPassword {
    NewPassword {
        sealed: sealed('b'),
        link: Some("K7QM2X".into()),
        opened: None,
    }
}

/// What was dropped.
pub(crate) fn filling() -> Filling {
    Filling {
        key: [4; 65],
        nonce: [7; 12],
        ciphertext: b"what was dropped".to_vec(),
    }
}

/// An open box of alice's, whose key is sealed with the key `a`.
pub(crate) fn drop_box(id: &str, n: u8) -> DropBox {
    DropBox {
        id: id.into(),
        path: path(n),
        header: r#"{"purpose":"the value of NEW_KEY on stage","v":1}"#.into(),
        link: LinkProof::parse(&proof(1)).unwrap().digest(),
        public: "04".repeat(65),
        private: Some(sealed('a')),
        content: None,
        owner: "alice".into(),
        origin: origin(),
        sent_to: direct("alice"),
        purpose: "the value of NEW_KEY on stage".into(),
        target: Some("stage".into()),
        then: format!("config set stage NEW_KEY --box {id}"),
        by_itself: true,
        state: drop_box::State::Open,
        made: at(0),
        expires: at(3600),
        version: 0,
    }
}

/// The box with something in it; `planned` once its command was run.
pub(crate) fn filled(drop_box: &DropBox, planned: bool) -> DropBox {
    DropBox {
        content: Some(filling()),
        state: drop_box::State::Filled {
            at: at(60),
            by: visitor(),
            planned,
            request: None,
        },
        ..drop_box.clone()
    }
}

pub(crate) fn post(room: &str, words: &str) -> Post {
    Post::to(place(room), Reply::line(words))
}

/// A record by a person on a target.
pub(crate) fn record(seconds: i64, person: &str, target: &str, words: &str) -> audit::Entry {
    audit::Entry {
        person: Some(person.into()),
        target: Some(target.into()),
        ..audit::Entry::new(at(seconds), Event::Asked, words)
    }
}
