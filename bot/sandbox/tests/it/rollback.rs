//! Going back: the code, the config vars with it, and where there is no way back.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PROD, World, answer, world};

async fn release(world: &World, version: u64) -> Value {
    world
        .heroku_get(&format!("/apps/{PROD}/releases/{version}"))
        .await
}

async fn roll_back(world: &World, release: &Value) -> (u16, Value) {
    let request = world.heroku(Method::POST, &format!("/apps/{PROD}/releases"));
    let (status, body) = answer(request.json(&json!({ "release": release }))).await;
    (status.as_u16(), body)
}

#[tokio::test]
async fn code_and_config_go_back_together() {
    let world = world().await;
    let before = world.heroku_get(&format!("/apps/{PROD}/config-vars")).await;
    let old = world
        .heroku_get(&format!("/apps/{PROD}/releases/810/config-vars"))
        .await;
    let target = release(&world, 810).await;
    assert_ne!(before["NEW_RELIC_LABEL"], old["NEW_RELIC_LABEL"]);
    assert_eq!(before["DATABASE_URL"], old["DATABASE_URL"]);

    let (status, made) = roll_back(&world, &target["id"]).await;
    assert_eq!(
        (status, &made["version"], &made["status"]),
        (201, &json!(813), &json!("pending"))
    );
    assert_eq!(
        (&made["description"], &made["slug"]),
        (&json!("Rollback to v810"), &target["slug"])
    );
    assert_eq!(world.heroku_get(&format!("/apps/{PROD}/config-vars")).await, old);
    world.pass(90);
    assert_eq!(
        world.newest(PROD).await,
        "v813 succeeded current: Rollback to v810"
    );
    world.pass(30);
    assert_eq!(world.dynos_up(PROD, 813).await, (14, 14));
}

#[tokio::test]
async fn an_old_release_brings_a_revoked_database_password_back() {
    let world = world().await;
    let target = release(&world, 801).await;
    let now = world.heroku_get(&format!("/apps/{PROD}/config-vars")).await;
    roll_back(&world, &target["id"]).await;
    let then = world.heroku_get(&format!("/apps/{PROD}/config-vars")).await;
    assert_ne!(now["DATABASE_URL"], then["DATABASE_URL"]);
}

#[tokio::test]
async fn only_the_id_of_an_eligible_release_will_do() {
    let world = world().await;
    for version in [json!("v811"), json!(811), json!("811"), Value::Null] {
        let (status, error) = roll_back(&world, &version).await;
        assert_eq!(
            (status, &error["id"]),
            (422, &json!("invalid_params")),
            "{version}"
        );
    }
    let unknown = json!("01234567-89ab-4def-8123-456789abcdef");
    assert_eq!(roll_back(&world, &unknown).await.0, 404);

    let expired = release(&world, 790).await;
    assert_eq!(
        (&expired["status"], &expired["eligible_for_rollback"]),
        (&json!("expired"), &json!(false))
    );
    assert_eq!(roll_back(&world, &expired["id"]).await.0, 422);
    assert!(world.newest(PROD).await.starts_with("v812"));
    assert!(world.calls().iter().all(|call| !call.effect));
}

#[tokio::test]
async fn config_stays_when_the_release_phase_fails() {
    let world = world().await;
    world.world().fail_next_release_phase(PROD).unwrap();
    let request = world.heroku(Method::PATCH, &format!("/apps/{PROD}/config-vars"));
    let (status, config) = answer(request.json(
        &json!({ "WEB_CONCURRENCY": "7", "PULSE_URL": null, "LOGGING_LEVEL": "WARNING", "NONE": null }),
    ))
    .await;
    assert_eq!((status.as_u16(), &config["WEB_CONCURRENCY"]), (200, &json!("7")));
    world.pass(90);
    assert_eq!(
        world.newest(PROD).await,
        "v813 failed: Set PULSE_URL, WEB_CONCURRENCY config vars"
    );
    let config = world.heroku_get(&format!("/apps/{PROD}/config-vars")).await;
    assert_eq!(config["WEB_CONCURRENCY"], "7");
    assert!(config.get("PULSE_URL").is_none());
    assert_eq!(world.dynos_up(PROD, 812).await, (14, 14));
}

#[tokio::test]
async fn what_changes_nothing_makes_no_release() {
    let world = world().await;
    let path = format!("/apps/{PROD}/config-vars");
    let same = world
        .heroku(Method::PATCH, &path)
        .json(&json!({ "WEB_CONCURRENCY": "5", "NONE": null }));
    assert_eq!(answer(same).await.0, 200);
    for body in [json!({ "NOT A NAME": "x" }), json!({ "NUMBER": 5 })] {
        assert_eq!(
            answer(world.heroku(Method::PATCH, &path).json(&body)).await.0,
            422,
            "{body}"
        );
    }
    assert!(world.newest(PROD).await.starts_with("v812"));
}

#[tokio::test]
async fn a_slug_can_be_released_again() {
    let world = world().await;
    let current = release(&world, 812).await;
    let request = world.heroku(Method::POST, &format!("/apps/{PROD}/releases"));
    let (status, made) = answer(request.json(&json!({ "slug": current["slug"]["id"] }))).await;
    assert_eq!((status.as_u16(), &made["version"]), (201, &json!(813)));
    assert_eq!(
        made["description"].as_str().unwrap(),
        format!("Deploy {}", &world.sha("production").await[..8])
    );
}
