//! Many at once: no change is lost, none is counted twice, and the chain is whole.

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_core::audit::Verifier;
use countersign_core::store::{Batch, Store, StoreError, Write};

use super::each_store;
use super::sample::{operation, record};

const TASKS: u32 = 64;
const COUNTS: u32 = 50;
/// Two tasks to each operation get into each other's way.
const OPERATIONS: u32 = 32;

/// Counts an operation's `tries` up by one, and says which audit record says so.
async fn count_up(store: &Arc<dyn Store>, id: &str) -> u64 {
    loop {
        let mut operation = store.operation(&id.into()).await.unwrap().unwrap();
        operation.tries += 1;
        let batch = Batch::of(Write::Operation(operation)).record(record(0, "alice", id, "counted"));
        match store.commit(batch).await {
            Ok(receipt) => return receipt.audited,
            Err(StoreError::Conflict(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_counts_once() {
    for store in each_store().await {
        for n in 0..OPERATIONS {
            let new = operation(&format!("{n:04}"), "prod");
            store.commit(Batch::of(Write::NewOperation(new))).await.unwrap();
        }
        let tasks: Vec<_> = (0..TASKS)
            .map(|task| {
                let store = Arc::clone(&store);
                let id = format!("{:04}", task % OPERATIONS);
                tokio::spawn(async move {
                    let mut records = Vec::new();
                    for _ in 0..COUNTS {
                        records.push(count_up(&store, &id).await);
                    }
                    records
                })
            })
            .collect();
        let mut records = BTreeSet::new();
        for task in tasks {
            records.extend(task.await.unwrap());
        }
        assert_eq!(
            records,
            (1..=u64::from(TASKS * COUNTS)).collect(),
            "one record a change, none shared"
        );

        for n in 0..OPERATIONS {
            let counted = store.operation(&format!("{n:04}").into()).await.unwrap().unwrap();
            assert_eq!(counted.tries, TASKS / OPERATIONS * COUNTS);
            assert_eq!(counted.version, u64::from(TASKS / OPERATIONS * COUNTS));
        }
        let chain = store.audit_from(1, 1_000_000).await.unwrap();
        assert_eq!(chain.len() as u64, u64::from(TASKS * COUNTS));
        let mut verifier = Verifier::default();
        chain
            .iter()
            .try_for_each(|record| verifier.check(record))
            .unwrap();
    }
}
