//! CI in two places: commit statuses, whose sum is `pending` also when there are none, and check-runs
//! (reference/domain.md §4).

use std::sync::Arc;

use axum::extract::{Extension, Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::paging::Asked;
use super::shapes::moment;
use super::{AtCommit, Reply};
use crate::exchange::FullUri;
use crate::server::Shared;
use crate::world::{Check, Commit, Outcome, Place, Progress, World, uuid_of};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/commits/{reference}/status", get(combined))
        .route("/commits/{reference}/statuses", get(statuses))
        .route("/commits/{reference}/check-runs", get(check_runs))
}

async fn combined(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<AtCommit>,
    Query(asked): Query<Asked>,
    Extension(uri): Extension<FullUri>,
) -> Reply {
    let world = shared.world();
    let (_, commit) = path.commit(&world)?;
    let checks = checks(&world, commit, Place::Status);
    let page = asked.page();
    let body = json!({
        "state": state(&checks),
        "sha": commit.sha,
        "total_count": checks.len(),
        "statuses": page.of(&checks).iter().map(status).collect::<Vec<_>>(),
    });
    Ok((page.links(&shared, &uri, checks.len()), Json(body)).into_response())
}

async fn statuses(State(shared): State<Arc<Shared>>, Path(path): Path<AtCommit>) -> Reply {
    let world = shared.world();
    let (_, commit) = path.commit(&world)?;
    let checks = checks(&world, commit, Place::Status);
    Ok(Json(checks.iter().map(status).collect::<Vec<_>>()).into_response())
}

async fn check_runs(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<AtCommit>,
    Query(asked): Query<Asked>,
    Extension(uri): Extension<FullUri>,
) -> Reply {
    let world = shared.world();
    let (_, commit) = path.commit(&world)?;
    let checks = checks(&world, commit, Place::CheckRun);
    let page = asked.page();
    let runs: Vec<_> = page
        .of(&checks)
        .iter()
        .map(|check| check_run(commit, check))
        .collect();
    let body = json!({ "total_count": checks.len(), "check_runs": runs });
    Ok((page.links(&shared, &uri, checks.len()), Json(body)).into_response())
}

fn checks(world: &World, commit: &Commit, place: Place) -> Vec<Check> {
    let checks = commit.ci.checks(world.now()).into_iter();
    checks.filter(|check| check.place == place).collect()
}

fn state(checks: &[Check]) -> &'static str {
    let done = |outcome| move |check: &Check| matches!(check.progress, Progress::Done { outcome: it, .. } if it == outcome);
    if checks.iter().any(done(Outcome::Red)) {
        "failure"
    } else if !checks.is_empty() && checks.iter().all(done(Outcome::Green)) {
        "success"
    } else {
        "pending"
    }
}

fn status(check: &Check) -> Value {
    let (state, description, at) = match check.progress {
        Progress::Running => ("pending", "CircleCI is running your tests", check.started),
        Progress::Done {
            outcome: Outcome::Green,
            at,
        } => ("success", "Your tests passed on CircleCI!", at),
        Progress::Done {
            outcome: Outcome::Red,
            at,
        } => ("failure", "Your tests failed on CircleCI", at),
    };
    json!({
        "context": check.name,
        "state": state,
        "description": description,
        "target_url": "https://circleci.com/gh/mozilla/treeherder",
        "created_at": moment(check.started),
        "updated_at": moment(at),
    })
}

fn check_run(commit: &Commit, check: &Check) -> Value {
    let (status, conclusion, completed_at) = match check.progress {
        Progress::Running => ("in_progress", None, None),
        Progress::Done {
            outcome: Outcome::Green,
            at,
        } => ("completed", Some("success"), Some(moment(at))),
        Progress::Done {
            outcome: Outcome::Red,
            at,
        } => ("completed", Some("failure"), Some(moment(at))),
    };
    let number = uuid_of("check-run", &format!("{}/{}", commit.sha, check.name)).as_u128() >> 96;
    json!({
        "id": u64::try_from(number).unwrap_or_default(),
        "name": check.name,
        "head_sha": commit.sha,
        "status": status,
        "conclusion": conclusion,
        "started_at": moment(check.started),
        "completed_at": completed_at,
        "html_url": "https://github.com/mozilla/treeherder/actions",
        "app": { "slug": "github-actions", "name": "GitHub Actions" },
    })
}
