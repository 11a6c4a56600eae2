//! Scaling. The official CLI sends quantities as text, also relative ones, and sizes by name
//! (reference/domain.md §2.4).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::paging::list;
use super::{Reply, find_app, parse, shapes};
use crate::server::Shared;
use crate::world::{App, Quantity, Refusal, Scale, Size, uuid_of};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/apps/{app}/formation", get(all).patch(update_all))
        .route("/apps/{app}/formation/{type}", get(one).patch(update_one))
        .route("/apps/{app}/available-dyno-sizes", get(sizes))
        .route("/dyno-sizes", get(sizes))
}

async fn all(State(shared): State<Arc<Shared>>, Path(app): Path<String>, headers: HeaderMap) -> Reply {
    let world = shared.world();
    list(formation(find_app(&world, &app)?), &["id"], &headers)
}

async fn one(State(shared): State<Arc<Shared>>, Path((app, process_type)): Path<(String, String)>) -> Reply {
    let world = shared.world();
    Ok(Json(find(find_app(&world, &app)?, &process_type)?).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Updates {
    updates: Vec<Update>,
}

#[derive(Deserialize)]
struct Update {
    #[serde(rename = "type")]
    process_type: String,
    #[serde(flatten)]
    wanted: Wanted,
}

#[derive(Deserialize)]
struct Wanted {
    quantity: Option<Value>,
    size: Option<String>,
    dyno_size: Option<DynoSize>,
}

#[derive(Deserialize)]
struct DynoSize {
    id: Option<String>,
    name: Option<String>,
}

async fn update_all(State(shared): State<Arc<Shared>>, Path(app): Path<String>, body: Bytes) -> Reply {
    let Updates { updates } = parse(&body)?;
    let scales: Reply<Vec<Scale>> = updates
        .into_iter()
        .map(|update| scale(update.process_type, update.wanted))
        .collect();
    let scales = scales?;
    let mut world = shared.world();
    world.scale(&app, &scales)?;
    Ok(Json(formation(find_app(&world, &app)?)).into_response())
}

async fn update_one(
    State(shared): State<Arc<Shared>>,
    Path((app, process_type)): Path<(String, String)>,
    body: Bytes,
) -> Reply {
    let scale = scale(process_type.clone(), parse(&body)?)?;
    let mut world = shared.world();
    world.scale(&app, &[scale])?;
    Ok(Json(find(find_app(&world, &app)?, &process_type)?).into_response())
}

async fn sizes() -> Json<Value> {
    let memory = [0.5, 1.0, 2.5, 14.0];
    let sizes = Size::ALL.into_iter().zip(memory).map(|(size, memory)| {
        let name = size.as_str();
        json!({ "id": uuid_of("dyno-size", name), "name": name, "memory": memory })
    });
    Json(sizes.collect())
}

fn formation(app: &App) -> Vec<Value> {
    app.formation
        .iter()
        .map(|process| shapes::process_type(app, process))
        .collect()
}

fn find(app: &App, process_type: &str) -> Reply<Value> {
    let found = app.formation.iter().find(|process| process.name == process_type);
    let found = found.ok_or_else(|| Refusal::NoProcessType(process_type.to_owned()))?;
    Ok(shapes::process_type(app, found))
}

fn scale(process_type: String, wanted: Wanted) -> Reply<Scale> {
    let quantity = wanted.quantity.filter(|quantity| !quantity.is_null());
    let quantity = quantity.map(|value| {
        quantity_of(&value).ok_or_else(|| ApiError::invalid_params("Quantity is not a number of dynos."))
    });
    let name = wanted
        .dyno_size
        .and_then(|size| size.name.or_else(|| size.id.and_then(|id| name_of(&id))));
    let size = name.or(wanted.size).map(|name| {
        Size::named(&name).ok_or_else(|| ApiError::invalid_params("Couldn't find that dyno size."))
    });
    Ok(Scale {
        process_type,
        quantity: quantity.transpose()?,
        size: size.transpose()?,
    })
}

/// `3`, `"3"`, `"+1"` or `"-1"`.
fn quantity_of(value: &Value) -> Option<Quantity> {
    let Some(text) = value.as_str() else {
        return value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .map(Quantity::Absolute);
    };
    if text.starts_with(['+', '-']) {
        text.parse().ok().map(Quantity::Relative)
    } else {
        text.parse().ok().map(Quantity::Absolute)
    }
}

fn name_of(id: &str) -> Option<String> {
    let found = Size::ALL
        .into_iter()
        .find(|size| uuid_of("dyno-size", size.as_str()).to_string() == id);
    found.map(|size| size.as_str().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_numbers_or_text() {
        for (value, quantity) in [
            (json!(3), Some(Quantity::Absolute(3))),
            (json!("3"), Some(Quantity::Absolute(3))),
            (json!("+1"), Some(Quantity::Relative(1))),
            (json!("-1"), Some(Quantity::Relative(-1))),
            (json!(-1), None),
            (json!("many"), None),
        ] {
            assert_eq!(quantity_of(&value), quantity, "{value}");
        }
    }
}
