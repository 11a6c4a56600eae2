//! The outbox: what must be said is said, in order in each place.

use std::sync::Arc;

use countersign_core::store::{Batch, OutgoingState, Store, Write};

use super::sample::{at, place, post};
use super::{Fresh, done, each_store};

async fn enqueue(store: &Fresh, posts: &[(&str, &str)]) {
    for (room, words) in posts {
        done(store, Batch::of(Write::Enqueue(post(room, words)))).await;
    }
}

async fn due(store: &Arc<dyn Store>, seconds: i64) -> Vec<(u64, String)> {
    let outgoing = store.outgoing(None, at(seconds), 50).await.unwrap();
    let words = |post: &countersign_core::reply::Post| countersign_core::reply::plain(post).join("\n");
    outgoing
        .iter()
        .map(|outgoing| (outgoing.id, words(&outgoing.post)))
        .collect()
}

async fn words(store: &Arc<dyn Store>, seconds: i64) -> Vec<String> {
    due(store, seconds)
        .await
        .into_iter()
        .map(|(_, words)| words)
        .collect()
}

#[tokio::test]
async fn a_post_waits_as_it_was_written() {
    for store in each_store().await {
        enqueue(&store, &[("#a", "hello")]).await;
        let outgoing = store.outgoing(None, at(0), 50).await.unwrap();
        assert_eq!(outgoing.len(), 1);
        assert_eq!(outgoing[0].post, post("#a", "hello"));
        assert_eq!((outgoing[0].state, outgoing[0].tries), (OutgoingState::Queued, 0));
    }
}

#[tokio::test]
async fn what_is_being_sent_is_still_there_and_says_so() {
    for store in each_store().await {
        enqueue(&store, &[("#a", "hello")]).await;
        let id = store.outgoing(None, at(0), 1).await.unwrap()[0].id;
        done(&store, Batch::of(Write::Sending(id))).await;
        let outgoing = store.outgoing(None, at(0), 1).await.unwrap();
        assert_eq!(
            (outgoing[0].state, outgoing[0].tries),
            (OutgoingState::Sending, 1)
        );

        done(&store, Batch::of(Write::Sent(id))).await;
        assert_eq!(store.outgoing(None, at(0), 1).await.unwrap(), []);
    }
}

#[tokio::test]
async fn the_oldest_come_first() {
    for store in each_store().await {
        enqueue(&store, &[("#b", "one"), ("#a", "two"), ("#b", "three")]).await;
        assert_eq!(words(&store, 0).await, ["one", "two", "three"]);
        assert_eq!(store.outgoing(None, at(0), 2).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn a_postponed_post_holds_back_those_after_it_in_its_place_and_no_others() {
    for store in each_store().await {
        enqueue(
            &store,
            &[("#a", "one"), ("#a", "two"), ("#b", "three"), ("#a", "four")],
        )
        .await;
        let id = due(&store, 0).await[1].0;
        done(
            &store,
            Batch::of(Write::Sending(id)).write(Write::Postpone { id, due: at(30) }),
        )
        .await;
        assert_eq!(words(&store, 29).await, ["one", "three"]);
        assert_eq!(words(&store, 30).await, ["one", "two", "three", "four"]);
        let outgoing = store.outgoing(None, at(30), 50).await.unwrap();
        assert_eq!((outgoing[1].state, outgoing[1].tries), (OutgoingState::Queued, 1));
        assert_eq!(outgoing[1].due, at(30));
    }
}

#[tokio::test]
async fn each_place_is_told_apart() {
    for store in each_store().await {
        enqueue(&store, &[("#b", "one"), ("#a", "two"), ("#b", "three")]).await;
        assert_eq!(
            store.waiting_places(at(0)).await.unwrap(),
            [place("#b"), place("#a")]
        );
        let to_b = store.outgoing(Some(&place("#b")), at(0), 9).await.unwrap();
        assert_eq!(to_b.len(), 2);
        assert_eq!(to_b[1].post, post("#b", "three"));

        let (id, due) = (to_b[0].id, at(30));
        done(&store, Batch::of(Write::Postpone { id, due })).await;
        assert_eq!(
            store.waiting_places(at(29)).await.unwrap(),
            [place("#a")],
            "the first of #b holds back the others"
        );
        assert_eq!(store.waiting_places(at(30)).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn the_number_of_a_post_that_was_sent_is_never_another_posts() {
    for store in each_store().await {
        enqueue(&store, &[("#a", "one")]).await;
        let id = due(&store, 0).await[0].0;
        done(&store, Batch::of(Write::Sent(id))).await;
        enqueue(&store, &[("#a", "two")]).await;
        // Somebody is late, and says again that the first was sent.
        done(&store, Batch::of(Write::Sent(id))).await;
        assert_eq!(words(&store, 0).await, ["two"]);
    }
}
