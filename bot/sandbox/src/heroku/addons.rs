//! Add-ons. Prototype uses stage's Redis: what clears the cache of the one clears that of the other
//! (reference/domain.md §2.5).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::error::ApiError;
use super::{Reply, find_app, shapes};
use crate::server::Shared;
use crate::world::{App, World, uuid_of};

struct AddOn {
    name: &'static str,
    service: &'static str,
    plan: &'static str,
    config_var: Option<&'static str>,
    /// The owner first.
    apps: &'static [&'static str],
}

const ADD_ONS: [AddOn; 8] = [
    redis("redis-round-11852", &["treeherder-stage", "treeherder-prototype"]),
    redis("redis-cubic-52817", &["treeherder-prod"]),
    scheduler("scheduler-flat-90211", &["treeherder-prototype"]),
    scheduler("scheduler-vertical-73010", &["treeherder-stage"]),
    scheduler("scheduler-sinuous-44205", &["treeherder-prod"]),
    broker("cloudamqp-angular-20944", &["treeherder-prototype"]),
    broker("cloudamqp-parallel-58261", &["treeherder-stage"]),
    broker("cloudamqp-elliptical-36170", &["treeherder-prod"]),
];

const fn redis(name: &'static str, apps: &'static [&'static str]) -> AddOn {
    let config_var = Some("REDIS_URL");
    AddOn {
        name,
        service: "heroku-redis",
        plan: "heroku-redis:premium-3",
        config_var,
        apps,
    }
}

/// Each app has a broker of its own.
const fn broker(name: &'static str, apps: &'static [&'static str]) -> AddOn {
    AddOn {
        name,
        service: "cloudamqp",
        plan: "cloudamqp:panda",
        config_var: Some("CLOUDAMQP_URL"),
        apps,
    }
}

const fn scheduler(name: &'static str, apps: &'static [&'static str]) -> AddOn {
    AddOn {
        name,
        service: "scheduler",
        plan: "scheduler:standard",
        config_var: None,
        apps,
    }
}

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/apps/{app}/addons", get(of_app))
        .route("/apps/{app}/addon-attachments", get(attachments_of_app))
        .route("/addons/{addon}/addon-attachments", get(attachments))
        .route("/addon-attachments", get(all_attachments))
}

async fn of_app(State(shared): State<Arc<Shared>>, Path(app): Path<String>) -> Reply {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let used = ADD_ONS.iter().filter(|it| it.apps.contains(&app.name));
    Ok(Json(used.filter_map(|it| add_on(&world, it)).collect::<Vec<_>>()).into_response())
}

async fn attachments_of_app(State(shared): State<Arc<Shared>>, Path(app): Path<String>) -> Reply {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let used = ADD_ONS.iter().filter(|it| it.apps.contains(&app.name));
    Ok(Json(
        used.filter_map(|it| attachment(&world, it, app))
            .collect::<Vec<_>>(),
    )
    .into_response())
}

async fn attachments(State(shared): State<Arc<Shared>>, Path(add_on): Path<String>) -> Reply {
    let world = shared.world();
    let found = ADD_ONS.iter().find(|it| it.name == add_on || id(it) == add_on);
    let found = found.ok_or_else(|| ApiError::not_found("Couldn't find that add-on."))?;
    Ok(Json(attachments_of(&world, found).collect::<Vec<_>>()).into_response())
}

async fn all_attachments(State(shared): State<Arc<Shared>>) -> Json<Vec<Value>> {
    let world = shared.world();
    Json(ADD_ONS.iter().flat_map(|it| attachments_of(&world, it)).collect())
}

/// The config vars of an app that belong to its add-ons, and that nobody else changes.
pub(super) fn config_vars(app: &App) -> impl Iterator<Item = &'static str> {
    let used = ADD_ONS.iter().filter(|it| it.apps.contains(&app.name));
    used.filter_map(|it| it.config_var)
}

fn attachments_of<'a>(world: &'a World, add_on: &'a AddOn) -> impl Iterator<Item = Value> + 'a {
    let apps = add_on.apps.iter().filter_map(|app| world.app(app));
    apps.filter_map(|app| attachment(world, add_on, app))
}

fn id(add_on: &AddOn) -> String {
    uuid_of("addon", add_on.name).to_string()
}

fn owner<'a>(world: &'a World, add_on: &AddOn) -> Option<&'a App> {
    add_on.apps.first().and_then(|app| world.app(app))
}

fn add_on(world: &World, add_on: &AddOn) -> Option<Value> {
    let owner = owner(world, add_on)?;
    Some(json!({
        "id": id(add_on),
        "addon_service": { "id": uuid_of("addon-service", add_on.service), "name": add_on.service },
        "app": shapes::app_reference(owner),
        "billed_price": { "cents": 0, "contract": false, "unit": "month" },
        "config_vars": add_on.config_var.into_iter().collect::<Vec<_>>(),
        "created_at": shapes::moment(owner.created_at),
        "name": add_on.name,
        "plan": { "id": uuid_of("plan", add_on.plan), "name": add_on.plan },
        "state": "provisioned",
        "updated_at": shapes::moment(owner.created_at),
        "web_url": format!("https://addons-sso.heroku.com/apps/{}/addons/{}", owner.name, add_on.name),
    }))
}

fn attachment(world: &World, add_on: &AddOn, app: &App) -> Option<Value> {
    let owner = owner(world, add_on)?;
    let name = add_on
        .config_var
        .map_or("SCHEDULER", |var| var.trim_end_matches("_URL"));
    Some(json!({
        "id": uuid_of("attachment", &format!("{}/{}", app.name, add_on.name)),
        "addon": { "id": id(add_on), "name": add_on.name, "app": shapes::app_reference(owner) },
        "app": shapes::app_reference(app),
        "created_at": shapes::moment(app.created_at),
        "name": name,
        "namespace": null,
        "updated_at": shapes::moment(app.created_at),
    }))
}
