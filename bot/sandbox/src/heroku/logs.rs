//! Logs and output streams, at addresses that need no credentials because they cannot be guessed (in the real one).
//!
//! A stream here ends with what there is by now, also when more was asked to follow: ask again for the rest.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::error::ApiError;
use super::{Reply, find_app, parse, releases, shapes};
use crate::server::Shared;
use crate::world::{App, BuildStatus, World, uuid_of};

const EVENTS: &str = "text/event-stream";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/apps/{app}/log-sessions", post(session))
}

/// What the addresses in other answers point at.
pub(super) fn streams() -> Router<Arc<Shared>> {
    Router::new()
        .route("/streams/logs/{app}", get(log))
        .route("/streams/releases/{app}/{version}", get(release_output))
        .route("/streams/builds/{app}/{build}", get(build_output))
}

/// The CLI still says `dyno` for `dyno_name` (reference/domain.md §2.9).
#[derive(Deserialize)]
struct Session {
    #[serde(alias = "dyno")]
    dyno_name: Option<String>,
    lines: Option<usize>,
}

async fn session(State(shared): State<Arc<Shared>>, Path(app): Path<String>, body: Bytes) -> Reply {
    let Session { dyno_name, lines } = parse(&body)?;
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let dyno = dyno_name.unwrap_or_default();
    let lines = lines.unwrap_or(100);
    let url = shared.url(&format!("/streams/logs/{}?dyno={dyno}&lines={lines}", app.name));
    let session = json!({
        "id": uuid_of("log-session", &url),
        "created_at": shapes::moment(world.now()),
        "logplex_url": url,
        "updated_at": shapes::moment(world.now()),
    });
    Ok((StatusCode::CREATED, Json(session)).into_response())
}

#[derive(Deserialize)]
struct Wanted {
    dyno: String,
    lines: usize,
}

async fn log(
    State(shared): State<Arc<Shared>>,
    Path(app): Path<String>,
    Query(wanted): Query<Wanted>,
    asked: HeaderMap,
) -> Reply {
    let world = shared.world();
    let mut lines = lines(&world, find_app(&world, &app)?, &wanted.dyno);
    lines.drain(..lines.len().saturating_sub(wanted.lines));
    let accept = asked.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if !accept.is_some_and(|accept| accept.contains(EVENTS)) {
        return Ok(lines.concat().into_response());
    }
    let event = |(number, line): (usize, &String)| format!("id: {}\ndata: {line}\n", number + 1);
    let events: String = lines.iter().enumerate().map(event).collect();
    Ok(([(header::CONTENT_TYPE, EVENTS)], events).into_response())
}

fn lines(world: &World, app: &App, dyno: &str) -> Vec<String> {
    let one_offs = app
        .one_offs
        .iter()
        .filter(|it| dyno.is_empty() || it.name == dyno);
    let mut lines: Vec<_> = one_offs
        .flat_map(|it| shapes::one_off_log(it, world.now()))
        .collect();
    if dyno.is_empty() {
        for release in &app.releases {
            let text = format!(
                "app[api]: Release v{} created by user {}",
                release.version, release.user
            );
            lines.push((release.created_at, text));
        }
    }
    lines.sort_by_key(|(at, _)| *at);
    let line = |(at, text): (jiff::Timestamp, String)| {
        format!("{} {text}\n", at.strftime("%Y-%m-%dT%H:%M:%S.000000+00:00"))
    };
    lines.into_iter().map(line).collect()
}

async fn release_output(
    State(shared): State<Arc<Shared>>,
    Path((app, version)): Path<(String, String)>,
) -> Reply {
    let world = shared.world();
    let release = releases::find(find_app(&world, &app)?, &version)?;
    let output = shapes::release_output(release, world.now());
    Ok(output
        .ok_or_else(|| ApiError::not_found("The command has not begun."))?
        .into_response())
}

async fn build_output(
    State(shared): State<Arc<Shared>>,
    Path((app, build)): Path<(String, String)>,
) -> Reply {
    let world = shared.world();
    let app = find_app(&world, &app)?;
    let build = app.builds.iter().find(|it| it.id.to_string() == build);
    let build = build.ok_or_else(|| ApiError::not_found("Couldn't find that build."))?;
    let end = match build.status {
        BuildStatus::Pending { .. } => "",
        BuildStatus::Succeeded { .. } => "-----> Compressing...\n       Done: 178.7M\n",
        BuildStatus::Failed => " !     Push rejected, failed to compile Python app.\n",
    };
    Ok(format!("-----> Building on the Heroku-18 stack\n-----> Python app detected\n{end}").into_response())
}
