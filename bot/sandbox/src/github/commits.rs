//! Commits: the history of a branch, and one commit with its files.

use std::sync::Arc;

use axum::extract::{Extension, Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::error::ApiError;
use super::paging::Asked;
use super::{At, AtCommit, Reply, shapes};
use crate::exchange::FullUri;
use crate::server::Shared;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/commits", get(history))
        .route("/commits/{reference}", get(one))
        .route("/git/commits/{reference}", get(git_commit))
}

#[derive(Deserialize)]
struct From {
    sha: Option<String>,
}

async fn history(
    State(shared): State<Arc<Shared>>,
    Path(at): Path<At>,
    Query(From { sha }): Query<From>,
    Query(asked): Query<Asked>,
    Extension(uri): Extension<FullUri>,
) -> Reply {
    let world = shared.world();
    let repository = at.repository(&world)?;
    let head = repository
        .resolve(sha.as_deref().unwrap_or("master"))
        .ok_or_else(ApiError::not_found)?;
    let commits = repository.history(head);
    let page = asked.page();
    let shown: Vec<_> = page
        .of(&commits)
        .iter()
        .map(|it| shapes::commit(repository, it))
        .collect();
    Ok((page.links(&shared, &uri, commits.len()), Json(shown)).into_response())
}

async fn one(State(shared): State<Arc<Shared>>, Path(path): Path<AtCommit>) -> Reply {
    let world = shared.world();
    let (repository, commit) = path.commit(&world)?;
    let files = repository.files_of(commit);
    let files: Vec<_> = files.iter().map(|it| shapes::file(commit, it)).collect();
    let mut shape = shapes::commit(repository, commit);
    shape["stats"] = json!({ "total": files.len() });
    shape["files"] = json!(files);
    Ok(Json(shape).into_response())
}

async fn git_commit(State(shared): State<Arc<Shared>>, Path(path): Path<AtCommit>) -> Reply {
    let world = shared.world();
    let (_, commit) = path.commit(&world)?;
    let mut shape = shapes::git_commit(commit);
    shape["sha"] = json!(commit.sha);
    shape["parents"] = commit.parents.iter().map(|sha| json!({ "sha": sha })).collect();
    Ok(Json(shape).into_response())
}
