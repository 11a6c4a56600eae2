//! Notes and the keys of announcements.

use countersign_core::store::{Batch, Conflict, Write};

use super::sample::at;
use super::{done, each_store, refused};

#[tokio::test]
async fn a_note_is_what_was_written_last() {
    for store in each_store().await {
        let note = |value: &str| {
            Batch::of(Write::Note {
                name: "prod releases".into(),
                value: value.into(),
            })
        };
        assert_eq!(store.note("prod releases").await.unwrap(), None);
        done(&store, note("v811")).await;
        done(&store, note("v812")).await;
        assert_eq!(
            store.note("prod releases").await.unwrap().as_deref(),
            Some("v812")
        );
    }
}

#[tokio::test]
async fn an_announcement_is_decided_once() {
    for store in each_store().await {
        let key = "release/prod/v813";
        let announce = Batch::of(Write::Announce {
            key: key.into(),
            at: at(0),
        });
        assert!(!store.announced(key).await.unwrap());
        done(&store, announce.clone()).await;
        assert!(store.announced(key).await.unwrap());
        assert_eq!(refused(&store, announce).await, Conflict::Announced(key.into()));
    }
}
