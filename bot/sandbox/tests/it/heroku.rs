//! What all routes of the pretended Heroku have in common.

use reqwest::Method;
use serde_json::json;

use crate::support::{PROD, answer, world};

#[tokio::test]
async fn lists_come_in_ranges() {
    let world = world().await;
    let mut range = "version ..; max=10, order=desc".to_owned();
    let mut versions = Vec::new();
    let mut statuses = Vec::new();
    loop {
        let request = world.heroku(Method::GET, &format!("/apps/{PROD}/releases"));
        let response = request.header("range", &range).send().await.unwrap();
        statuses.push(response.status().as_u16());
        let next = response
            .headers()
            .get("next-range")
            .map(|next| next.to_str().unwrap().to_owned());
        let page: Vec<serde_json::Value> = response.json().await.unwrap();
        versions.extend(page.iter().map(|release| release["version"].as_u64().unwrap()));
        match next {
            Some(next) => range = next,
            None => break,
        }
    }
    assert_eq!(statuses, [206, 206, 200]);
    assert_eq!(versions, (790..=812).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn what_did_not_change_is_not_sent_again() {
    let world = world().await;
    let path = format!("/apps/{PROD}/dynos");
    let first = world.heroku(Method::GET, &path).send().await.unwrap();
    let tag = first.headers()["etag"].clone();
    let again = world
        .heroku(Method::GET, &path)
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(again.headers()["etag"], tag);
    assert!(again.text().await.unwrap().is_empty());
    world
        .world()
        .restart(PROD, &countersign_sandbox::world::Which::All)
        .unwrap();
    let changed = world
        .heroku(Method::GET, &path)
        .header("if-none-match", &tag)
        .send()
        .await
        .unwrap();
    assert_eq!(changed.status(), 200);
}

#[tokio::test]
async fn every_answer_is_named_and_counts() {
    let world = world().await;
    let mut ids = Vec::new();
    for path in ["/account", "/apps/none", "/nowhere"] {
        let response = world.heroku(Method::GET, path).send().await.unwrap();
        ids.push(response.headers()["request-id"].clone());
        assert_eq!(response.headers()["ratelimit-remaining"], "4499");
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[tokio::test]
async fn errors_have_an_id_and_a_message() {
    let world = world().await;
    let url = format!("{}/account", world.heroku_url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let stranger = client
        .get(&url)
        .header("accept", "version=3")
        .bearer_auth("stolen");
    let unversioned = client.get(&url).bearer_auth("HRKU-sandbox");
    let broken = world
        .heroku(Method::POST, &format!("/apps/{PROD}/releases"))
        .body("{");
    let unknown = world.heroku(Method::GET, "/apps/treeherder-production/dynos");
    for (request, status, id) in [
        (stranger, 401, "unauthorized"),
        (unversioned, 406, "not_acceptable"),
        (broken, 400, "bad_request"),
        (unknown, 404, "not_found"),
    ] {
        let (answered, body) = answer(request).await;
        assert_eq!((answered.as_u16(), &body["id"]), (status, &json!(id)));
        assert!(body["message"].is_string());
    }
    let sdk = client.get(&url).bearer_auth("HRKU-sandbox");
    let sdk = sdk.header("accept", "application/vnd.heroku+json; version=3.sdk");
    assert_eq!(answer(sdk).await.0, 200);
}

#[tokio::test]
async fn prototype_uses_the_redis_of_stage() {
    let world = world().await;
    let addons = world.heroku_get("/apps/treeherder-prototype/addons").await;
    let redis = addons
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["addon_service"]["name"] == "heroku-redis");
    let redis = redis.unwrap();
    assert_eq!(redis["app"]["name"], "treeherder-stage");
    let id = redis["id"].as_str().unwrap();
    let attached = world.heroku_get(&format!("/addons/{id}/addon-attachments")).await;
    let apps: Vec<_> = attached
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["app"]["name"])
        .collect();
    assert_eq!(apps, [&json!("treeherder-stage"), &json!("treeherder-prototype")]);
}

#[tokio::test]
async fn automatic_deploys_are_switched_beside_the_public_api() {
    let world = world().await;
    let path = format!("/kolkrabbi/apps/{PROD}/github");
    let connection = world.heroku_get(&path).await;
    assert_eq!(
        (&connection["branch"], &connection["auto_deploy"]),
        (&json!("production"), &json!(true))
    );
    let off = world
        .heroku(Method::PATCH, &path)
        .json(&json!({ "auto_deploy": false }));
    assert_eq!(answer(off).await.1["auto_deploy"], false);
    let push = world
        .heroku(Method::POST, &format!("{path}/push"))
        .json(&json!({ "branch": "production" }));
    assert_eq!(answer(push).await.0, 202);
    world.pass(240);
    assert!(world.newest(PROD).await.starts_with("v813 pending"));
}
