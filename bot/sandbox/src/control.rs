//! The control API under `/sandbox`: what other people do, what CI says, and what shall go wrong.
//!
//! It does over HTTP what the methods of [`World`] and [`Faults`](crate::Faults) do, and no more.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::exchange::Call;
use crate::fault::{FaultRule, FaultState};
use crate::server::Shared;
use crate::world::{App, CiState, ConfigChange, MoveError, NewCommit, Outcome, Refusal, World};

pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(overview))
        .route("/reset", post(reset))
        .route("/calls", get(calls))
        .route("/push", post(push))
        .route("/ci/{commit}", put(set_ci))
        .route("/branches/{branch}", put(move_branch))
        .route("/apps/{app}/deploy", post(deploy))
        .route("/apps/{app}/rollback", post(roll_back))
        .route("/apps/{app}/config", post(change_config))
        .route("/apps/{app}/auto-deploy", put(set_auto_deploy))
        .route("/apps/{app}/fail-next-build", post(fail_next_build))
        .route(
            "/apps/{app}/fail-next-release-phase",
            post(fail_next_release_phase),
        )
        .route("/apps/{app}/next-exit-status", put(exit_next_one_off))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/faults/{id}", delete(clear_fault))
        .route("/faults/{id}/hit", get(wait_for_hit))
}

/// What is wrong with an order.
#[derive(Debug, thiserror::Error)]
enum OrderError {
    #[error(transparent)]
    Release(#[from] Refusal),
    #[error(transparent)]
    Move(#[from] MoveError),
    #[error("there is no commit {0}")]
    NoCommit(String),
    #[error("there is no fault {0}")]
    NoFault(u64),
}

impl IntoResponse for OrderError {
    fn into_response(self) -> Response {
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            Json(json!({ "error": self.to_string() })),
        )
            .into_response()
    }
}

type Done<T = StatusCode> = Result<T, OrderError>;

const DONE: StatusCode = StatusCode::NO_CONTENT;

#[derive(Serialize)]
struct Overview<'a> {
    now: String,
    speed: f64,
    heroku_url: String,
    github_url: String,
    branches: &'a BTreeMap<String, String>,
    apps: Vec<Value>,
    calls: usize,
    faults: Vec<FaultState>,
}

async fn overview(State(shared): State<Arc<Shared>>) -> Response {
    let world = shared.world();
    let overview = Overview {
        now: world.now().to_string(),
        speed: shared.time.speed(),
        heroku_url: shared.url(""),
        github_url: shared.url("/github"),
        branches: world.repository().branches(),
        apps: world.apps().iter().map(|app| app_overview(&world, app)).collect(),
        calls: shared.calls().len(),
        faults: shared.faults.list(),
    };
    Json(overview).into_response()
}

fn app_overview(world: &World, app: &App) -> Value {
    let up = app
        .dynos
        .iter()
        .filter(|dyno| dyno.state(world.now()) == "up")
        .count();
    json!({
        "name": app.name,
        "auto_deploy": app.auto_deploy.on,
        "branch": app.auto_deploy.branch,
        "current": format!("v{}", app.current),
        "newest": app.newest_release().map(|it| format!("v{} {}", it.version, it.status.as_str())),
        "commit": app.current_commit(),
        "dynos": app.dynos.len(),
        "dynos_up": up,
    })
}

async fn reset(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.reset();
    DONE
}

async fn calls(State(shared): State<Arc<Shared>>) -> Json<Vec<Call>> {
    Json(shared.calls().clone())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Push {
    #[serde(default = "master")]
    branch: String,
    commits: Vec<PushedCommit>,
    ci: Option<CiOrder>,
}

fn master() -> String {
    "master".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PushedCommit {
    author: String,
    message: String,
    #[serde(default)]
    files: Vec<String>,
}

/// How CI shall be; with `after_s`, it runs for so many seconds first.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CiOrder {
    state: CiWord,
    after_s: Option<u32>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum CiWord {
    None,
    Running,
    Green,
    Red,
}

impl CiOrder {
    fn state(&self) -> CiState {
        let ending = |now, outcome| match self.after_s {
            Some(seconds) => CiState::Ending {
                after: SignedDuration::from_secs(seconds.into()),
                outcome,
            },
            None => now,
        };
        match self.state {
            CiWord::None => CiState::None,
            CiWord::Running => CiState::Running,
            CiWord::Green => ending(CiState::Green, Outcome::Green),
            CiWord::Red => ending(CiState::Red, Outcome::Red),
        }
    }
}

async fn push(State(shared): State<Arc<Shared>>, Json(push): Json<Push>) -> Done<Json<Value>> {
    let commit = |PushedCommit {
                      author,
                      message,
                      files,
                  }| NewCommit {
        author,
        message,
        files,
    };
    let ci = push.ci.map_or(World::USUAL_CI, |order| order.state());
    let commits = push.commits.into_iter().map(commit).collect();
    let head = shared.world().push(&push.branch, commits, ci)?;
    Ok(Json(json!({ "sha": head })))
}

async fn set_ci(
    State(shared): State<Arc<Shared>>,
    Path(commit): Path<String>,
    Json(order): Json<CiOrder>,
) -> Done {
    let mut world = shared.world();
    let commit = resolve(&world, &commit)?;
    world.set_ci(&commit, order.state())?;
    Ok(DONE)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MoveBranch {
    sha: String,
    #[serde(default)]
    force: bool,
}

async fn move_branch(
    State(shared): State<Arc<Shared>>,
    Path(branch): Path<String>,
    Json(MoveBranch { sha, force }): Json<MoveBranch>,
) -> Done {
    let mut world = shared.world();
    let sha = resolve(&world, &sha)?;
    world.move_branch(&branch, &sha, force)?;
    Ok(DONE)
}

fn resolve(world: &World, reference: &str) -> Done<String> {
    let found = world
        .repository()
        .resolve(reference)
        .map(|commit| commit.sha.clone());
    found.ok_or_else(|| OrderError::NoCommit(reference.to_owned()))
}

fn somebody() -> String {
    "erin@example.org".to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Deploy {
    /// A branch or a commit.
    commit: String,
    #[serde(default = "somebody")]
    user: String,
}

async fn deploy(
    State(shared): State<Arc<Shared>>,
    Path(app): Path<String>,
    Json(Deploy { commit, user }): Json<Deploy>,
) -> Done {
    shared.world().deploy(&app, &commit, &user)?;
    Ok(DONE)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollBack {
    /// The number of the release: 811 for `v811`.
    version: u32,
    #[serde(default = "somebody")]
    user: String,
}

async fn roll_back(
    State(shared): State<Arc<Shared>>,
    Path(app): Path<String>,
    Json(RollBack { version, user }): Json<RollBack>,
) -> Done {
    shared.world().roll_back_to(&app, version, &user)?;
    Ok(DONE)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Configure {
    /// `null` removes.
    set: ConfigChange,
    #[serde(default = "somebody")]
    user: String,
}

async fn change_config(
    State(shared): State<Arc<Shared>>,
    Path(app): Path<String>,
    Json(Configure { set, user }): Json<Configure>,
) -> Done {
    shared.world().change_config(&app, set, &user)?;
    Ok(DONE)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    on: bool,
}

async fn set_auto_deploy(
    State(shared): State<Arc<Shared>>,
    Path(app): Path<String>,
    Json(Switch { on }): Json<Switch>,
) -> Done {
    shared.world().set_auto_deploy(&app, on)?;
    Ok(DONE)
}

async fn fail_next_build(State(shared): State<Arc<Shared>>, Path(app): Path<String>) -> Done {
    shared.world().fail_next_build(&app)?;
    Ok(DONE)
}

async fn fail_next_release_phase(State(shared): State<Arc<Shared>>, Path(app): Path<String>) -> Done {
    shared.world().fail_next_release_phase(&app)?;
    Ok(DONE)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExitStatus {
    status: u8,
}

async fn exit_next_one_off(
    State(shared): State<Arc<Shared>>,
    Path(app): Path<String>,
    Json(ExitStatus { status }): Json<ExitStatus>,
) -> Done {
    shared.world().exit_next_one_off(&app, status)?;
    Ok(DONE)
}

async fn faults(State(shared): State<Arc<Shared>>) -> Json<Vec<FaultState>> {
    Json(shared.faults.list())
}

async fn add_fault(State(shared): State<Arc<Shared>>, Json(rule): Json<FaultRule>) -> Json<Value> {
    Json(json!({ "id": shared.faults.add(rule) }))
}

async fn clear_faults(State(shared): State<Arc<Shared>>) -> StatusCode {
    shared.faults.clear_all();
    DONE
}

async fn clear_fault(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Done {
    shared
        .faults
        .clear(id)
        .then_some(DONE)
        .ok_or(OrderError::NoFault(id))
}

#[derive(Deserialize)]
struct Patience {
    /// Seconds of real time.
    #[serde(default)]
    wait: u64,
}

async fn wait_for_hit(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<u64>,
    Query(Patience { wait }): Query<Patience>,
) -> Done<Json<FaultState>> {
    let state = shared.faults.wait_for_hit(id, Duration::from_secs(wait)).await;
    state.map(Json).ok_or(OrderError::NoFault(id))
}
