//! Apps and who may do what with them.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::paging::list;
use super::{Reply, find_app, parse, shapes};
use crate::server::Shared;
use crate::world::{BOT, uuid_of};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/apps", get(all))
        .route("/users/~/apps", get(all))
        .route("/apps/{app}", get(one).patch(update))
        .route("/apps/{app}/collaborators", get(collaborators))
        .route("/teams/apps/{app}/collaborators", get(collaborators))
}

async fn all(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Reply {
    let apps = shared.world().apps().iter().map(shapes::app).collect();
    list(apps, &["name", "id", "updated_at"], &headers)
}

async fn one(State(shared): State<Arc<Shared>>, Path(app): Path<String>) -> Reply {
    Ok(Json(shapes::app(find_app(&shared.world(), &app)?)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Update {
    maintenance: Option<bool>,
}

async fn update(State(shared): State<Arc<Shared>>, Path(app): Path<String>, body: Bytes) -> Reply {
    let Update { maintenance } = parse(&body)?;
    let mut world = shared.world();
    find_app(&world, &app)?;
    if let Some(maintenance) = maintenance {
        world.set_maintenance(&app, maintenance)?;
    }
    Ok(Json(shapes::app(find_app(&world, &app)?)).into_response())
}

async fn collaborators(State(shared): State<Arc<Shared>>, Path(app): Path<String>) -> Reply<Response> {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let people = [
        ("alice@example.org", &["deploy", "manage", "operate", "view"][..]),
        ("bob@example.org", &["deploy", "operate", "view"]),
        ("carol@example.org", &["view"]),
        (BOT, &["deploy", "operate", "view"]),
        ("erin@example.org", &["deploy", "manage", "operate", "view"]),
    ];
    let entry = |(email, permissions): (&str, &[&str])| {
        let named = |name: &&str| json!({ "name": name, "description": name });
        json!({
            "id": uuid_of("collaborator", &format!("{}/{email}", app.name)),
            "app": shapes::app_reference(app),
            "created_at": shapes::moment(app.created_at),
            "permissions": permissions.iter().map(named).collect::<Vec<_>>(),
            "role": "member",
            "updated_at": shapes::moment(app.created_at),
            "user": shapes::user(email),
        })
    };
    Ok(Json(people.map(entry)).into_response())
}
