//! Drop boxes: compare-and-swap on the version, emptying them, and which are found; and what is sealed with which key.

use std::sync::Arc;

use countersign_core::drop_box::State;
use countersign_core::reply::{Line, Post, Reply};
use countersign_core::store::{Batch, BoxesWhere, Conflict, Store, Write};

use super::sample::{at, drop_box, filled, filling, link, path, place, redeemed, sealed};
use super::{done, each_store, refused};

fn new(id: &str, n: u8) -> Batch {
    Batch::of(Write::NewBox(Box::new(drop_box(id, n))))
}

async fn fill(store: &Arc<dyn Store>, id: &str, planned: bool) {
    let found = store.drop_box(&id.into()).await.unwrap().unwrap();
    done(store, Batch::of(Write::Box(Box::new(filled(&found, planned))))).await;
}

async fn ids(store: &Arc<dyn Store>, which: BoxesWhere) -> Vec<String> {
    let boxes = store.drop_boxes(which).await.unwrap();
    boxes.iter().map(|found| found.id.to_string()).collect()
}

#[tokio::test]
async fn a_box_is_read_as_it_was_written_by_its_id_and_by_its_address() {
    for store in each_store().await {
        assert_eq!(store.drop_box(&"B1B1B1".into()).await.unwrap(), None);
        assert_eq!(store.drop_box_at(&path(1)).await.unwrap(), None);
        done(&store, new("B1B1B1", 1)).await;
        let written = Some(drop_box("B1B1B1", 1));
        assert_eq!(store.drop_box(&"B1B1B1".into()).await.unwrap(), written);
        assert_eq!(store.drop_box_at(&path(1)).await.unwrap(), written);
    }
}

#[tokio::test]
async fn an_id_and_an_address_are_given_once() {
    for store in each_store().await {
        done(&store, new("B1B1B1", 1)).await;
        for (id, n) in [("B1B1B1", 2), ("AAAAAA", 1), ("B1B1B1", 1)] {
            assert_eq!(refused(&store, new(id, n)).await, Conflict::Box(id.into()));
        }
    }
}

#[tokio::test]
async fn of_two_who_fill_a_box_one_is_late() {
    for store in each_store().await {
        done(&store, new("B1B1B1", 1)).await;
        let first = filled(&drop_box("B1B1B1", 1), false);
        let mut second = first.clone();
        second.content.as_mut().unwrap().ciphertext = b"something else".to_vec();
        done(&store, Batch::of(Write::Box(Box::new(first)))).await;
        let late = Batch::of(Write::Box(Box::new(second)));
        assert_eq!(refused(&store, late).await, Conflict::Box("B1B1B1".into()));
        let read = store.drop_box(&"B1B1B1".into()).await.unwrap().unwrap();
        assert_eq!((read.content, read.version), (Some(filling()), 1));
    }
}

#[tokio::test]
async fn what_was_never_made_cannot_be_changed() {
    for store in each_store().await {
        let change = Batch::of(Write::Box(Box::new(drop_box("B1B1B1", 1))));
        assert_eq!(refused(&store, change).await, Conflict::Box("B1B1B1".into()));
    }
}

/// The end of a request empties its box whatever became of the box meanwhile.
#[tokio::test]
async fn emptying_needs_no_version_and_can_be_done_again() {
    for store in each_store().await {
        done(&store, new("B1B1B1", 1)).await;
        fill(&store, "B1B1B1", false).await;
        fill(&store, "B1B1B1", true).await;
        let empty = |seconds| {
            let id = "B1B1B1".into();
            Batch::of(Write::EmptyBox { id, at: at(seconds) })
        };
        done(&store, empty(90)).await;
        let closed = store.drop_box(&"B1B1B1".into()).await.unwrap().unwrap();
        assert_eq!((&closed.content, &closed.private), (&None, &None));
        assert_eq!(closed.state, State::Closed { at: at(90) });
        done(&store, empty(95)).await;
        let again = store.drop_box(&"B1B1B1".into()).await.unwrap().unwrap();
        assert_eq!(
            again.state,
            State::Closed { at: at(90) },
            "it was empty since then"
        );

        done(&store, Batch::of(Write::ForgetBox("B1B1B1".into()))).await;
        done(&store, empty(99)).await;
        assert_eq!(store.drop_box(&"B1B1B1".into()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn those_of_a_person_come_newest_first() {
    for store in each_store().await {
        for (n, (id, owner)) in (1..).zip([("CCCCCC", "alice"), ("AAAAAA", "bob"), ("BBBBBB", "alice")]) {
            let mut drop_box = drop_box(id, n);
            drop_box.owner = owner.into();
            done(&store, Batch::of(Write::NewBox(Box::new(drop_box)))).await;
        }
        let of = async |person: &str, limit| {
            let person = person.into();
            ids(&store, BoxesWhere::Of { person, limit }).await
        };
        assert_eq!(of("alice", 9).await, ["BBBBBB", "CCCCCC"]);
        assert_eq!(of("alice", 1).await, ["BBBBBB"]);
        assert_eq!(of("carol", 9).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn those_whose_command_was_not_run_come_oldest_first() {
    for store in each_store().await {
        for (n, id) in (1..).zip(["DDDDDD", "CCCCCC", "BBBBBB", "AAAAAA"]) {
            done(&store, new(id, n)).await;
        }
        assert_eq!(ids(&store, BoxesWhere::Unplanned).await, Vec::<String>::new());
        for id in ["CCCCCC", "DDDDDD", "AAAAAA"] {
            fill(&store, id, false).await;
        }
        assert_eq!(
            ids(&store, BoxesWhere::Unplanned).await,
            ["DDDDDD", "CCCCCC", "AAAAAA"]
        );
        fill(&store, "DDDDDD", true).await;
        let id = "AAAAAA".into();
        done(&store, Batch::of(Write::EmptyBox { id, at: at(90) })).await;
        assert_eq!(ids(&store, BoxesWhere::Unplanned).await, ["CCCCCC"]);
    }
}

#[tokio::test]
async fn an_open_box_is_due_at_its_end_a_filled_one_a_day_and_a_closed_one_a_month_later() {
    let day = 24 * 3600;
    for store in each_store().await {
        let due = async |seconds| {
            let now = at(seconds);
            ids(&store, BoxesWhere::Due { now, limit: 9 }).await
        };
        done(&store, new("B1B1B1", 1)).await;
        assert_eq!(due(3599).await, Vec::<String>::new());
        assert_eq!(due(3600).await, ["B1B1B1"]);
        assert_eq!(store.next_due().await.unwrap(), Some(at(3600)));
        fill(&store, "B1B1B1", false).await;
        assert_eq!(due(60 + day - 1).await, Vec::<String>::new());
        assert_eq!(due(60 + day).await, ["B1B1B1"]);
        assert_eq!(store.next_due().await.unwrap(), Some(at(60 + day)));
        let id = "B1B1B1".into();
        done(&store, Batch::of(Write::EmptyBox { id, at: at(90) })).await;
        assert_eq!(due(90 + 30 * day - 1).await, Vec::<String>::new());
        assert_eq!(due(90 + 30 * day).await, ["B1B1B1"]);

        let mut sooner = drop_box("A1A1A1", 2);
        sooner.expires = at(7);
        done(&store, Batch::of(Write::NewBox(Box::new(sooner)))).await;
        assert_eq!(
            due(90 + 30 * day).await,
            ["A1A1A1", "B1B1B1"],
            "the longest due first"
        );
        assert_eq!(store.next_due().await.unwrap(), Some(at(7)));
        done(&store, Batch::of(Write::ForgetBox("A1A1A1".into()))).await;
        assert_eq!(due(90 + 30 * day).await, ["B1B1B1"]);
    }
}

/// What the bot asks before it starts: whether it has the keys of all that it would have to open.
#[tokio::test]
async fn all_keys_are_known_that_anything_is_sealed_with() {
    for store in each_store().await {
        let keys = async || {
            let found = store.sealed_with().await.unwrap();
            let names = ['a', 'b', 'c'].into_iter();
            let known: String = names
                .filter(|name| found.contains(&sealed(*name).key_id()))
                .collect();
            assert_eq!(known.len(), found.len());
            known
        };
        assert_eq!(keys().await, "");
        for n in 1..4 {
            let link = Box::new(link(&format!("K7QM2{n}"), n));
            done(
                &store,
                Batch::of(Write::NewLink {
                    link,
                    content: vec![],
                }),
            )
            .await;
        }
        assert_eq!(keys().await, "a");
        let mut other = drop_box("B1B1B1", 9);
        other.private = Some(sealed('b'));
        done(&store, Batch::of(Write::NewBox(Box::new(other)))).await;
        assert_eq!(keys().await, "ab");
        let said = Reply::line(Line::new("drop it here: ").sealed(sealed('c')));
        done(&store, Batch::of(Write::Enqueue(Post::to(place("#a"), said)))).await;
        assert_eq!(keys().await, "abc");

        // What has ended, was emptied or was said needs no key any more.
        for n in 1..4 {
            let ended = redeemed(&link(&format!("K7QM2{n}"), n));
            done(&store, Batch::of(Write::Link(Box::new(ended)))).await;
        }
        assert_eq!(keys().await, "bc");
        let id = "B1B1B1".into();
        done(&store, Batch::of(Write::EmptyBox { id, at: at(90) })).await;
        assert_eq!(keys().await, "c");
        let post = store.outgoing(None, at(0), 1).await.unwrap()[0].id;
        done(&store, Batch::of(Write::Sent(post))).await;
        assert_eq!(keys().await, "");
    }
}
