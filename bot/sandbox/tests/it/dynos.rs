//! Scaling, restarting and one-off dynos.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PROD, World, answer, world};

async fn names(world: &World) -> Vec<String> {
    let dynos = world.heroku_get(&format!("/apps/{PROD}/dynos")).await;
    dynos
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["name"].as_str().unwrap().to_owned())
        .collect()
}

async fn scale(world: &World, updates: Value) -> (u16, Value) {
    let request = world.heroku(Method::PATCH, &format!("/apps/{PROD}/formation"));
    let (status, body) = answer(request.json(&json!({ "updates": updates }))).await;
    (status.as_u16(), body)
}

#[tokio::test]
async fn a_formation_is_scaled_by_numbers_and_by_text() {
    let world = world().await;
    let misc = "worker_misc";
    for (quantity, dynos) in [
        (json!(2), 15),
        (json!("+1"), 16),
        (json!("+1"), 17),
        (json!("-3"), 14),
        (json!("0"), 13),
        (json!("1"), 14),
    ] {
        assert_eq!(
            scale(&world, json!([{ "type": misc, "quantity": quantity }]))
                .await
                .0,
            200
        );
        assert_eq!(names(&world).await.len(), dynos, "{quantity}");
    }
    let (status, formation) = scale(
        &world,
        json!([{ "type": misc, "dyno_size": { "name": "Performance-M" } }]),
    )
    .await;
    let size = formation
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["type"] == misc)
        .unwrap()["size"]
        .clone();
    assert_eq!((status, size), (200, json!("Performance-M")));
    assert_eq!(world.dynos_up(PROD, 812).await, (13, 14));
    world.pass(30);
    assert_eq!(world.dynos_up(PROD, 812).await, (14, 14));
}

#[tokio::test]
async fn a_bad_update_changes_nothing_at_all() {
    let world = world().await;
    let good = json!({ "type": "web", "quantity": 5 });
    for (bad, status) in [
        (json!({ "type": "wbe", "quantity": 1 }), 404),
        (json!({ "type": "worker_misc", "quantity": "-2" }), 422),
        (json!({ "type": "worker_misc", "quantity": 101 }), 422),
        (json!({ "type": "worker_misc", "quantity": "some" }), 422),
        (json!({ "type": "worker_misc", "size": "Huge" }), 422),
    ] {
        assert_eq!(scale(&world, json!([good, bad])).await.0, status, "{bad}");
    }
    assert_eq!(names(&world).await.len(), 14);
    assert!(world.calls().iter().all(|call| !call.effect));
}

#[tokio::test]
async fn restarting_is_plural_and_hits_only_what_was_named() {
    let world = world().await;
    for (path, up) in [("dynos/web.1", 13), ("formations/web", 11), ("dynos", 0)] {
        let (status, body) = answer(world.heroku(Method::DELETE, &format!("/apps/{PROD}/{path}"))).await;
        assert_eq!((status.as_u16(), body), (202, json!({})));
        assert_eq!(world.dynos_up(PROD, 812).await, (up, 14), "{path}");
        world.pass(30);
        assert_eq!(world.dynos_up(PROD, 812).await, (14, 14));
    }
    for path in ["dynos/web.9", "formations/wbe", "formation/web"] {
        let status = world
            .heroku(Method::DELETE, &format!("/apps/{PROD}/{path}"))
            .send()
            .await
            .unwrap()
            .status();
        assert!(status.is_client_error(), "{path}");
    }
}

#[tokio::test]
async fn a_one_off_dyno_comes_goes_and_leaves_its_status_in_the_log() {
    let world = world().await;
    world
        .order(
            Method::PUT,
            &format!("/apps/{PROD}/next-exit-status"),
            json!({ "status": 3 }),
        )
        .await;
    let body = json!({ "command": "./manage.py clear_cache", "attach": false, "size": "standard-2x", "time_to_live": 600 });
    let (status, dyno) = answer(
        world
            .heroku(Method::POST, &format!("/apps/{PROD}/dynos"))
            .json(&body),
    )
    .await;
    assert_eq!(status, 201);
    assert_eq!(
        (&dyno["name"], &dyno["state"], &dyno["size"]),
        (&json!("run.1001"), &json!("starting"), &json!("Standard-2X"))
    );
    world.pass(5);
    assert_eq!(
        world.heroku_get(&format!("/apps/{PROD}/dynos/run.1001")).await["state"],
        "up"
    );
    world.pass(20);
    assert_eq!(
        answer(world.heroku(Method::GET, &format!("/apps/{PROD}/dynos/run.1001")))
            .await
            .0,
        404
    );

    let session = world.heroku(Method::POST, &format!("/apps/{PROD}/log-sessions"));
    let (_, session) = answer(session.json(&json!({ "dyno": "run.1001", "tail": false }))).await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let log = client
        .get(session["logplex_url"].as_str().unwrap())
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        log.contains("heroku[run.1001]: Process exited with status 3\n"),
        "{log}"
    );
    assert!(log.ends_with("State changed from up to crashed\n"), "{log}");
}

#[tokio::test]
async fn a_one_off_dyno_needs_a_command_and_ends_in_time() {
    let world = world().await;
    let path = format!("/apps/{PROD}/dynos");
    for body in [
        json!({}),
        json!({ "command": "x", "size": "huge" }),
        json!({ "command": "x", "time_to_live": 86401 }),
    ] {
        assert_eq!(
            answer(world.heroku(Method::POST, &path).json(&body)).await.0,
            422,
            "{body}"
        );
    }
    answer(
        world
            .heroku(Method::POST, &path)
            .json(&json!({ "command": "sleep 900", "time_to_live": 10 })),
    )
    .await;
    world.pass(9);
    assert_eq!(names(&world).await.len(), 15);
    world.pass(1);
    assert_eq!(names(&world).await.len(), 14);
}
