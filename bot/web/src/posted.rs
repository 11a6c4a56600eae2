//! What the four handlers of POST have in common: the checks before a store is asked, in the order in which they cost.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use countersign_core::link::Visitor;
use countersign_core::text::{clip, visible};
use countersign_secrets::path_id::PathId;
use http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::answers::Refused;
use crate::limits::Doormat;
use crate::metrics::Metrics;
use crate::peer::Peer;
use crate::vault::Vault;
use crate::{body, origin, routes};

/// How much of a browser's name is kept.
const AGENT: usize = 200;

/// What the handlers work with. The pages do not have it.
#[derive(Clone)]
pub(crate) struct Counter {
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) doormat: Arc<Doormat>,
    pub(crate) metrics: Arc<Metrics>,
    /// Our own `Origin`.
    pub(crate) origin: Arc<str>,
    /// How long a body may take.
    pub(crate) patience: Duration,
}

/// A request that passed the checks.
pub(crate) struct Posted<T> {
    /// Nothing if what stands in its place is no id; then the answer is as for an unknown one.
    pub(crate) id: Option<PathId>,
    pub(crate) body: T,
    pub(crate) peer: Peer,
    agent: String,
}

impl Counter {
    /// Checks a request, and reads its body of at most `limit` bytes.
    pub(crate) async fn take<T: DeserializeOwned>(
        &self,
        request: Request,
        limit: usize,
    ) -> Result<Posted<T>, Refused> {
        let (parts, sent): (_, Body) = request.into_parts();
        // The listener puts it there; without it nobody could be counted, so nobody is let in.
        let peer = *parts.extensions.get::<Peer>().ok_or(Refused::TryAgain)?;
        self.doormat.post(peer).map_err(|wait| {
            self.metrics.refused("posts");
            Refused::SlowDown(wait)
        })?;
        if !origin::may_post(&parts.headers, &self.origin) {
            return Err(Refused::WrongOrigin);
        }
        let body = body::read(&parts.headers, sent, limit, self.patience).await?;
        Ok(Posted {
            id: routes::id(parts.uri.path()).parse().ok(),
            body,
            peer,
            agent: agent(&parts.headers),
        })
    }

    /// The id or the proof was wrong: the same answer, and one token fewer.
    pub(crate) fn not_found(&self, peer: Peer) -> Refused {
        match self.doormat.wrong_proof(peer) {
            Ok(()) => Refused::NotFound,
            Err(wait) => {
                self.metrics.refused("wrong_proofs");
                Refused::SlowDown(wait)
            }
        }
    }
}

impl<T> Posted<T> {
    /// Who it was, as the requester is told.
    pub(crate) fn visitor(&self) -> Visitor {
        Visitor {
            peer: self.peer.0.to_string(),
            agent: self.agent.clone(),
        }
    }
}

/// The browser's name for itself, made visible and clipped; it is hearsay.
fn agent(headers: &HeaderMap) -> String {
    let sent = headers.get(header::USER_AGENT);
    let sent = sent.map(|sent| String::from_utf8_lossy(sent.as_bytes()));
    let sent = sent.unwrap_or_default();
    clip(&visible(sent.trim()), AGENT).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browsers_name_cannot_hide_or_go_on_for_ever() {
        let named = |name: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, http::HeaderValue::from_bytes(name).unwrap());
            agent(&headers)
        };
        assert_eq!(
            named(b"Mozilla/5.0 (X11) Firefox/140.0"),
            "Mozilla/5.0 (X11) Firefox/140.0"
        );
        assert_eq!(named("a\u{202e}b".as_bytes()), "a<U+202E>b");
        assert_eq!(named(b"\xff"), "\u{fffd}");
        assert_eq!(named(&[b'x'; 3_000]).chars().count(), AGENT);
        assert_eq!(agent(&HeaderMap::new()), "");
    }
}
