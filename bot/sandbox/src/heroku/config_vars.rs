//! Config vars, with their values. Changing them has no compare-and-swap and answers with all of them, and not with
//! the release it makes (reference/domain.md §2.2).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};

use super::error::ApiError;
use super::{Reply, addons, find_app, parse, releases};
use crate::server::Shared;
use crate::world::{App, BOT, ConfigChange};

/// All names and values of an app together, in bytes.
const MOST_BYTES: usize = 32 * 1024;

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
    let mut world = shared.world();
    permitted(find_app(&world, &app)?, &change)?;
    world.change_config(&app, change, BOT)?;
    Ok(Json(&find_app(&world, &app)?.config).into_response())
}

/// All of a change is refused if any part of it is. No refusal repeats a value.
fn permitted(app: &App, change: &ConfigChange) -> Reply<()> {
    let is_word = |name: &str| {
        !name.is_empty()
            && name
                .bytes()
                .all(|letter| letter.is_ascii_alphanumeric() || letter == b'_')
    };
    if let Some(name) = change.keys().find(|name| !is_word(name)) {
        let words = format!("{name} is not a valid config var name.");
        return Err(ApiError::invalid_params(&words));
    }
    let differs = |name: &String| app.config.get(name) != change.get(name).and_then(Option::as_ref);
    let owned: Vec<&str> = addons::config_vars(app)
        .filter(|owned| change.keys().any(|name| name == owned && differs(name)))
        .collect();
    if !owned.is_empty() {
        let words = format!("Cannot overwrite attachment values {}.", owned.join(", "));
        return Err(ApiError::invalid_params(&words));
    }
    let kept = app.config.iter().filter(|(name, _)| !change.contains_key(*name));
    let set = change
        .iter()
        .filter_map(|(name, value)| Some((name, value.as_ref()?)));
    let bytes: usize = kept
        .chain(set)
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if bytes > MOST_BYTES {
        return Err(ApiError::invalid_params(
            "Config vars of an app are limited to 32 KB in all.",
        ));
    }
    Ok(())
}
