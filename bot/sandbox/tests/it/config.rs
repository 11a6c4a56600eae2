//! Config vars: what a change makes, and what is refused.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PROD, STAGE, World, answer, world};

async fn change(world: &World, app: &str, change: Value) -> (u16, Value) {
    let request = world.heroku(Method::PATCH, &format!("/apps/{app}/config-vars"));
    let (status, body) = answer(request.json(&change)).await;
    (status.as_u16(), body)
}

async fn config(world: &World, app: &str) -> Value {
    world.heroku_get(&format!("/apps/{app}/config-vars")).await
}

#[tokio::test]
async fn several_changes_are_one_release_and_all_dynos_restart() {
    let world = world().await;
    let (status, all) = change(
        &world,
        PROD,
        json!({ "NEW_KEY": "canary", "WEB_CONCURRENCY": "6", "PULSE_URL": null }),
    )
    .await;
    assert_eq!(
        (status, &all["NEW_KEY"], all.get("PULSE_URL")),
        (200, &json!("canary"), None)
    );
    assert!(all["DATABASE_URL"].is_string(), "the answer holds all of them");
    assert_eq!(
        world.newest(PROD).await,
        "v813 pending: Set NEW_KEY, PULSE_URL, WEB_CONCURRENCY config vars"
    );
    let made = world
        .heroku_get(&format!("/apps/{PROD}/releases/813/config-vars"))
        .await;
    assert_eq!(made, all);
    let before = world
        .heroku_get(&format!("/apps/{PROD}/releases/812/config-vars"))
        .await;
    assert!(before["PULSE_URL"].is_string());
    world.pass(120);
    assert_eq!(world.dynos_up(PROD, 813).await, (14, 14));
}

#[tokio::test]
async fn removing_has_its_own_words_and_the_same_value_makes_no_release() {
    let world = world().await;
    let now = config(&world, PROD).await["WEB_CONCURRENCY"].clone();
    let same = json!({ "WEB_CONCURRENCY": now, "NOT_THERE": null });
    assert_eq!(change(&world, PROD, same).await.0, 200);
    assert!(world.newest(PROD).await.starts_with("v812 "));
    change(&world, PROD, json!({ "PULSE_URL": null })).await;
    assert_eq!(
        world.newest(PROD).await,
        "v813 pending: Remove PULSE_URL config vars"
    );
}

#[tokio::test]
async fn what_add_ons_own_nobody_else_changes() {
    let world = world().await;
    for refused in [
        json!({ "REDIS_URL": "canary", "NEW_KEY": "1" }),
        json!({ "REDIS_URL": null, "NEW_KEY": "1" }),
    ] {
        let (status, error) = change(&world, STAGE, refused).await;
        assert_eq!(
            (status, &error["id"], &error["message"]),
            (
                422,
                &json!("invalid_params"),
                &json!("Cannot overwrite attachment values REDIS_URL.")
            )
        );
    }
    assert!(config(&world, STAGE).await.get("NEW_KEY").is_none());
    assert!(world.newest(STAGE).await.starts_with("v701 "));
    for app in ["treeherder-prototype", STAGE, PROD] {
        let refused = json!({ "CLOUDAMQP_URL": "canary", "REDIS_URL": null });
        assert_eq!(
            change(&world, app, refused).await.1["message"],
            "Cannot overwrite attachment values REDIS_URL, CLOUDAMQP_URL.",
            "{app}"
        );
    }
}

#[tokio::test]
async fn impossible_names_and_too_much_are_refused_without_repeating_a_value() {
    let world = world().await;
    for name in ["A-B", "", "A B", "A.B", "ÄRGER"] {
        let (status, error) = change(&world, PROD, json!({ name: "canary", "GOOD": "canary" })).await;
        assert_eq!((status, &error["id"]), (422, &json!("invalid_params")), "{name}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    let (status, error) = change(&world, PROD, json!({ "BIG": "x".repeat(32 * 1024) })).await;
    assert_eq!(status, 422);
    assert!(error["message"].as_str().unwrap().contains("32 KB"), "{error}");
    assert!(!error.to_string().contains("xxx"));
    assert!(world.newest(PROD).await.starts_with("v812 "));
    assert_eq!(
        change(&world, PROD, json!({ "BIG": "x".repeat(30 * 1024) }))
            .await
            .0,
        200
    );
    // What is replaced does not count twice.
    assert_eq!(
        change(&world, PROD, json!({ "BIG": "y".repeat(30 * 1024) }))
            .await
            .0,
        200
    );
}

#[tokio::test]
async fn a_lost_reply_is_a_change_all_the_same() {
    let world = world().await;
    let fault = json!({ "route": "PATCH /apps/*/config-vars", "fault": "lost_reply" });
    world.order(Method::POST, "/faults", fault).await;
    let request = world.heroku(Method::PATCH, &format!("/apps/{PROD}/config-vars"));
    request
        .json(&json!({ "NEW_KEY": "canary" }))
        .send()
        .await
        .unwrap_err();
    assert_eq!(config(&world, PROD).await["NEW_KEY"], "canary");
    assert!(world.newest(PROD).await.ends_with("Set NEW_KEY config vars"));
}
