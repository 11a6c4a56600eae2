//! `ETag` and `If-None-Match`, which both services know.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// Marks an answer to a read with the digest of its body, or says that it did not change since.
pub(crate) async fn tagged(method: &Method, asked: &HeaderMap, response: Response) -> Response {
    if method != Method::GET || !response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let Ok(body) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut hash = Sha256::new();
    hash.update(&body);
    // A page of a list differs from another page with the same items in what follows.
    for name in ["content-range", "link"] {
        hash.update(parts.headers.get(name).map_or(&b""[..], HeaderValue::as_bytes));
    }
    let tag = format!("W/\"{}\"", hex::encode(&hash.finalize()[..16]));
    let known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|value| value.to_str().ok());
    let unchanged =
        known.is_some_and(|known| known.split(',').any(|one| one.trim() == tag || one.trim() == "*"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        parts.headers.insert(header::ETAG, tag);
    }
    if unchanged {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(body))
}
