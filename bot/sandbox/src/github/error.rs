//! GitHub's errors. Everything that is wrong with moving a branch is a 422 that differs in its text only
//! (reference/domain.md §4).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::world::MoveError;

/// An error as GitHub tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ApiError {
    status: StatusCode,
    message: String,
}

impl ApiError {
    fn new(status: StatusCode, message: &str) -> Self {
        Self {
            status,
            message: message.to_owned(),
        }
    }

    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    pub(super) fn bad_credentials() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Bad credentials")
    }

    pub(super) fn no_user_agent() -> Self {
        let message = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub(super) fn bad_json() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Problems parsing JSON")
    }

    pub(super) fn unprocessable(message: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    pub(super) fn no_commit(reference: &str) -> Self {
        Self::unprocessable(&format!("No commit found for SHA: {reference}"))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = json!({
            "message": self.message,
            "documentation_url": "https://docs.github.com/rest",
            "status": self.status.as_str(),
        });
        (self.status, Json(body)).into_response()
    }
}

impl From<MoveError> for ApiError {
    fn from(error: MoveError) -> Self {
        Self::unprocessable(&error.to_string())
    }
}
