//! The GitHub REST API, as far as a bot that moves deploy branches needs it (reference/domain.md §4).
//!
//! It translates between HTTP and the repository of the world. One file per resource.

mod ci;
mod commits;
mod compare;
mod error;
mod paging;
mod refs;
mod shapes;
mod trees;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use self::error::ApiError;
use crate::etag;
use crate::server::Shared;
use crate::world::{Commit, Repository, World};

/// An answer or an error.
type Reply<T = Response> = Result<T, ApiError>;

pub(crate) fn routes(shared: &Arc<Shared>) -> Router<Arc<Shared>> {
    let repository = Router::new()
        .route("/", get(repository))
        .merge(ci::routes())
        .merge(commits::routes())
        .merge(compare::routes())
        .merge(refs::routes())
        .merge(trees::routes());
    Router::new()
        .route(
            "/user",
            get(|| async { Json(json!({ "login": "countersign-bot", "id": 1, "type": "User" })) }),
        )
        .route("/rate_limit", get(rate_limit))
        .nest("/repos/{owner}/{repo}", repository)
        .fallback(|| async { ApiError::not_found() })
        .layer(from_fn_with_state(Arc::clone(shared), around))
}

/// What is the same for all requests: credentials first, headers last.
async fn around(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let (method, asked) = (request.method().clone(), request.headers().clone());
    let response = match admit(&shared, &asked) {
        Ok(()) => etag::tagged(&method, &asked, next.run(request).await).await,
        Err(error) => error.into_response(),
    };
    with_headers(&shared, response)
}

fn admit(shared: &Shared, asked: &HeaderMap) -> Reply<()> {
    let authorization = asked
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let token = authorization
        .strip_prefix("Bearer ")
        .or_else(|| authorization.strip_prefix("token "));
    match token {
        _ if !asked.contains_key(header::USER_AGENT) => Err(ApiError::no_user_agent()),
        Some(token) if token == shared.tokens.github => Ok(()),
        _ => Err(ApiError::bad_credentials()),
    }
}

fn with_headers(shared: &Shared, mut response: Response) -> Response {
    let id = format!("C0DE:{:04X}:{0:06X}", shared.next_request());
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert("x-github-request-id", id);
    }
    headers.insert(
        "x-github-media-type",
        HeaderValue::from_static("github.v3; format=json"),
    );
    headers.insert("x-ratelimit-limit", HeaderValue::from_static("5000"));
    headers.insert("x-ratelimit-remaining", HeaderValue::from_static("4999"));
    let reset = shared.world().now().as_second() + 3600;
    headers.insert("x-ratelimit-reset", HeaderValue::from(reset));
    response
}

async fn rate_limit(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let reset = shared.world().now().as_second() + 3600;
    let core = json!({ "limit": 5000, "remaining": 4999, "reset": reset, "used": 1 });
    Json(json!({ "resources": { "core": core }, "rate": core }))
}

async fn repository(
    State(shared): State<Arc<Shared>>,
    axum::extract::Path(at): axum::extract::Path<At>,
) -> Reply {
    let world = shared.world();
    let repository = at.repository(&world)?;
    Ok(Json(json!({
        "id": 8_231_961,
        "name": repository.name,
        "full_name": format!("{}/{}", repository.owner, repository.name),
        "private": false,
        "owner": { "login": repository.owner, "type": "Organization" },
        "html_url": shapes::html_url(repository, ""),
        "default_branch": "master",
        "archived": false,
        "permissions": { "admin": false, "maintain": false, "push": true, "triage": true, "pull": true },
    }))
    .into_response())
}

/// The beginning of every path.
#[derive(Debug, Deserialize)]
struct At {
    owner: String,
    repo: String,
}

impl At {
    fn repository<'a>(&self, world: &'a World) -> Reply<&'a Repository> {
        let repository = world.repository();
        let is_it = self.owner.eq_ignore_ascii_case(repository.owner)
            && self.repo.eq_ignore_ascii_case(repository.name);
        is_it.then_some(repository).ok_or_else(ApiError::not_found)
    }
}

/// The same, followed by a branch or a commit.
#[derive(Debug, Deserialize)]
struct AtCommit {
    #[serde(flatten)]
    at: At,
    reference: String,
}

impl AtCommit {
    fn commit<'a>(&self, world: &'a World) -> Reply<(&'a Repository, &'a Commit)> {
        let repository = self.at.repository(world)?;
        let commit = repository.resolve(&self.reference);
        let commit = commit.ok_or_else(|| ApiError::no_commit(&self.reference))?;
        Ok((repository, commit))
    }
}
