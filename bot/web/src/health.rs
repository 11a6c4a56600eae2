//! Is the process there, is it of use, and how is it doing.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use http::{StatusCode, header};

use crate::answers::{self, Refused};
use crate::metrics::Metrics;

/// Whether the bot hears and is heard.
pub trait Readiness: Send + Sync {
    /// What is not ready, a name each (`libera`); empty when all is.
    fn not_ready(&self) -> Vec<String>;
}

/// Readiness behind a pointer that routers can share.
pub(crate) type Ready = Arc<dyn Readiness>;

/// `/healthz` and `/readyz`, on both addresses.
pub(crate) fn router(readiness: Ready) -> Router {
    Router::new()
        .route("/healthz", get(healthz).fallback(wrong_method))
        .route("/readyz", get(readyz).fallback(wrong_method))
        .with_state(readiness)
}

/// The admin address: the same, and `/metrics`.
pub(crate) fn admin(readiness: Ready, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/metrics", get(scrape).fallback(wrong_method))
        .with_state(metrics)
        .merge(router(readiness))
        .fallback(|| async { Refused::NotFound })
}

async fn healthz() -> Response {
    answers::text(StatusCode::OK, "ok".to_owned())
}

async fn readyz(State(readiness): State<Ready>) -> Response {
    let missing = readiness.not_ready();
    if missing.is_empty() {
        return answers::text(StatusCode::OK, "ok".to_owned());
    }
    answers::text(StatusCode::SERVICE_UNAVAILABLE, missing.join("\n") + "\n")
}

async fn scrape(State(metrics): State<Arc<Metrics>>) -> Response {
    let open_metrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match metrics.text().await {
        Ok(text) => ([(header::CONTENT_TYPE, open_metrics)], text).into_response(),
        Err(_) => Refused::TryAgain.into_response(),
    }
}

async fn wrong_method() -> Response {
    answers::wrong_method("GET, HEAD")
}
