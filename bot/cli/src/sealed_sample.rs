//! For tests: a store in which something is sealed.

use std::path::Path;

use countersign_core::approval::Origin;
use countersign_core::drop_box::{DropBox, State};
use countersign_core::link::Visitor;
use countersign_core::message::{Account, Assurance, Place};
use countersign_core::store::{Batch, Store as _, Write};
use countersign_core::time::from_millis;
use countersign_secrets::at_rest::{SealingKey, SealingKeys};
use countersign_secrets::drop_box::Filling;
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::LinkProof;
use countersign_store::Sqlite;

use crate::STORE_FILE;

/// The key of this digit.
pub(crate) fn key(digit: char) -> SealingKey {
    SealingKey::of(&digit.to_string().repeat(64).into()).unwrap()
}

/// A store in this folder with a drop box that is filled and waits; its key is sealed with the key of this digit.
pub(crate) async fn store_sealed_with(folder: &Path, digit: char) -> Sqlite {
    let store = Sqlite::open(folder.join(STORE_FILE)).await.unwrap();
    let account = Account {
        network: "irc".into(),
        name: "alice".into(),
    };
    let place = Place::Direct(account.clone());
    let open = DropBox {
        id: "K7QM2X".into(),
        path: PathId([1; 16]),
        header: "{}".into(),
        link: LinkProof::parse(&"A".repeat(43)).unwrap().digest(),
        public: "04".repeat(65),
        private: Some(SealingKeys::new(key(digit), Vec::new()).seal("a test", [7; 12], b"secret")),
        content: None,
        owner: "alice".into(),
        origin: Origin {
            place: place.clone(),
            account: Some(account),
            assurance: Assurance::Account,
            nick: "alice".into(),
            message: "m-1".into(),
        },
        sent_to: place,
        purpose: "the value of NEW_KEY on stage".into(),
        target: Some("stage".into()),
        then: "config set stage NEW_KEY --box K7QM2X".into(),
        by_itself: true,
        state: State::Open,
        made: from_millis(0),
        expires: from_millis(4_102_444_800_000),
        version: 0,
    };
    let batch = |write| Batch {
        writes: vec![write],
        ..Batch::default()
    };
    store
        .commit(batch(Write::NewBox(Box::new(open.clone()))))
        .await
        .unwrap();
    let filled = DropBox {
        content: Some(Filling {
            key: [4; 65],
            nonce: [7; 12],
            ciphertext: b"dropped".to_vec(),
        }),
        state: State::Filled {
            at: from_millis(60_000),
            by: Visitor {
                peer: "10.2.3.4".into(),
                agent: "Firefox".into(),
            },
            planned: false,
            request: None,
        },
        ..open
    };
    store.commit(batch(Write::Box(Box::new(filled)))).await.unwrap();
    store
}
