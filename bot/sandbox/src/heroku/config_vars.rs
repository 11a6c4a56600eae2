//! Config vars, with their values. Changing them has no compare-and-swap and answers with all of them, and not with
//! the release it makes (reference/domain.md §2.2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use super::error::ApiError;
use super::{Reply, find_app, parse, releases};
use crate::server::Shared;
use crate::world::{BOT, ConfigChange};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/apps/{app}/config-vars", get(all).patch(update))
        .route("/apps/{app}/releases/{release}/config-vars", get(of_release))
}

async fn all(State(shared): State<Arc<Shared>>, Path(app): Path<String>) -> Reply {
    Ok(Json(&find_app(&shared.world(), &app)?.config).into_response())
}

async fn of_release(
    State(shared): State<Arc<Shared>>,
    Path((app, release)): Path<(String, String)>,
) -> Reply {
    let world = shared.world();
    let release = releases::find(find_app(&world, &app)?, &release)?;
    Ok(Json(&release.config).into_response())
}

async fn update(State(shared): State<Arc<Shared>>, Path(app): Path<String>, body: Bytes) -> Reply {
    let change: ConfigChange = parse(&body)?;
    let is_word = |name: &String| {
        !name.is_empty()
            && name
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '_')
    };
    if let Some(name) = change.keys().find(|name| !is_word(name)) {
        return Err(ApiError::invalid_params(&format!(
            "{name} is not a valid config var name."
        )));
    }
    let mut world = shared.world();
    world.change_config(&app, change, BOT)?;
    Ok(Json(&find_app(&world, &app)?.config).into_response())
}
