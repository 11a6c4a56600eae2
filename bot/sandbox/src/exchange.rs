//! One request and its answer: carries out a fault if one is ordered, takes turns, and keeps the record of calls.
//!
//! It knows nothing of what is asked for.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::connection::Cutter;
use crate::fault::{Answer, Break, Fault};
use crate::server::Shared;

/// No body of either service comes near this.
const LARGEST_BODY: usize = 1 << 20;

/// A request that was meant to change something.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// Counts the calls, from 1.
    pub number: usize,
    /// When it was answered, in the sandbox's time.
    pub at: Timestamp,
    /// Its method.
    pub method: String,
    /// Its path and query.
    pub path: String,
    /// Its body, `null` if it has none or it is not JSON.
    pub body: Value,
    /// The status of the answer, even if that was lost; `null` if nothing was done for it.
    pub status: Option<u16>,
    /// Whether anything changed.
    pub effect: bool,
}

/// The path and query as they were sent, which routes below a prefix do not see.
#[derive(Debug, Clone)]
pub(crate) struct FullUri(pub(crate) http::Uri);

/// The middleware around both services.
pub(crate) async fn exchange(
    State(shared): State<Arc<Shared>>,
    ConnectInfo(cutter): ConnectInfo<Cutter>,
    request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    parts.extensions.insert(FullUri(parts.uri.clone()));
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let Some(hit) = shared.faults.strike(&parts.method, parts.uri.path()) else {
        return perform(&shared, parts, body, next).await;
    };
    tracing::debug!(method = %parts.method, path = parts.uri.path(), fault = ?hit.fault, "fault");
    match &hit.fault {
        Fault::Delay { delay_ms } => {
            shared.faults.land(&hit);
            tokio::time::sleep(Duration::from_millis(*delay_ms)).await;
            perform(&shared, parts, body, next).await
        }
        Fault::Answer(answer) => {
            shared.record(&parts, &body, Some(answer.status), false);
            shared.faults.land(&hit);
            answer_instead(answer)
        }
        Fault::Break(Break::Cut) => {
            shared.record(&parts, &body, None, false);
            shared.faults.land(&hit);
            cut(&cutter).await
        }
        Fault::Break(Break::LostReply) => {
            perform(&shared, parts, body, next).await;
            shared.faults.land(&hit);
            cut(&cutter).await
        }
        Fault::Break(Break::HangBefore) => {
            shared.record(&parts, &body, None, false);
            shared.faults.land(&hit);
            hit.cleared().await;
            cut(&cutter).await
        }
        Fault::Break(Break::HangAfter) => {
            let response = perform(&shared, parts, body, next).await;
            shared.faults.land(&hit);
            hit.cleared().await;
            response
        }
    }
}

/// Lets the service answer. One request at a time: what changed meanwhile is what it changed.
async fn perform(shared: &Shared, parts: Parts, body: Bytes, next: Next) -> Response {
    let _turn = shared.turn.lock().await;
    let before = shared.world().changes();
    let request = Request::from_parts(parts.clone(), Body::from(body.clone()));
    let response = next.run(request).await;
    let effect = shared.world().changes() != before;
    shared.record(&parts, &body, Some(response.status().as_u16()), effect);
    response
}

/// Cuts the connection. The answer is never sent: the connection drops whoever waits for it.
async fn cut(cutter: &Cutter) -> Response {
    cutter.cut();
    std::future::pending().await
}

fn answer_instead(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let said = json!({
        "id": answer.id.as_deref().unwrap_or("sandbox_fault"),
        "message": answer.message.as_deref().unwrap_or("The sandbox was asked to answer this."),
    });
    let mut response = (status, axum::Json(answer.body.clone().unwrap_or(said))).into_response();
    for (name, value) in &answer.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

impl Shared {
    /// Keeps a call in mind, unless it only reads.
    fn record(&self, parts: &Parts, body: &[u8], status: Option<u16>, effect: bool) {
        if parts.method == Method::GET || parts.method == Method::HEAD {
            return;
        }
        let at = self.world().now();
        let mut calls = self.calls();
        let path = parts
            .uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str);
        let number = calls.len() + 1;
        calls.push(Call {
            number,
            at,
            method: parts.method.to_string(),
            path: path.to_owned(),
            body: serde_json::from_slice(body).unwrap_or_default(),
            status,
            effect,
        });
    }
}
