//! The inbox: a message takes effect once, however often it is delivered.

use countersign_core::store::{Batch, Conflict, Write};

use super::sample::{key, received};
use super::{done, each_store, refused};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_message_is_received_once_on_its_network() {
    for store in each_store().await {
        let first = Batch::of(Write::Receive(received("slack", "m-1", 0)));
        done(&store, first.clone()).await;
        assert_eq!(
            refused(&store, first).await,
            Conflict::Received(key("slack", "m-1"))
        );
        done(&store, Batch::of(Write::Receive(received("irc", "m-1", 0)))).await;
    }
}

#[tokio::test]
async fn what_a_crash_interrupted_is_found_oldest_first() {
    for store in each_store().await {
        for (id, seconds) in [("m-3", 0), ("m-1", 1), ("m-2", 2)] {
            done(&store, Batch::of(Write::Receive(received("slack", id, seconds)))).await;
        }
        done(&store, Batch::of(Write::Handled(key("slack", "m-1")))).await;
        let unhandled = store.unhandled().await.unwrap();
        assert_eq!(
            unhandled,
            [received("slack", "m-3", 0), received("slack", "m-2", 2)]
        );
    }
}

#[tokio::test]
async fn a_message_that_was_dealt_with_is_known_for_two_weeks() {
    for store in each_store().await {
        let first = Batch::of(Write::Receive(received("slack", "m-1", 0)));
        let waits = Batch::of(Write::Receive(received("slack", "m-2", 0)));
        done(&store, first.clone().write(Write::Handled(key("slack", "m-1")))).await;
        done(&store, waits.clone()).await;

        done(
            &store,
            Batch::of(Write::Receive(received("slack", "m-3", 13 * DAY))),
        )
        .await;
        assert_eq!(
            refused(&store, first.clone()).await,
            Conflict::Received(key("slack", "m-1"))
        );

        done(
            &store,
            Batch::of(Write::Receive(received("slack", "m-4", 15 * DAY))),
        )
        .await;
        done(&store, first).await;
        let never_forgotten = Conflict::Received(key("slack", "m-2"));
        assert_eq!(
            refused(&store, waits).await,
            never_forgotten,
            "it was not dealt with yet"
        );
    }
}
