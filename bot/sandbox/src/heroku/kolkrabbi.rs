//! The GitHub side of Heroku, which the public API leaves out: automatic deploys of an app.
//!
//! The real one is a host of its own, undocumented and without a promise (reference/domain.md §2.7); here it is the
//! prefix `/kolkrabbi`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::{Reply, find_app, parse};
use crate::server::Shared;
use crate::world::{App, BOT, World, uuid_of};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/kolkrabbi/apps/{app}/github", get(one).patch(update))
        .route("/kolkrabbi/apps/{app}/github/push", post(push))
}

async fn one(State(shared): State<Arc<Shared>>, Path(app): Path<String>) -> Reply {
    let world = shared.world();
    Ok(Json(connection(&world, find_app(&world, &app)?)).into_response())
}

#[derive(Deserialize)]
struct Update {
    auto_deploy: Option<bool>,
}

async fn update(State(shared): State<Arc<Shared>>, Path(app): Path<String>, body: Bytes) -> Reply {
    let Update { auto_deploy } = parse(&body)?;
    let mut world = shared.world();
    find_app(&world, &app)?;
    if let Some(on) = auto_deploy {
        world.set_auto_deploy(&app, on)?;
    }
    Ok(Json(connection(&world, find_app(&world, &app)?)).into_response())
}

#[derive(Deserialize)]
struct Push {
    branch: String,
}

/// "Deploy branch": now, and without waiting for CI.
async fn push(State(shared): State<Arc<Shared>>, Path(app): Path<String>, body: Bytes) -> Reply {
    let Push { branch } = parse(&body)?;
    let mut world = shared.world();
    find_app(&world, &app)?;
    let head = world.repository().head(&branch).map(|commit| commit.sha.clone());
    let head = head.ok_or_else(|| ApiError::not_found("Couldn't find that branch."))?;
    world.deploy(&app, &head, BOT)?;
    Ok((
        StatusCode::ACCEPTED,
        Json(json!({ "branch": branch, "status": "pending" })),
    )
        .into_response())
}

fn connection(world: &World, app: &App) -> Value {
    let repository = format!("{}/{}", world.repository().owner, world.repository().name);
    json!({
        "app_id": app.id,
        "auto_deploy": app.auto_deploy.on,
        "branch": app.auto_deploy.branch,
        "id": uuid_of("github-connection", app.name),
        "repo": repository,
        "repo_id": 8_231_961,
        "wait_for_ci": true,
    })
}
