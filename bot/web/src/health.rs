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

/// `/healthz` and `/readyz` for everybody: strangers hear whether the bot is ready, and not on which networks it is.
pub(crate) fn public(readiness: Ready) -> Router {
    Router::new()
        .route("/healthz", get(healthz).fallback(wrong_method))
        .route("/readyz", get(ready).fallback(wrong_method))
        .with_state(readiness)
}

/// The admin address: `/healthz`, `/readyz` with names, `/metrics`.
pub(crate) fn admin(readiness: Ready, metrics: Arc<Metrics>) -> Router {
    Router::new()
        .route("/metrics", get(scrape).fallback(wrong_method))
        .with_state(metrics)
        .route("/healthz", get(healthz).fallback(wrong_method))
        .route("/readyz", get(ready_by_name).fallback(wrong_method))
        .with_state(readiness)
        .fallback(|| async { Refused::NotFound })
}

async fn healthz() -> Response {
    answers::text(StatusCode::OK, "ok".to_owned())
}

async fn ready(State(readiness): State<Ready>) -> Response {
    readyz(&readiness.not_ready(), |_| "not ready".to_owned())
}

async fn ready_by_name(State(readiness): State<Ready>) -> Response {
    readyz(&readiness.not_ready(), |missing| missing.join("\n") + "\n")
}

fn readyz(missing: &[String], words: impl FnOnce(&[String]) -> String) -> Response {
    if missing.is_empty() {
        return answers::text(StatusCode::OK, "ok".to_owned());
    }
    answers::text(StatusCode::SERVICE_UNAVAILABLE, words(missing))
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
