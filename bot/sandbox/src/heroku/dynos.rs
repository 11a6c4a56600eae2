//! Dynos: those that are there, restarting them, and one-off dynos.
//!
//! A one-off dyno that is done is simply not there any more: how its command ended is only in the log
//! (reference/domain.md §2.4).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::json;

use super::error::ApiError;
use super::paging::list;
use super::{Reply, find_app, parse, shapes};
use crate::server::Shared;
use crate::world::{OneOff, Refusal, Size, Which};

const LONGEST_LIFE: i64 = 86_400;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/apps/{app}/dynos", get(all).post(run).delete(restart_all))
        .route("/apps/{app}/dynos/{dyno}", get(one).delete(restart_one))
        .route("/apps/{app}/dynos/{dyno}/actions/stop", post(restart_one))
        // Restarting is plural, scaling is singular.
        .route("/apps/{app}/formations/{type}", delete(restart_type))
        .route("/apps/{app}/formations/{type}/actions/stop", post(restart_type))
}

async fn all(State(shared): State<Arc<Shared>>, Path(app): Path<String>, headers: HeaderMap) -> Reply {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let dynos = app
        .dynos
        .iter()
        .map(|dyno| shapes::dyno(app, dyno, world.now()))
        .collect();
    list(dynos, &["name", "id"], &headers)
}

async fn one(State(shared): State<Arc<Shared>>, Path((app, dyno)): Path<(String, String)>) -> Reply {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let found = app
        .dynos
        .iter()
        .find(|it| it.name == dyno || it.id.to_string() == dyno);
    let found = found.ok_or(Refusal::NoDyno)?;
    Ok(Json(shapes::dyno(app, found, world.now())).into_response())
}

async fn restart_all(State(shared): State<Arc<Shared>>, Path(app): Path<String>) -> Reply {
    restart(&shared, &app, &Which::All)
}

async fn restart_one(State(shared): State<Arc<Shared>>, Path((app, dyno)): Path<(String, String)>) -> Reply {
    restart(&shared, &app, &Which::One(dyno))
}

async fn restart_type(
    State(shared): State<Arc<Shared>>,
    Path((app, process_type)): Path<(String, String)>,
) -> Reply {
    restart(&shared, &app, &Which::Type(process_type))
}

fn restart(shared: &Shared, app: &str, which: &Which) -> Reply {
    shared.world().restart(app, which)?;
    Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response())
}

#[derive(Deserialize)]
struct Run {
    /// A shell command line.
    command: String,
    #[serde(default)]
    attach: bool,
    #[serde(rename = "type")]
    process_type: Option<String>,
    size: Option<String>,
    #[serde(default, rename = "env")]
    _env: BTreeMap<String, String>,
    time_to_live: Option<i64>,
}

async fn run(State(shared): State<Arc<Shared>>, Path(app): Path<String>, body: Bytes) -> Reply {
    let run: Run = parse(&body)?;
    if run.attach {
        return Err(ApiError::invalid_params("The sandbox runs detached dynos only."));
    }
    let size = run.size.as_deref().map_or(Some(Size::Standard1X), Size::named);
    let size = size.ok_or_else(|| ApiError::invalid_params("Couldn't find that dyno size."))?;
    if run
        .time_to_live
        .is_some_and(|seconds| !(1..=LONGEST_LIFE).contains(&seconds))
    {
        return Err(ApiError::invalid_params(
            "time_to_live must be between 1 and 86400.",
        ));
    }
    let one_off = OneOff {
        command: run.command,
        process_type: run.process_type.unwrap_or_else(|| "run".to_owned()),
        size,
        time_to_live: run.time_to_live.map(SignedDuration::from_secs),
    };
    let mut world = shared.world();
    let dyno = world.run(&app, one_off)?;
    let dyno = shapes::dyno(find_app(&world, &app)?, &dyno, world.now());
    Ok((StatusCode::CREATED, Json(dyno)).into_response())
}
