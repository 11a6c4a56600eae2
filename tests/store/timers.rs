//! When the bot has to look again by itself.

use std::sync::Arc;

use countersign_core::approval;
use countersign_core::operation;
use countersign_core::store::{Batch, Store, Write};
use countersign_core::time::{Timestamp, from_millis};

use super::sample::{at, lock, operation as running, post, request};
use super::{done, each_store};

async fn next(store: &Arc<dyn Store>) -> Option<Timestamp> {
    store.next_due().await.unwrap()
}

#[tokio::test]
async fn an_empty_store_waits_for_nothing() {
    for store in each_store().await {
        assert_eq!(next(&store).await, None);
    }
}

#[tokio::test]
async fn a_request_waits_for_its_reminder_then_its_deadline_then_the_end_of_its_approval() {
    for store in each_store().await {
        let mut asked = request("R-0001");
        done(&store, Batch::of(Write::NewRequest(asked.clone()))).await;
        assert_eq!(
            next(&store).await,
            Some(at(900)),
            "halfway between asking and the deadline"
        );

        asked.reminded = true;
        done(&store, Batch::of(Write::Request(asked.clone()))).await;
        assert_eq!(next(&store).await, Some(at(1800)));

        asked.version += 1;
        asked.state = approval::State::Approved { until: at(2400) };
        done(&store, Batch::of(Write::Request(asked.clone()))).await;
        assert_eq!(next(&store).await, Some(at(2400)));

        asked.version += 1;
        asked.state = approval::State::Executing {
            operation: "7F3K".into(),
        };
        done(&store, Batch::of(Write::Request(asked))).await;
        assert_eq!(next(&store).await, None);
    }
}

#[tokio::test]
async fn an_operation_waits_for_its_timer_or_the_end_of_its_claim_whichever_is_later() {
    for store in each_store().await {
        let mut at_work = running("7F3K", "prod");
        done(&store, Batch::of(Write::NewOperation(at_work.clone()))).await;
        assert!(next(&store).await.unwrap() <= at(0), "it goes on at once");

        let fence = store
            .claim(&"7F3K".into(), &"one".into(), at(0), at(60))
            .await
            .unwrap()
            .unwrap();
        assert_eq!(next(&store).await, Some(at(60)));

        at_work.wake_at = Some(at(30));
        done(&store, Batch::of(Write::Operation(at_work.clone()))).await;
        assert_eq!(next(&store).await, Some(at(60)), "nobody else may have it before");
        done(&store, Batch::of(Write::Unclaim(fence))).await;
        assert_eq!(next(&store).await, Some(at(30)));

        at_work.version += 1;
        at_work.state = operation::State::Unknown {
            step: "move".into(),
            saw: "nothing".into(),
        };
        done(&store, Batch::of(Write::Operation(at_work))).await;
        assert_eq!(next(&store).await, None, "it waits for a person");
    }
}

#[tokio::test]
async fn a_lock_waits_for_its_end_if_it_has_one() {
    for store in each_store().await {
        done(&store, Batch::of(Write::Lock(lock("prod", "alice", 0, None)))).await;
        assert_eq!(next(&store).await, None);
        done(
            &store,
            Batch::of(Write::Lock(lock("stage", "alice", 0, Some(70)))),
        )
        .await;
        assert_eq!(next(&store).await, Some(at(70)));
    }
}

#[tokio::test]
async fn a_post_waits_for_its_time_and_not_while_it_is_being_sent() {
    for store in each_store().await {
        done(&store, Batch::of(Write::Enqueue(post("#a", "hello")))).await;
        assert_eq!(next(&store).await, Some(from_millis(0)), "at once");
        let id = store.outgoing(None, at(0), 1).await.unwrap()[0].id;
        done(&store, Batch::of(Write::Sending(id))).await;
        assert_eq!(next(&store).await, None);
        done(&store, Batch::of(Write::Postpone { id, due: at(45) })).await;
        assert_eq!(next(&store).await, Some(at(45)));
    }
}

#[tokio::test]
async fn the_earliest_of_all_counts() {
    for store in each_store().await {
        let mut sleeps = running("7F3K", "prod");
        sleeps.wake_at = Some(at(50));
        let batch = Batch::of(Write::NewRequest(request("R-0001")))
            .write(Write::NewOperation(sleeps))
            .write(Write::Lock(lock("stage", "alice", 0, Some(70))));
        done(&store, batch).await;
        assert_eq!(next(&store).await, Some(at(50)));
    }
}
