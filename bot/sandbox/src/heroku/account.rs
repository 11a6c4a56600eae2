//! The account that the token belongs to.

use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

use super::shapes;
use crate::server::Shared;
use crate::world::{BOT, uuid_of};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/account", get(account))
        .route(
            "/account/rate-limits",
            get(|| async { Json(json!({ "remaining": 4499 })) }),
        )
        .route("/teams", get(|| async { Json(json!([team()])) }))
        .route("/teams/treeherder", get(|| async { Json(team()) }))
        .route("/teams/treeherder/members", get(|| async { Json(json!([])) }))
}

async fn account() -> Json<Value> {
    Json(json!({
        "id": uuid_of("user", BOT),
        "email": BOT,
        "name": "countersign",
        "acknowledged_msa": true,
        "acknowledged_msa_at": null,
        "allow_tracking": false,
        "beta": false,
        "country_of_residence": null,
        "created_at": "2020-01-01T00:00:00Z",
        "default_team": shapes::team(),
        "delinquent_at": null,
        "federated": false,
        "identity_provider": null,
        "last_login": null,
        "sms_number": null,
        "suspended_at": null,
        "two_factor_authentication": false,
        "updated_at": "2020-01-01T00:00:00Z",
        "verified": true,
    }))
}

fn team() -> Value {
    let mut team = shapes::team();
    team["type"] = json!("team");
    team["role"] = json!("member");
    team["default"] = json!(true);
    team["credit_card_collections"] = json!(true);
    team
}
