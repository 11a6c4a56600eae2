//! `/d/{id}/status` and `/d/{id}/fill`.

use axum::extract::{Request, State};
use axum::response::Response;
use countersign_core::door::Filled;
use countersign_core::time::Timestamp;
use countersign_secrets::base64url;
use countersign_secrets::drop_box::MOST;
use http::StatusCode;
use serde::Serialize;

use crate::answers::{Refused, json};
use crate::body::{self, LARGE, SMALL};
use crate::links::gone;
use crate::posted::Counter;
use crate::vault;

/// What a box is for, and the key to encrypt to. Changes nothing.
pub(crate) async fn status(State(counter): State<Counter>, request: Request) -> Result<Response, Refused> {
    #[derive(Serialize)]
    struct Status {
        header: String,
        public_key: String,
        state: &'static str,
        at: Option<i64>,
        /// Of what is put in, before it is padded and encrypted.
        max_bytes: usize,
    }
    let posted = counter.take::<body::Status>(request, SMALL).await?;
    let peer = posted.peer;
    let id = posted.id.ok_or_else(|| counter.not_found(peer))?;
    let found = vault::ask(&counter.vault, |vault| async move {
        vault.box_status(&id, &posted.body.link).await
    });
    let status = found.await?.ok_or_else(|| counter.not_found(peer))?;
    let body = Status {
        header: status.header,
        public_key: base64url::encode(&status.public_key),
        state: status.state,
        at: status.at.map(Timestamp::as_millisecond),
        max_bytes: MOST,
    };
    Ok(json(StatusCode::OK, &body))
}

/// Fills a box, once.
pub(crate) async fn fill(State(counter): State<Counter>, request: Request) -> Result<Response, Refused> {
    #[derive(Serialize)]
    struct Taken {
        sha256: String,
    }
    #[derive(Serialize)]
    struct Unreadable {
        error: &'static str,
    }
    let posted = counter.take::<body::Fill>(request, LARGE).await?;
    let (peer, visitor) = (posted.peer, posted.visitor());
    let id = posted.id.ok_or_else(|| counter.not_found(peer))?;
    let came = vault::ask(&counter.vault, |vault| async move {
        let (link, content) = posted.body.into_parts();
        vault.fill(&id, &link, content, &visitor).await
    });
    Ok(match came.await? {
        Filled::Taken { sha256 } => json(StatusCode::OK, &Taken { sha256 }),
        Filled::Unreadable => {
            let error = "unreadable";
            json(StatusCode::UNPROCESSABLE_ENTITY, &Unreadable { error })
        }
        Filled::Gone(ending) => gone(ending),
        Filled::NotFound => return Err(counter.not_found(peer)),
    })
}
