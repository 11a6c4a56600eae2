//! Trees: every file of a commit, which is how to find out about migrations when a comparison has too many files.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::error::ApiError;
use super::{AtCommit, Reply};
use crate::server::Shared;
use crate::world::{Commit, Repository, Tree, uuid_of};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/git/trees/{reference}", get(tree))
}

#[derive(Deserialize)]
struct How {
    /// Any value means yes.
    recursive: Option<String>,
}

async fn tree(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<AtCommit>,
    Query(how): Query<How>,
) -> Reply {
    let world = shared.world();
    let repository = path.at.repository(&world)?;
    let commit = find(repository, &path.reference).ok_or_else(ApiError::not_found)?;
    let entries = entries(&commit.tree);
    let shown = entries.into_iter().filter(|entry| {
        how.recursive.is_some() || !entry["path"].as_str().is_some_and(|path| path.contains('/'))
    });
    let shown: Vec<_> = shown.collect();
    let body = json!({ "sha": commit.tree_sha(), "tree": shown, "truncated": false });
    Ok(Json(body).into_response())
}

/// By the name of the tree itself, or of a commit that has it.
fn find<'a>(repository: &'a Repository, reference: &str) -> Option<&'a Commit> {
    let heads = repository
        .branches()
        .values()
        .filter_map(|sha| repository.commit(sha));
    let mut all = heads.flat_map(|head| repository.history(head));
    repository
        .resolve(reference)
        .or_else(|| all.find(|commit| commit.tree_sha() == reference))
}

fn entries(tree: &Tree) -> Vec<Value> {
    let folders: BTreeSet<&str> = tree.keys().flat_map(|path| parents(path)).collect();
    let folder = |path: &str| json!({ "path": path, "mode": "040000", "type": "tree", "sha": uuid_of("folder", path).simple() });
    let file = |(path, sha): (&String, &String)| json!({ "path": path, "mode": "100644", "type": "blob", "sha": sha, "size": 1024 });
    let mut entries: Vec<Value> = folders
        .into_iter()
        .map(folder)
        .chain(tree.iter().map(file))
        .collect();
    entries.sort_by(|one, other| one["path"].as_str().cmp(&other["path"].as_str()));
    entries
}

/// `a` and `a/b` of `a/b/c`.
fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(end, _)| &path[..end])
}
