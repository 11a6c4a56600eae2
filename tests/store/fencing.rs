//! Claims: one process at a time acts on an operation, and what an earlier one still writes is refused.

use std::sync::Arc;

use countersign_core::operation::{Fence, Happening, State};
use countersign_core::store::{Batch, Conflict, Require, Store, Write};

use super::sample::{at, entry, operation};
use super::{Fresh, done, each_store, refused};

async fn running(store: &Fresh) {
    done(store, Batch::of(Write::NewOperation(operation("7F3K", "prod")))).await;
}

async fn claim(store: &Arc<dyn Store>, holder: &str, now: i64) -> Option<Fence> {
    store
        .claim(&"7F3K".into(), &holder.into(), at(now), at(now + 60))
        .await
        .unwrap()
}

fn guarded(fence: &Fence) -> Batch {
    Batch::of(Write::Journal(entry("7F3K", Happening::Began))).require(Require::Fence(fence.clone()))
}

#[tokio::test]
async fn a_claim_keeps_others_out_until_it_ends() {
    for store in each_store().await {
        running(&store).await;
        let first = claim(&store, "one", 0).await.unwrap();
        assert_eq!(claim(&store, "two", 59).await, None);
        let second = claim(&store, "two", 60).await.unwrap();
        assert!(second.token > first.token);
        assert_eq!(claim(&store, "one", 61).await, None);
    }
}

#[tokio::test]
async fn who_holds_a_claim_may_claim_again_and_the_earlier_fence_is_void() {
    for store in each_store().await {
        running(&store).await;
        let first = claim(&store, "one", 0).await.unwrap();
        let again = claim(&store, "one", 10).await.unwrap();
        assert!(again.token > first.token);
        assert_eq!(
            refused(&store, guarded(&first)).await,
            Conflict::Fenced("7F3K".into())
        );
        done(&store, guarded(&again)).await;
    }
}

#[tokio::test]
async fn a_process_that_was_overtaken_writes_nothing() {
    for store in each_store().await {
        running(&store).await;
        let old = claim(&store, "one", 0).await.unwrap();
        done(&store, guarded(&old)).await;
        let new = claim(&store, "two", 90).await.unwrap();
        assert_eq!(
            refused(&store, guarded(&old)).await,
            Conflict::Fenced("7F3K".into())
        );
        let unclaim = Batch::of(Write::Unclaim(old));
        assert_eq!(refused(&store, unclaim).await, Conflict::Fenced("7F3K".into()));
        done(&store, guarded(&new)).await;
        assert_eq!(store.journal(&"7F3K".into()).await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn what_is_released_can_be_claimed_at_once_and_is_no_longer_ours() {
    for store in each_store().await {
        running(&store).await;
        let fence = claim(&store, "one", 0).await.unwrap();
        done(&store, guarded(&fence).write(Write::Unclaim(fence.clone()))).await;
        assert_eq!(
            refused(&store, guarded(&fence)).await,
            Conflict::Fenced("7F3K".into())
        );
        let next = claim(&store, "two", 1).await.unwrap();
        assert!(next.token > fence.token, "tokens never come again");
    }
}

#[tokio::test]
async fn writing_the_operation_leaves_its_claim_alone() {
    for store in each_store().await {
        running(&store).await;
        let fence = claim(&store, "one", 0).await.unwrap();
        let mut next = operation("7F3K", "prod");
        next.step = 1;
        done(
            &store,
            Batch::of(Write::Operation(next)).require(Require::Fence(fence.clone())),
        )
        .await;
        assert_eq!(claim(&store, "two", 30).await, None);
        done(&store, guarded(&fence)).await;
    }
}

#[tokio::test]
async fn only_what_runs_can_be_claimed() {
    for store in each_store().await {
        assert_eq!(claim(&store, "one", 0).await, None, "there is no such operation");
        running(&store).await;
        let mut unknown = operation("7F3K", "prod");
        unknown.state = State::Unknown {
            step: "move".into(),
            saw: "nothing".into(),
        };
        done(&store, Batch::of(Write::Operation(unknown))).await;
        assert_eq!(claim(&store, "one", 0).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_claim_at_once_one_succeeds() {
    for store in each_store().await {
        running(&store).await;
        let claims: Vec<_> = (0..32)
            .map(|n| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { claim(&store, &format!("replica-{n}"), 0).await })
            })
            .collect();
        let mut winners = 0;
        for claim in claims {
            winners += usize::from(claim.await.unwrap().is_some());
        }
        assert_eq!(winners, 1);
    }
}
