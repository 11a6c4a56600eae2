//! `/s/{id}/status` and `/s/{id}/redeem`.

use axum::extract::{Request, State};
use axum::response::Response;
use countersign_core::door::{Ending, Redemption};
use countersign_core::time::Timestamp;
use countersign_secrets::base64url;
use http::StatusCode;
use serde::Serialize;

use crate::answers::{Refused, json};
use crate::body::{self, SMALL};
use crate::posted::Counter;
use crate::vault;

/// A link or a box that has ended.
#[derive(Serialize)]
struct Gone {
    error: &'static str,
    state: &'static str,
    /// Milliseconds since 1970.
    at: i64,
}

/// 410, with how and when it ended; only who has the address hears it.
pub(crate) fn gone(ending: Ending) -> Response {
    let body = Gone {
        error: "gone",
        state: ending.state,
        at: ending.at.as_millisecond(),
    };
    json(StatusCode::GONE, &body)
}

/// What a link is, from whom, until when. Changes nothing.
pub(crate) async fn status(State(counter): State<Counter>, request: Request) -> Result<Response, Refused> {
    #[derive(Serialize)]
    struct Status {
        header: String,
        state: &'static str,
        at: Option<i64>,
        attempts_left: u8,
    }
    let posted = counter.take::<body::Status>(request, SMALL).await?;
    let peer = posted.peer;
    let id = posted.id.ok_or_else(|| counter.not_found(peer))?;
    let found = vault::ask(&counter.vault, |vault| async move {
        vault.link_status(&id, &posted.body.link).await
    });
    let status = found.await?.ok_or_else(|| counter.not_found(peer))?;
    let body = Status {
        header: status.header,
        state: status.state,
        at: status.at.map(Timestamp::as_millisecond),
        attempts_left: status.attempts_left,
    };
    Ok(json(StatusCode::OK, &body))
}

/// Opens a link, once.
pub(crate) async fn redeem(State(counter): State<Counter>, request: Request) -> Result<Response, Refused> {
    #[derive(Serialize)]
    struct Opened {
        nonce: String,
        ct: String,
    }
    #[derive(Serialize)]
    struct WrongPhrase {
        error: &'static str,
        attempts_left: u8,
    }
    let posted = counter.take::<body::Redeem>(request, SMALL).await?;
    let (peer, visitor) = (posted.peer, posted.visitor());
    let id = posted.id.ok_or_else(|| counter.not_found(peer))?;
    let came = vault::ask(&counter.vault, |vault| async move {
        let body = posted.body;
        vault.redeem(&id, &body.link, &body.auth, &visitor).await
    });
    Ok(match came.await? {
        Redemption::Opened { nonce, ciphertext } => {
            let body = Opened {
                nonce: base64url::encode(&nonce),
                ct: base64url::encode(&ciphertext),
            };
            json(StatusCode::OK, &body)
        }
        Redemption::WrongPhrase { attempts_left } => {
            let body = WrongPhrase {
                error: "wrong_phrase",
                attempts_left,
            };
            json(StatusCode::FORBIDDEN, &body)
        }
        Redemption::Gone(ending) => gone(ending),
        Redemption::NotFound => return Err(counter.not_found(peer)),
    })
}
