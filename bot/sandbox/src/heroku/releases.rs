//! Releases: the history of an app, and how to go back in it.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use uuid::Uuid;

use super::error::ApiError;
use super::paging::list;
use super::{Reply, find_app, parse, shapes};
use crate::server::Shared;
use crate::world::{App, BOT, Refusal, Release};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/apps/{app}/releases", get(all).post(create))
        .route("/apps/{app}/releases/{release}", get(one))
}

/// The release with this id or version.
pub(super) fn find<'a>(app: &'a App, id_or_version: &str) -> Reply<&'a Release> {
    let by_id = || id_or_version.parse().ok().and_then(|id| app.release_by_id(id));
    let by_version = || {
        id_or_version
            .parse()
            .ok()
            .and_then(|version| app.release_by_version(version))
    };
    by_id()
        .or_else(by_version)
        .ok_or_else(|| Refusal::NoRelease.into())
}

async fn all(State(shared): State<Arc<Shared>>, Path(app): Path<String>, headers: HeaderMap) -> Reply {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let releases = app
        .releases
        .iter()
        .map(|release| shapes::release(&shared, app, release));
    list(releases.collect(), &["version", "id"], &headers)
}

async fn one(State(shared): State<Arc<Shared>>, Path((app, release)): Path<(String, String)>) -> Reply {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    Ok(Json(shapes::release(&shared, app, find(app, &release)?)).into_response())
}

/// Either a slug to release again or a release to go back to.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Create {
    slug: Option<Uuid>,
    description: Option<String>,
    /// An id; `v12` and `12` are not, other than in the path of a release (reference/domain.md §2.3).
    release: Option<Uuid>,
}

async fn create(State(shared): State<Arc<Shared>>, Path(app): Path<String>, body: Bytes) -> Reply {
    let Create {
        slug,
        description,
        release,
    } = parse(&body)?;
    let mut world = shared.world();
    let made = match (slug, release) {
        (None, Some(release)) => world.roll_back(&app, release, BOT)?,
        (Some(slug), None) => world.release_slug(&app, slug, description, BOT)?,
        _ => {
            return Err(ApiError::invalid_params(
                "Exactly one of slug and release is needed.",
            ));
        }
    };
    let id = made.id;
    let app = find_app(&world, &app)?;
    let made = find(app, &id.to_string())?;
    Ok((StatusCode::CREATED, Json(shapes::release(&shared, app, made))).into_response())
}
