//! The Heroku Platform API, version 3, as far as a bot that deploys needs it (reference/domain.md §2).
//!
//! It translates between HTTP and the world, and decides nothing that the world could decide. One file per resource.

mod account;
mod addons;
mod apps;
mod builds;
mod config_vars;
mod dynos;
mod error;
mod formation;
mod kolkrabbi;
mod logs;
mod paging;
mod releases;
mod shapes;
mod slugs;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use self::error::ApiError;
use crate::etag;
use crate::server::Shared;
use crate::world::{App, Refusal, World, uuid_of};

/// An answer or an error.
type Reply<T = Response> = Result<T, ApiError>;

/// What is left of the pool of requests. It never runs dry here: order a fault to try that.
const RATE_LIMIT_REMAINING: &str = "4499";

pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    Router::new()
        .merge(account::routes())
        .merge(addons::routes())
        .merge(apps::routes())
        .merge(builds::routes())
        .merge(config_vars::routes())
        .merge(dynos::routes())
        .merge(formation::routes())
        .merge(kolkrabbi::routes())
        .merge(logs::routes())
        .merge(releases::routes())
        .merge(slugs::routes())
        .fallback(|| async { ApiError::not_found("The requested API endpoint was not found.") })
        .layer(from_fn_with_state(Arc::clone(shared), around))
        .merge(logs::streams())
}

/// What is the same for all requests: credentials and version first, headers last.
async fn around(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (method, asked) = (request.method().clone(), request.headers().clone());
    let response = match admit(&shared, &asked) {
        Ok(()) => etag::tagged(&method, &asked, next.run(request).await).await,
        Err(error) => error.into_response(),
    };
    with_headers(&shared, response)
}

fn admit(shared: &Shared, asked: &HeaderMap) -> Reply<()> {
    let text = |name| {
        asked
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
            .unwrap_or("")
    };
    let token = text(header::AUTHORIZATION).strip_prefix("Bearer ");
    if token != Some(shared.tokens.heroku.as_str()) {
        return Err(ApiError::unauthorized());
    }
    // The CLI also sends `version=3.sdk`.
    if !text(header::ACCEPT).contains("version=3") {
        return Err(ApiError::not_acceptable());
    }
    Ok(())
}

fn with_headers(shared: &Shared, mut response: Response) -> Response {
    let id = uuid_of("heroku-request", &shared.next_request().to_string()).to_string();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("request-id", id);
    }
    headers.insert(
        "ratelimit-remaining",
        HeaderValue::from_static(RATE_LIMIT_REMAINING),
    );
    response
}

/// The app with this name or id.
fn find_app<'a>(world: &'a World, app: &str) -> Reply<&'a App> {
    world.app(app).ok_or_else(|| Refusal::NoApp.into())
}

/// The body of a request; an empty one counts as `{}`.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Reply<T> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ApiError::invalid_params(&error.to_string()),
        _ => ApiError::bad_request("Unable to parse the JSON request."),
    })
}
