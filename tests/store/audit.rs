//! The audit: one chain without gaps, and what can be asked of it.

use std::sync::Arc;

use countersign_core::audit::{Entry, Event, Verifier};
use countersign_core::store::{AuditWhere, Batch, Store, Write};
use serde_json::json;

use super::sample::{account, at, place, record, request};
use super::{done, each_store, refused};

async fn found(store: &Arc<dyn Store>, which: AuditWhere) -> Vec<String> {
    let records = store.audit(which).await.unwrap();
    records.into_iter().map(|record| record.entry.words).collect()
}

fn newest(limit: u32) -> AuditWhere {
    AuditWhere {
        limit,
        ..AuditWhere::default()
    }
}

#[tokio::test]
async fn a_record_is_read_as_it_was_written_and_verifies() {
    for store in each_store().await {
        assert_eq!(store.audit_head().await.unwrap(), None);
        let entry = Entry {
            account: Some(account("alice")),
            place: Some(place("#treeherder")),
            request: Some("R-0001".into()),
            operation: Some("7F3K".into()),
            digest: Some(request("R-0001").plan.digest()),
            more: Some(json!({"b": [1, 2.5, -0.125], "a": {"ü": "\u{202E}\n", "none": null}})),
            ..record(0, "alice", "prod", "asked to deploy prod")
        };
        assert_eq!(done(&store, Batch::default().record(entry.clone())).await, 1);
        assert_eq!(
            done(
                &store,
                Batch::default().record(Entry::new(at(1), Event::Expired, "over"))
            )
            .await,
            2
        );

        let records = store.audit_from(1, 10).await.unwrap();
        assert_eq!(records[0].entry, entry);
        let mut verifier = Verifier::default();
        records
            .iter()
            .try_for_each(|record| verifier.check(record))
            .unwrap();
        let head = store.audit_head().await.unwrap();
        assert_eq!(head, Some((2, records[1].hash, at(1))));
    }
}

#[tokio::test]
async fn the_records_of_a_batch_are_in_order_and_the_receipt_names_the_last() {
    for store in each_store().await {
        let batch = Batch::default()
            .record(record(0, "alice", "prod", "one"))
            .record(record(0, "alice", "prod", "two"));
        assert_eq!(done(&store, batch).await, 2);
        assert_eq!(
            done(&store, Batch::default()).await,
            2,
            "a batch that records nothing"
        );
        assert_eq!(found(&store, newest(9)).await, ["two", "one"]);
    }
}

#[tokio::test]
async fn a_batch_that_is_refused_leaves_no_gap() {
    for store in each_store().await {
        done(&store, Batch::default().record(record(0, "alice", "prod", "one"))).await;
        let bad = Batch::of(Write::Unlock {
            target: "prod".into(),
            since: at(0),
        })
        .record(record(0, "alice", "prod", "never"));
        refused(&store, bad).await;
        assert_eq!(
            done(&store, Batch::default().record(record(0, "bob", "prod", "two"))).await,
            2
        );
        let records = store.audit_from(1, 10).await.unwrap();
        let mut verifier = Verifier::default();
        records
            .iter()
            .try_for_each(|record| verifier.check(record))
            .unwrap();
        assert_eq!(records.len(), 2);
    }
}

#[tokio::test]
async fn it_is_searched_by_person_target_and_time() {
    for store in each_store().await {
        let rows = [
            (0, "alice", "prod", "a"),
            (10, "bob", "prod", "b"),
            (20, "alice", "stage", "c"),
            (30, "alice", "prod", "d"),
        ];
        let mut batch = Batch::default().record(Entry::new(at(5), Event::Expired, "the bot itself"));
        batch
            .audit
            .extend(rows.map(|(at, person, target, words)| record(at, person, target, words)));
        done(&store, batch).await;

        let by = |person: Option<&str>, target: Option<&str>, since: Option<i64>| AuditWhere {
            person: person.map(Into::into),
            target: target.map(Into::into),
            since: since.map(at),
            limit: 9,
        };
        assert_eq!(
            found(&store, by(Some("alice"), None, None)).await,
            ["d", "c", "a"]
        );
        assert_eq!(found(&store, by(None, Some("prod"), None)).await, ["d", "b", "a"]);
        assert_eq!(
            found(&store, by(Some("alice"), Some("prod"), None)).await,
            ["d", "a"]
        );
        assert_eq!(
            found(&store, by(Some("alice"), Some("prod"), Some(1))).await,
            ["d"]
        );
        assert_eq!(found(&store, by(None, None, Some(20))).await, ["d", "c"]);
        assert_eq!(
            found(&store, by(Some("carol"), None, None)).await,
            Vec::<String>::new()
        );
        assert_eq!(found(&store, newest(2)).await, ["d", "c"]);
    }
}

#[tokio::test]
async fn it_is_read_page_by_page() {
    for store in each_store().await {
        for n in 1..=5 {
            done(
                &store,
                Batch::default().record(record(n, "alice", "prod", &n.to_string())),
            )
            .await;
        }
        let page = async |from| -> Vec<u64> {
            let records = store.audit_from(from, 2).await.unwrap();
            records.iter().map(|record| record.seq).collect()
        };
        assert_eq!(page(1).await, [1, 2]);
        assert_eq!(page(3).await, [3, 4]);
        assert_eq!(page(5).await, [5]);
        assert!(page(6).await.is_empty());
    }
}
