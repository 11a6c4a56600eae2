//! What can be asked about links and boxes. Only the four handlers of POST hold one.

use std::sync::Arc;

use arc_swap::ArcSwap;
use async_trait::async_trait;
use countersign_core::door::{BoxStatus, Door, Filled, LinkStatus, Redemption};
use countersign_core::link::Visitor;
use countersign_core::store::StoreError;
use countersign_secrets::drop_box::Filling;
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::{AuthProof, LinkProof};

use crate::answers::Refused;
use crate::error::causes;

/// Core's door, or a test's. A reload of the configuration may swap the door behind it.
#[async_trait]
pub trait Vault: Send + Sync {
    /// See [`Door::link_status`].
    async fn link_status(&self, id: &PathId, proof: &LinkProof) -> Result<Option<LinkStatus>, StoreError>;

    /// See [`Door::redeem`].
    async fn redeem(
        &self,
        id: &PathId,
        proof: &LinkProof,
        auth: &AuthProof,
        by: &Visitor,
    ) -> Result<Redemption, StoreError>;

    /// See [`Door::box_status`].
    async fn box_status(&self, id: &PathId, proof: &LinkProof) -> Result<Option<BoxStatus>, StoreError>;

    /// See [`Door::fill`].
    async fn fill(
        &self,
        id: &PathId,
        proof: &LinkProof,
        content: Filling,
        by: &Visitor,
    ) -> Result<Filled, StoreError>;
}

#[async_trait]
impl Vault for ArcSwap<Door> {
    async fn link_status(&self, id: &PathId, proof: &LinkProof) -> Result<Option<LinkStatus>, StoreError> {
        self.load_full().link_status(id, proof).await
    }

    async fn redeem(
        &self,
        id: &PathId,
        proof: &LinkProof,
        auth: &AuthProof,
        by: &Visitor,
    ) -> Result<Redemption, StoreError> {
        self.load_full().redeem(id, proof, auth, by).await
    }

    async fn box_status(&self, id: &PathId, proof: &LinkProof) -> Result<Option<BoxStatus>, StoreError> {
        self.load_full().box_status(id, proof).await
    }

    async fn fill(
        &self,
        id: &PathId,
        proof: &LinkProof,
        content: Filling,
        by: &Visitor,
    ) -> Result<Filled, StoreError> {
        self.load_full().fill(id, proof, content, by).await
    }
}

/// Asks the vault in a task of its own: a client that goes away must not stop a transaction half-way.
pub(crate) async fn ask<T, F>(
    vault: &Arc<dyn Vault>,
    question: impl FnOnce(Arc<dyn Vault>) -> F,
) -> Result<T, Refused>
where
    T: Send + 'static,
    F: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    match tokio::spawn(question(Arc::clone(vault))).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => {
            tracing::error!(why = causes(&error), "the store did not answer the web side");
            Err(Refused::TryAgain)
        }
        Err(_) => {
            tracing::error!("a question of the web side to the store ended in a panic");
            Err(Refused::TryAgain)
        }
    }
}
