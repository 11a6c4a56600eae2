//! Secret links: compare-and-swap on the version, what is locked in them, and which are found.

use std::sync::Arc;

use countersign_core::link::State;
use countersign_core::store::{Batch, Conflict, LinksWhere, Store, Write};
use countersign_core::time::Timestamp;

use super::sample::{at, link, path, record, redeemed};
use super::{done, each_store, refused};

fn new(id: &str, n: u8) -> Batch {
    let link = Box::new(link(id, n));
    let content = format!("locked in {id}").into_bytes();
    Batch::of(Write::NewLink { link, content })
}

async fn content(store: &Arc<dyn Store>, id: &str) -> Option<String> {
    let bytes = store.link_content(&id.into()).await.unwrap();
    bytes.map(|bytes| String::from_utf8(bytes).unwrap())
}

async fn ids(store: &Arc<dyn Store>, which: LinksWhere) -> Vec<String> {
    let links = store.links(which).await.unwrap();
    links.iter().map(|link| link.id.to_string()).collect()
}

#[tokio::test]
async fn a_link_is_read_as_it_was_written_by_its_id_and_by_its_address() {
    for store in each_store().await {
        assert_eq!(store.link(&"K7QM2X".into()).await.unwrap(), None);
        assert_eq!(store.link_at(&path(1)).await.unwrap(), None);
        assert_eq!(content(&store, "K7QM2X").await, None);
        done(&store, new("K7QM2X", 1)).await;
        let written = Some(link("K7QM2X", 1));
        assert_eq!(store.link(&"K7QM2X".into()).await.unwrap(), written);
        assert_eq!(store.link_at(&path(1)).await.unwrap(), written);
        assert_eq!(content(&store, "K7QM2X").await.unwrap(), "locked in K7QM2X");
    }
}

#[tokio::test]
async fn an_id_and_an_address_are_given_once() {
    for store in each_store().await {
        done(&store, new("K7QM2X", 1)).await;
        for (id, n) in [("K7QM2X", 2), ("AAAAAA", 1), ("K7QM2X", 1)] {
            assert_eq!(refused(&store, new(id, n)).await, Conflict::Link(id.into()));
        }
        assert_eq!(content(&store, "K7QM2X").await.unwrap(), "locked in K7QM2X");
        assert_eq!(content(&store, "AAAAAA").await, None);
    }
}

#[tokio::test]
async fn only_the_newest_version_can_be_changed_and_each_change_counts() {
    for store in each_store().await {
        done(&store, new("K7QM2X", 1)).await;
        let first = link("K7QM2X", 1);
        let mut guessed = first.clone();
        guessed.attempts_left -= 1;
        done(&store, Batch::of(Write::Link(Box::new(guessed)))).await;
        let read = store.link(&first.id).await.unwrap().unwrap();
        assert_eq!((read.attempts_left, read.version), (4, 1));
        assert_eq!(content(&store, "K7QM2X").await.unwrap(), "locked in K7QM2X");

        let late =
            Batch::of(Write::Link(Box::new(redeemed(&first)))).record(record(60, "bob", "prod", "late"));
        assert_eq!(refused(&store, late).await, Conflict::Link(first.id.clone()));
        assert_eq!(store.link(&first.id).await.unwrap(), Some(read));
        assert!(
            content(&store, "K7QM2X").await.is_some(),
            "who was late opened nothing"
        );
        assert_eq!(store.audit_head().await.unwrap(), None, "and left no record");
    }
}

#[tokio::test]
async fn what_was_never_made_cannot_be_changed() {
    for store in each_store().await {
        let change = Batch::of(Write::Link(Box::new(link("K7QM2X", 1))));
        assert_eq!(refused(&store, change).await, Conflict::Link("K7QM2X".into()));
    }
}

#[tokio::test]
async fn what_is_locked_in_a_link_goes_with_its_end_whatever_that_is() {
    let ends = [
        redeemed(&link("K7QM2X", 1)).state,
        State::Expired { at: at(3600) },
        State::Burned {
            at: at(60),
            by: Some("alice".into()),
        },
        State::Burned { at: at(60), by: None },
    ];
    for store in each_store().await {
        for (n, state) in (1..).zip(&ends) {
            let id = format!("K7QM2{n}");
            done(&store, new(&id, n)).await;
            let mut ended = link(&id, n);
            ended.state = state.clone();
            ended.phrase = None;
            done(&store, Batch::of(Write::Link(Box::new(ended)))).await;
            assert_eq!(content(&store, &id).await, None, "{state:?}");
            let read = store.link(&id.as_str().into()).await.unwrap().unwrap();
            assert_eq!(read.state, *state);
        }
    }
}

#[tokio::test]
async fn the_end_of_one_leaves_the_others_alone() {
    for store in each_store().await {
        done(&store, new("AAAAAA", 1)).await;
        done(&store, new("BBBBBB", 2)).await;
        done(
            &store,
            Batch::of(Write::Link(Box::new(redeemed(&link("AAAAAA", 1))))),
        )
        .await;
        assert_eq!(content(&store, "BBBBBB").await.unwrap(), "locked in BBBBBB");
    }
}

#[tokio::test]
async fn those_of_a_person_are_what_they_asked_for_and_what_they_may_open_newest_first() {
    for store in each_store().await {
        for (n, (id, requester, recipient)) in (1..).zip([
            ("CCCCCC", "alice", "bob"),
            ("AAAAAA", "carol", "alice"),
            ("DDDDDD", "alice", "alice"),
            ("BBBBBB", "bob", "carol"),
        ]) {
            let mut link = link(id, n);
            (link.requester, link.recipient) = (requester.into(), recipient.into());
            let write = Write::NewLink {
                link: Box::new(link),
                content: vec![],
            };
            done(&store, Batch::of(write)).await;
        }
        let of = async |person: &str, limit| {
            let person = person.into();
            ids(&store, LinksWhere::Of { person, limit }).await
        };
        assert_eq!(of("alice", 9).await, ["DDDDDD", "AAAAAA", "CCCCCC"]);
        assert_eq!(of("alice", 2).await, ["DDDDDD", "AAAAAA"]);
        assert_eq!(of("bob", 9).await, ["BBBBBB", "CCCCCC"]);
        assert_eq!(of("dave", 9).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn the_longest_due_comes_first_and_an_end_is_due_for_forgetting_a_month_later() {
    let due = async |store: &Arc<dyn Store>, now: Timestamp, limit| {
        ids(store, LinksWhere::Due { now, limit }).await
    };
    let month = 30 * 24 * 3600;
    for store in each_store().await {
        for (id, n, expires) in [("CCCCCC", 1, 300), ("AAAAAA", 2, 100), ("BBBBBB", 3, 200)] {
            let mut link = link(id, n);
            link.expires = at(expires);
            let content = vec![];
            done(
                &store,
                Batch::of(Write::NewLink {
                    link: Box::new(link),
                    content,
                }),
            )
            .await;
        }
        assert_eq!(due(&store, at(99), 9).await, Vec::<String>::new());
        assert_eq!(due(&store, at(100), 9).await, ["AAAAAA"]);
        assert_eq!(due(&store, at(999), 9).await, ["AAAAAA", "BBBBBB", "CCCCCC"]);
        assert_eq!(due(&store, at(999), 2).await, ["AAAAAA", "BBBBBB"]);

        let mut opened = redeemed(&link("AAAAAA", 2));
        opened.expires = at(100);
        done(&store, Batch::of(Write::Link(Box::new(opened)))).await;
        assert_eq!(due(&store, at(999), 9).await, ["BBBBBB", "CCCCCC"]);
        assert_eq!(due(&store, at(60 + month - 1), 1).await, ["BBBBBB"]);
        assert_eq!(
            due(&store, at(60 + month), 9).await,
            ["BBBBBB", "CCCCCC", "AAAAAA"]
        );
    }
}

#[tokio::test]
async fn what_is_forgotten_is_gone_and_its_id_and_address_are_free() {
    for store in each_store().await {
        done(&store, new("K7QM2X", 1)).await;
        done(&store, Batch::of(Write::ForgetLink("K7QM2X".into()))).await;
        assert_eq!(store.link(&"K7QM2X".into()).await.unwrap(), None);
        assert_eq!(store.link_at(&path(1)).await.unwrap(), None);
        assert_eq!(content(&store, "K7QM2X").await, None);
        assert_eq!(store.next_due().await.unwrap(), None);
        done(&store, Batch::of(Write::ForgetLink("K7QM2X".into()))).await;
        done(&store, new("K7QM2X", 1)).await;
    }
}

#[tokio::test]
async fn a_link_waits_for_its_end_and_then_to_be_forgotten() {
    for store in each_store().await {
        done(&store, new("K7QM2X", 1)).await;
        assert_eq!(store.next_due().await.unwrap(), Some(at(3600)));
        done(
            &store,
            Batch::of(Write::Link(Box::new(redeemed(&link("K7QM2X", 1))))),
        )
        .await;
        assert_eq!(store.next_due().await.unwrap(), Some(at(60 + 30 * 24 * 3600)));
    }
}
