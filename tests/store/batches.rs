//! Batches happen whole or not at all, and whoever waits for changes hears of them.

use countersign_core::operation::Fence;
use countersign_core::store::{Batch, Require, Write};

use super::sample::{at, operation, post, received, record, request};
use super::{Fresh, done, each_store, refused};

/// A batch of a little of everything, that can be written once.
fn everything(tag: &str) -> Batch {
    Batch::of(Write::NewRequest(request(&format!("R-{tag}"))))
        .write(Write::NewOperation(operation(tag, tag)))
        .write(Write::Note {
            name: tag.into(),
            value: "written".into(),
        })
        .write(Write::Enqueue(post("#a", tag)))
        .write(Write::Receive(received("irc", tag, 0)))
        .write(Write::Announce {
            key: tag.into(),
            at: at(0),
        })
        .record(record(0, "alice", tag, "wrote"))
}

/// How much of [`everything`] is there: nothing, or all seven.
async fn written(store: &Fresh, tag: &str) -> usize {
    let outgoing = store.outgoing(None, at(0), 999).await.unwrap();
    let unhandled = store.unhandled().await.unwrap();
    let audit = store.audit_from(1, 999).await.unwrap();
    [
        store.request(&format!("R-{tag}").into()).await.unwrap().is_some(),
        store.operation(&tag.into()).await.unwrap().is_some(),
        store.note(tag).await.unwrap().is_some(),
        outgoing.iter().any(|outgoing| outgoing.post == post("#a", tag)),
        unhandled
            .iter()
            .any(|received| received.message.id.as_str() == tag),
        store.announced(tag).await.unwrap(),
        audit.iter().any(|record| record.entry.target == Some(tag.into())),
    ]
    .into_iter()
    .filter(|there| *there)
    .count()
}

#[tokio::test]
async fn a_batch_is_written_whole() {
    for store in each_store().await {
        done(&store, everything("AAAA")).await;
        assert_eq!(written(&store, "AAAA").await, 7);
    }
}

#[tokio::test]
async fn a_refused_batch_leaves_nothing_wherever_it_failed() {
    for store in each_store().await {
        let nobodys = Fence {
            operation: "none".into(),
            token: 1,
            holder: "one".into(),
        };
        done(
            &store,
            Batch::of(Write::Announce {
                key: "taken".into(),
                at: at(0),
            }),
        )
        .await;
        let late = [
            Write::Unclaim(nobodys.clone()),
            Write::Unlock {
                target: "prod".into(),
                since: at(0),
            },
            Write::ReleaseHold("prod".into()),
            Write::Request(request("R-none")),
            Write::Operation(operation("none", "prod")),
            Write::NewRequest(request("R-AAAA")),
            Write::NewOperation(operation("AAAA", "prod")),
            Write::Receive(received("irc", "AAAA", 0)),
            Write::Announce {
                key: "taken".into(),
                at: at(0),
            },
        ];
        for write in late {
            refused(&store, everything("AAAA").write(write.clone())).await;
            assert_eq!(written(&store, "AAAA").await, 0, "{write:?}");
        }
        refused(&store, everything("AAAA").require(Require::Fence(nobodys))).await;
        assert_eq!(written(&store, "AAAA").await, 0);
        assert_eq!(store.audit_head().await.unwrap(), None);
    }
}

#[tokio::test]
async fn preconditions_see_the_store_before_the_batch() {
    for store in each_store().await {
        let idle = Require::Idle {
            target: "AAAA".into(),
            except: Vec::new(),
        };
        done(&store, everything("AAAA").require(idle.clone())).await;
        refused(&store, Batch::default().require(idle)).await;
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_leaves_a_whole_batch_or_nothing() {
    for store in each_store().await {
        for n in 0..50 {
            tokio::select! {
                biased;
                // Looked at once, then dropped.
                _ = store.commit(everything(&format!("{n:04}"))) => {}
                () = std::future::ready(()) => {}
            }
        }
        // Whatever was handed over before this is written before this.
        done(&store, everything("LAST")).await;
        for n in 0..50 {
            let there = written(&store, &format!("{n:04}")).await;
            assert!(there == 0 || there == 7, "batch {n}: {there} of 7");
        }
    }
}

#[tokio::test]
async fn what_was_committed_is_read_by_whoever_committed_it() {
    for store in each_store().await {
        for n in 0..100 {
            let value = n.to_string();
            done(
                &store,
                Batch::of(Write::Note {
                    name: "n".into(),
                    value: value.clone(),
                }),
            )
            .await;
            assert_eq!(store.note("n").await.unwrap(), Some(value));
        }
    }
}

#[tokio::test]
async fn a_commit_wakes_whoever_waits_and_a_refusal_does_not() {
    for store in each_store().await {
        let mut wakeups = store.wakeups();
        assert!(!wakeups.has_changed().unwrap());
        done(
            &store,
            Batch::of(Write::Note {
                name: "n".into(),
                value: "1".into(),
            }),
        )
        .await;
        wakeups.changed().await.unwrap();

        refused(
            &store,
            Batch::of(Write::Unlock {
                target: "prod".into(),
                since: at(0),
            }),
        )
        .await;
        assert!(!wakeups.has_changed().unwrap());
    }
}

#[tokio::test]
async fn a_claim_or_a_lease_wakes_nobody() {
    for store in each_store().await {
        done(&store, Batch::of(Write::NewOperation(operation("7F3K", "prod")))).await;
        let wakeups = store.wakeups();
        store
            .claim(&"7F3K".into(), &"one".into(), at(0), at(60))
            .await
            .unwrap()
            .unwrap();
        let second = countersign_core::time::Duration::from_secs(1);
        store
            .lease("watch", &"one".into(), at(0), second)
            .await
            .unwrap()
            .unwrap();
        assert!(
            !wakeups.has_changed().unwrap(),
            "what claims when it is woken would wake itself"
        );
    }
}
