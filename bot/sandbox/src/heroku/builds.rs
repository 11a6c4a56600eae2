//! Builds, to be followed. They cannot be started here: deploys go through GitHub (reference/domain.md §9).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use super::error::ApiError;
use super::paging::list;
use super::{Reply, find_app, shapes};
use crate::server::Shared;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/apps/{app}/builds", get(all))
        .route("/apps/{app}/builds/{build}", get(one))
}

async fn all(State(shared): State<Arc<Shared>>, Path(app): Path<String>, headers: HeaderMap) -> Reply {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let builds = app
        .builds
        .iter()
        .map(|build| shapes::build(&shared, app, build))
        .collect();
    list(builds, &["created_at", "started_at", "id"], &headers)
}

async fn one(State(shared): State<Arc<Shared>>, Path((app, build)): Path<(String, String)>) -> Reply {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let found = app.builds.iter().find(|it| it.id.to_string() == build);
    let found = found.ok_or_else(|| ApiError::not_found("Couldn't find that build."))?;
    Ok(Json(shapes::build(&shared, app, found)).into_response())
}
