//! The control API, and starting and stopping.

use std::sync::Arc;

use countersign_sandbox::{Sandbox, StartError, Time, Tokens};
use jiff::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PROD, answer, world};

#[tokio::test]
async fn others_act_behind_the_bots_back() {
    let world = world().await;
    let erin = "erin@example.org";
    let config = json!({ "set": { "WEB_CONCURRENCY": "9" }, "user": erin });
    world
        .order(Method::POST, &format!("/apps/{PROD}/config"), config)
        .await;
    world
        .order(
            Method::POST,
            &format!("/apps/{PROD}/rollback"),
            json!({ "version": 811, "user": erin }),
        )
        .await;
    world
        .order(
            Method::POST,
            &format!("/apps/{PROD}/deploy"),
            json!({ "commit": "master", "user": erin }),
        )
        .await;
    world
        .order(Method::PUT, "/branches/production", json!({ "sha": "8d07be4" }))
        .await;
    world.pass(400);
    let releases = world.releases(PROD).await;
    let seen: Vec<_> = releases
        .iter()
        .take(3)
        .map(|it| it["description"].as_str().unwrap())
        .collect();
    let master = world.sha("master").await;
    let deploy = format!("Deploy {}", &master[..8]);
    assert_eq!(
        seen,
        [&deploy, "Rollback to v811", "Set WEB_CONCURRENCY config vars"]
    );
    assert!(releases.iter().take(3).all(|it| it["user"]["email"] == erin));
    assert_eq!(world.sha("production").await, master);
    assert!(world.calls().is_empty());
}

#[tokio::test]
async fn calls_are_recorded_until_the_reset() {
    let world = world().await;
    let master = world.sha("master").await;
    world.move_production(&master).await;
    let calls: Value = world
        .control(Method::GET, "/calls")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let expected = json!([{
        "number": 1,
        "at": "2020-10-21T09:00:00Z",
        "method": "PATCH",
        "path": "/github/repos/mozilla/treeherder/git/refs/heads/production",
        "body": { "sha": master, "force": false },
        "status": 200,
        "effect": true,
    }]);
    assert_eq!(calls, expected);

    world.pass(1000);
    let overview: Value = world
        .control(Method::GET, "")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&overview["now"], &overview["apps"][2]["current"]),
        (&json!("2020-10-21T09:16:40Z"), &json!("v813"))
    );
    assert_eq!(answer(world.control(Method::POST, "/reset")).await.0, 204);
    assert!(world.calls().is_empty());
    assert!(world.newest(PROD).await.starts_with("v812"));
    assert!(world.sha("production").await.starts_with("3f2a91c"));
}

#[tokio::test]
async fn an_order_that_cannot_be_is_refused_in_words() {
    let world = world().await;
    for (method, path, body) in [
        (Method::POST, "/apps/none/fail-next-build", json!({})),
        (
            Method::POST,
            "/apps/treeherder-prod/rollback",
            json!({ "version": 790 }),
        ),
        (Method::PUT, "/branches/production", json!({ "sha": "ffffffff" })),
        (Method::PUT, "/ci/ffffffff", json!({ "state": "green" })),
        (Method::POST, "/push", json!({ "branch": "none", "commits": [] })),
        (Method::DELETE, "/faults/7", json!({})),
    ] {
        let (status, answer) = answer(world.control(method, path).json(&body)).await;
        assert_eq!(status, 422, "{path}");
        assert!(answer["error"].is_string(), "{path}");
    }
}

struct Epoch;

impl Time for Epoch {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

#[tokio::test]
async fn it_listens_on_loopback_only_and_stops() {
    let start = |listen: &str| Sandbox::start(listen.parse().unwrap(), Arc::new(Epoch), Tokens::default());
    let error = start("0.0.0.0:0").await.unwrap_err();
    assert!(matches!(error, StartError::NotLoopback(_)));
    assert!(error.to_string().contains("use 127.0.0.1 or [::1]"));

    let sandbox = start("127.0.0.1:0").await.unwrap();
    let (address, url) = (sandbox.addr(), sandbox.heroku_url());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(client.get(format!("{url}/sandbox")).send().await.is_ok());
    sandbox.stop().await;
    assert!(
        client
            .get(format!("{url}/sandbox"))
            .send()
            .await
            .unwrap_err()
            .is_connect()
    );
    start(&address.to_string()).await.unwrap().stop().await;
}
