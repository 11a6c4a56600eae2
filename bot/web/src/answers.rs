//! Replies: JSON, and refusals that are always the same bytes.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::limits::SlowDown;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What is answered where nothing else is. None of it tells whether a link exists, except to who holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// The body is not what this address takes; the words never quote it.
    BadRequest(&'static str),
    /// From another site's page, or from a page that hides where it is from.
    WrongOrigin,
    /// Unknown, malformed, or the proof is wrong.
    NotFound,
    /// The body did not come in time.
    TooSlow,
    /// The body is longer than anything that belongs here.
    TooLarge,
    /// The content type is not JSON.
    NotJson,
    /// The peer asked too often.
    SlowDown(SlowDown),
    /// The store does not answer.
    TryAgain,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::BadRequest(words) => {
                #[derive(Serialize)]
                struct Bad {
                    error: &'static str,
                    words: &'static str,
                }
                let error = "bad_request";
                return json(StatusCode::BAD_REQUEST, &Bad { error, words });
            }
            Self::WrongOrigin => (StatusCode::FORBIDDEN, r#"{"error":"wrong_origin"}"#),
            Self::NotFound => (StatusCode::NOT_FOUND, r#"{"error":"not_found"}"#),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, r#"{"error":"too_slow"}"#),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, r#"{"error":"too_large"}"#),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, r#"{"error":"not_json"}"#),
            Self::SlowDown(_) => (StatusCode::TOO_MANY_REQUESTS, r#"{"error":"slow_down"}"#),
            Self::TryAgain => (StatusCode::SERVICE_UNAVAILABLE, r#"{"error":"try_again"}"#),
        };
        let mut response = (status, [(header::CONTENT_TYPE, JSON)], body).into_response();
        if let Self::SlowDown(SlowDown(wait)) = self {
            // Rounded up: who comes back then is let in.
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            let seconds = HeaderValue::from(seconds.max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        if matches!(self, Self::TooSlow | Self::TooLarge) {
            // What is still to come of the body is not waited for.
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// A JSON reply.
pub(crate) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => (status, [(header::CONTENT_TYPE, JSON)], bytes).into_response(),
        Err(_) => Refused::TryAgain.into_response(),
    }
}

/// A line of plain text for machines that look after the bot.
pub(crate) fn text(status: StatusCode, body: String) -> Response {
    let plain = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, plain, body).into_response()
}

/// 405, with the methods that there are.
pub(crate) fn wrong_method(allowed: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, JSON),
        (header::ALLOW, HeaderValue::from_static(allowed)),
    ];
    let body = r#"{"error":"wrong_method"}"#;
    (StatusCode::METHOD_NOT_ALLOWED, headers, body).into_response()
}
