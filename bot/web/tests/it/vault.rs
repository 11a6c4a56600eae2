//! A vault with one link and one box in it, whose answers tests choose.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::door::{BoxStatus, Filled, LinkStatus, Redemption};
use countersign_core::link::Visitor;
use countersign_core::store::StoreError;
use countersign_core::time::from_millis;
use countersign_secrets::drop_box::Filling;
use countersign_secrets::key::LinkKey;
use countersign_secrets::link::link_proof;
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::{AuthProof, LinkProof};
use countersign_web::Vault;
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;

/// The header of the link and of the box, byte for byte as it must come back.
pub(crate) const HEADER: &str = r#"{"from":"bob","title":"DATABASE_URL of \"prod\"","v":1}"#;

pub(crate) struct OneOfEach {
    pub(crate) id: PathId,
    proof: LinkProof,
    pub(crate) redemptions: Mutex<VecDeque<Redemption>>,
    pub(crate) fillings: Mutex<VecDeque<Filled>>,
    pub(crate) fails: Mutex<bool>,
    pub(crate) visitors: Mutex<Vec<Visitor>>,
    /// Questions wait here for a permit.
    pub(crate) gate: Semaphore,
    /// Each question leaves a permit here when it comes.
    pub(crate) came: Semaphore,
}

impl OneOfEach {
    pub(crate) fn new() -> Arc<Self> {
        let id = PathId([9; 16]);
        Arc::new(Self {
            proof: link_proof(&id, &LinkKey::new([3; 32])),
            id,
            redemptions: Mutex::default(),
            fillings: Mutex::default(),
            fails: Mutex::new(false),
            visitors: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            came: Semaphore::new(0),
        })
    }

    /// The right proof, as it stands in bodies.
    pub(crate) fn proof(&self) -> String {
        self.proof.text().expose_secret().to_owned()
    }

    async fn is(&self, id: &PathId, proof: &LinkProof) -> Result<bool, StoreError> {
        self.came.add_permits(1);
        self.gate.acquire().await.unwrap().forget();
        self.gate.add_permits(1);
        if *self.fails.lock().unwrap() {
            return Err(StoreError::Unavailable {
                words: "looking for a link".to_owned(),
                source: "the disk is gone".into(),
            });
        }
        Ok(*id == self.id && self.proof.digest().is_of(proof))
    }
}

#[async_trait]
impl Vault for OneOfEach {
    async fn link_status(&self, id: &PathId, proof: &LinkProof) -> Result<Option<LinkStatus>, StoreError> {
        Ok(self.is(id, proof).await?.then(|| LinkStatus {
            header: HEADER.to_owned(),
            state: "live",
            at: None,
            attempts_left: 5,
        }))
    }

    async fn redeem(
        &self,
        id: &PathId,
        proof: &LinkProof,
        _: &AuthProof,
        by: &Visitor,
    ) -> Result<Redemption, StoreError> {
        if !self.is(id, proof).await? {
            return Ok(Redemption::NotFound);
        }
        self.visitors.lock().unwrap().push(by.clone());
        Ok(self
            .redemptions
            .lock()
            .unwrap()
            .pop_front()
            .expect("a redemption was chosen"))
    }

    async fn box_status(&self, id: &PathId, proof: &LinkProof) -> Result<Option<BoxStatus>, StoreError> {
        Ok(self.is(id, proof).await?.then(|| BoxStatus {
            header: HEADER.to_owned(),
            public_key: [4; 65],
            state: "filled",
            at: Some(from_millis(1_800_000_000_123)),
        }))
    }

    async fn fill(
        &self,
        id: &PathId,
        proof: &LinkProof,
        _: Filling,
        by: &Visitor,
    ) -> Result<Filled, StoreError> {
        if !self.is(id, proof).await? {
            return Ok(Filled::NotFound);
        }
        self.visitors.lock().unwrap().push(by.clone());
        Ok(self
            .fillings
            .lock()
            .unwrap()
            .pop_front()
            .expect("a filling was chosen"))
    }
}
