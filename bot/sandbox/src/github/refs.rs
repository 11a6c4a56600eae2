//! Branches, and moving them: fast-forward only, with no expected old value (reference/domain.md §4).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::{get, patch};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::{At, Reply, shapes};
use crate::server::Shared;
use crate::world::Repository;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/branches", get(branches))
        .route("/branches/{name}", get(branch))
        .route("/git/ref/{*name}", get(one))
        .route("/git/refs/{*name}", patch(update))
}

#[derive(Deserialize)]
struct AtName {
    #[serde(flatten)]
    at: At,
    name: String,
}

async fn one(State(shared): State<Arc<Shared>>, Path(path): Path<AtName>) -> Reply {
    let world = shared.world();
    let repository = path.at.repository(&world)?;
    let branch = path.name.strip_prefix("heads/").ok_or_else(ApiError::not_found)?;
    let head = repository
        .branches()
        .get(branch)
        .ok_or_else(ApiError::not_found)?;
    Ok(Json(reference(repository, branch, head)).into_response())
}

async fn branches(State(shared): State<Arc<Shared>>, Path(at): Path<At>) -> Reply {
    let world = shared.world();
    let heads = at.repository(&world)?.branches();
    let short = |(name, sha): (&String, &String)| json!({ "name": name, "commit": { "sha": sha }, "protected": name == "production" });
    Ok(Json(heads.iter().map(short).collect::<Vec<_>>()).into_response())
}

async fn branch(State(shared): State<Arc<Shared>>, Path(path): Path<AtName>) -> Reply {
    let world = shared.world();
    let repository = path.at.repository(&world)?;
    let head = repository.head(&path.name).ok_or_else(ApiError::not_found)?;
    Ok(Json(json!({
        "name": path.name,
        "commit": shapes::commit(repository, head),
        "protected": path.name == "production",
    }))
    .into_response())
}

#[derive(Deserialize)]
struct Update {
    sha: Option<String>,
    #[serde(default)]
    force: bool,
}

async fn update(State(shared): State<Arc<Shared>>, Path(path): Path<AtName>, body: Bytes) -> Reply {
    let Update { sha, force } = serde_json::from_slice(&body).map_err(|_| ApiError::bad_json())?;
    let sha = sha.ok_or_else(|| ApiError::unprocessable("Invalid request.\n\n\"sha\" wasn't supplied."))?;
    if sha.len() != 40
        || !sha
            .bytes()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    {
        let message = "The sha parameter must be exactly 40 characters and contain only [0-9a-f].";
        return Err(ApiError::unprocessable(message));
    }
    let mut world = shared.world();
    path.at.repository(&world)?;
    let branch = path.name.strip_prefix("heads/").unwrap_or("");
    world.move_branch(branch, &sha, force)?;
    Ok(Json(reference(world.repository(), branch, &sha)).into_response())
}

fn reference(repository: &Repository, branch: &str, sha: &str) -> Value {
    json!({
        "ref": format!("refs/heads/{branch}"),
        "url": format!("https://api.github.com/repos/{}/{}/git/refs/heads/{branch}", repository.owner, repository.name),
        "object": { "type": "commit", "sha": sha },
    })
}
