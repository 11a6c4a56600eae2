//! Slugs, which know the commit they were built from.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use super::{Reply, find_app, shapes};
use crate::server::Shared;
use crate::world::Refusal;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/apps/{app}/slugs/{slug}", get(one))
}

async fn one(State(shared): State<Arc<Shared>>, Path((app, slug)): Path<(String, String)>) -> Reply {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let found = slug.parse().ok().and_then(|id| app.slug(id));
    let found = found.ok_or(Refusal::NoSlug)?;
    Ok(Json(shapes::slug(app, found)).into_response())
}
