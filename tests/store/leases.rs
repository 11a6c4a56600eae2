//! Leases: a right to do something alone for a while.

use std::sync::Arc;

use countersign_core::store::{Lease, Store};
use countersign_core::time::Duration;

use super::each_store;
use super::sample::at;

async fn lease(store: &Arc<dyn Store>, holder: &str, now: i64) -> Option<Lease> {
    let minute = Duration::from_mins(1);
    store
        .lease("watch prod", &holder.into(), at(now), minute)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_lease_is_renewed_under_its_token_and_passes_on_under_a_greater_one() {
    for store in each_store().await {
        let first = lease(&store, "one", 0).await.unwrap();
        assert_eq!((first.name.as_str(), first.until), ("watch prod", at(60)));
        assert_eq!(lease(&store, "two", 30).await, None);

        let renewed = lease(&store, "one", 40).await.unwrap();
        assert_eq!((renewed.token, renewed.until), (first.token, at(100)));
        assert_eq!(lease(&store, "two", 99).await, None);

        let second = lease(&store, "two", 100).await.unwrap();
        assert!(second.token > first.token);
        assert_eq!(lease(&store, "one", 101).await, None);
    }
}

#[tokio::test]
async fn leases_of_different_things_do_not_meet() {
    for store in each_store().await {
        lease(&store, "one", 0).await.unwrap();
        let other = store
            .lease("watch stage", &"two".into(), at(0), Duration::from_secs(1))
            .await
            .unwrap();
        assert!(other.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_ask_at_once_one_gets_it() {
    for store in each_store().await {
        let asks: Vec<_> = (0..32)
            .map(|n| {
                let store = Arc::clone(&store);
                tokio::spawn(async move { lease(&store, &format!("replica-{n}"), 0).await })
            })
            .collect();
        let mut holders = 0;
        for ask in asks {
            holders += usize::from(ask.await.unwrap().is_some());
        }
        assert_eq!(holders, 1);
    }
}
