//! Locks and holds.

use countersign_core::store::{Batch, Conflict, Require, Write};

use super::sample::{at, hold, lock};
use super::{done, each_store, refused};

fn free_for(person: &str, seconds: i64) -> Batch {
    Batch::default().require(Require::NotLocked {
        target: "prod".into(),
        except: person.into(),
        now: at(seconds),
    })
}

#[tokio::test]
async fn a_lock_keeps_others_out_but_not_its_holder() {
    for store in each_store().await {
        let alices = lock("prod", "alice", 0, None);
        done(&store, Batch::of(Write::Lock(alices.clone()))).await;
        assert_eq!(store.locks().await.unwrap(), std::slice::from_ref(&alices));
        done(&store, free_for("alice", 1)).await;
        assert_eq!(
            refused(&store, free_for("bob", 1)).await,
            Conflict::Locked(Box::new(alices.clone()))
        );
        let bobs = Batch::of(Write::Lock(lock("prod", "bob", 1, None)));
        assert_eq!(refused(&store, bobs).await, Conflict::Locked(Box::new(alices)));
    }
}

#[tokio::test]
async fn the_holder_may_lock_again_with_another_reason_and_end() {
    for store in each_store().await {
        done(&store, Batch::of(Write::Lock(lock("prod", "alice", 0, None)))).await;
        let renewed = lock("prod", "alice", 10, Some(20));
        done(&store, Batch::of(Write::Lock(renewed.clone()))).await;
        assert_eq!(store.locks().await.unwrap(), [renewed]);
    }
}

#[tokio::test]
async fn a_lock_that_has_ended_is_none() {
    for store in each_store().await {
        done(&store, Batch::of(Write::Lock(lock("prod", "alice", 0, Some(60))))).await;
        refused(&store, free_for("bob", 59)).await;
        done(&store, free_for("bob", 60)).await;
        refused(&store, Batch::of(Write::Lock(lock("prod", "bob", 59, None)))).await;
        let bobs = lock("prod", "bob", 60, None);
        done(&store, Batch::of(Write::Lock(bobs.clone()))).await;
        assert_eq!(store.locks().await.unwrap(), [bobs]);
    }
}

#[tokio::test]
async fn what_is_not_locked_cannot_be_unlocked() {
    for store in each_store().await {
        let unlock = Batch::of(Write::Unlock {
            target: "prod".into(),
            since: at(0),
        });
        assert_eq!(
            refused(&store, unlock.clone()).await,
            Conflict::NotLocked("prod".into())
        );
        let retaken = Batch::of(Write::Lock(lock("prod", "alice", 5, Some(9))));
        done(&store, retaken).await;
        assert_eq!(
            refused(&store, unlock.clone()).await,
            Conflict::NotLocked("prod".into()),
            "the lock was taken anew meanwhile"
        );
        done(&store, Batch::of(Write::Lock(lock("prod", "alice", 0, Some(1))))).await;
        done(&store, unlock).await;
        assert_eq!(store.locks().await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_hold_stands_in_place_of_an_earlier_one_until_it_is_released() {
    for store in each_store().await {
        let not_held = Batch::default().require(Require::NotHeld("prod".into()));
        let release = Batch::of(Write::ReleaseHold("prod".into()));
        done(&store, not_held.clone()).await;
        assert_eq!(
            refused(&store, release.clone()).await,
            Conflict::NotHeld("prod".into())
        );

        done(&store, Batch::of(Write::Hold(hold("prod", "v811")))).await;
        done(&store, Batch::of(Write::Hold(hold("prod", "v809")))).await;
        assert_eq!(store.holds().await.unwrap(), [hold("prod", "v809")]);
        assert_eq!(
            refused(&store, not_held.clone()).await,
            Conflict::Held(hold("prod", "v809"))
        );

        done(&store, release).await;
        done(&store, not_held).await;
        assert_eq!(store.holds().await.unwrap(), []);
    }
}
