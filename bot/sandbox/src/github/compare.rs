//! Comparing two commits. Commits come in pages, files do not: there are at most 300 of them, on the first page, and
//! nothing says that there are more (reference/domain.md §4).

use std::sync::Arc;

use axum::extract::{Extension, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use super::error::ApiError;
use super::paging::Asked;
use super::{At, Reply, shapes};
use crate::exchange::FullUri;
use crate::server::Shared;
use crate::world::Comparison;

/// So many commits if nothing is said about pages: the newest.
const UNPAGED_COMMITS: usize = 250;
const MOST_FILES: usize = 300;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/compare/{basehead}", get(compare))
}

#[derive(Deserialize)]
struct AtBaseHead {
    #[serde(flatten)]
    at: At,
    basehead: String,
}

async fn compare(
    State(shared): State<Arc<Shared>>,
    Path(path): Path<AtBaseHead>,
    Query(asked): Query<Asked>,
    Extension(uri): Extension<FullUri>,
) -> Reply {
    let world = shared.world();
    let repository = path.at.repository(&world)?;
    let (base, head) = path.basehead.split_once("...").ok_or_else(ApiError::not_found)?;
    let commit = |reference: &str| repository.resolve(reference).ok_or_else(ApiError::not_found);
    let (base, head) = (commit(base)?, commit(head)?);
    let comparison = repository.compare(base, head);
    let merge_base = comparison.merge_base.ok_or_else(ApiError::not_found)?;

    let commits = &comparison.ahead;
    let page = asked.page();
    let (commits_shown, links) = if asked.is_paged() {
        (page.of(commits), page.links(&shared, &uri, commits.len()))
    } else {
        (
            &commits[commits.len().saturating_sub(UNPAGED_COMMITS)..],
            HeaderMap::new(),
        )
    };
    let files_shown = if page.number == 1 { MOST_FILES } else { 0 };
    let files = comparison
        .files
        .iter()
        .take(files_shown)
        .map(|it| shapes::file(head, it));
    let names = format!("/compare/{}...{}", base.sha, head.sha);
    let body = json!({
        "status": status(&comparison),
        "ahead_by": commits.len(),
        "behind_by": comparison.behind.len(),
        "total_commits": commits.len(),
        "base_commit": shapes::commit(repository, base),
        "merge_base_commit": shapes::commit(repository, merge_base),
        "commits": commits_shown.iter().map(|it| shapes::commit(repository, it)).collect::<Vec<_>>(),
        "files": files.collect::<Vec<_>>(),
        "html_url": shapes::html_url(repository, &names),
    });
    Ok((links, Json(body)).into_response())
}

fn status(comparison: &Comparison<'_>) -> &'static str {
    match (comparison.ahead.is_empty(), comparison.behind.is_empty()) {
        (true, true) => "identical",
        (false, true) => "ahead",
        (true, false) => "behind",
        (false, false) => "diverged",
    }
}
