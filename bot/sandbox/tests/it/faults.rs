//! What goes wrong on order: from an error to a connection that breaks after everything was done.

use std::time::Duration;

use countersign_sandbox::{Break, Fault, FaultRule, Route};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PROD, World, answer, world};

const UPDATE_REF: &str = "PATCH /github/repos/*/*/git/refs/*";

async fn order(world: &World, fault: Value) -> u64 {
    let rule = json!({ "route": UPDATE_REF, "fault": fault });
    world.order(Method::POST, "/faults", rule).await["id"]
        .as_u64()
        .unwrap()
}

/// Tries to move production to master.
async fn deploy(world: &World) -> Result<reqwest::Response, reqwest::Error> {
    let sha = world.sha("master").await;
    let path = "/repos/mozilla/treeherder/git/refs/heads/production";
    world
        .github(Method::PATCH, path)
        .json(&json!({ "sha": sha }))
        .send()
        .await
}

async fn has_moved(world: &World) -> bool {
    world.sha("production").await.starts_with("8d07be4")
}

#[tokio::test]
async fn an_answer_of_another_kind() {
    let world = world().await;
    let fault = json!({ "status": 503, "message": "Try later.", "headers": { "retry-after": "7" } });
    order(&world, fault).await;
    let response = deploy(&world).await.unwrap();
    assert_eq!(
        (response.status().as_u16(), &response.headers()["retry-after"]),
        (503, &"7".parse().unwrap())
    );
    assert_eq!(response.json::<Value>().await.unwrap()["message"], "Try later.");
    assert!(!has_moved(&world).await);
    assert_eq!(deploy(&world).await.unwrap().status(), 200);
    let seen: Vec<_> = world
        .calls()
        .iter()
        .map(|call| (call.status, call.effect))
        .collect();
    assert_eq!(seen, [(Some(503), false), (Some(200), true)]);
}

#[tokio::test]
async fn a_connection_cut_before_anything_is_done() {
    let world = world().await;
    order(&world, json!("cut")).await;
    let error = deploy(&world).await.unwrap_err();
    assert!(
        error.is_request() && error.status().is_none() && !error.is_timeout(),
        "{error:?}"
    );
    assert!(!has_moved(&world).await);
    let calls = world.calls();
    assert_eq!((calls.len(), calls[0].status, calls[0].effect), (1, None, false));
}

#[tokio::test]
async fn a_reply_that_is_lost_after_everything_was_done() {
    let world = world().await;
    order(&world, json!("lost_reply")).await;
    assert!(deploy(&world).await.unwrap_err().status().is_none());
    assert!(has_moved(&world).await);
    let calls = world.calls();
    assert_eq!(
        (calls.len(), calls[0].status, calls[0].effect),
        (1, Some(200), true)
    );
}

#[tokio::test]
async fn a_request_that_hangs_is_seen_and_let_go() {
    for (fault, done) in [("hang_before", false), ("hang_after", true)] {
        let world = world().await;
        let id = order(&world, json!(fault)).await;
        let hanging = async { deploy(&world).await.map(|response| response.status().as_u16()) };
        let meanwhile = async {
            let (_, hit) = answer(world.control(Method::GET, &format!("/faults/{id}/hit?wait=10"))).await;
            assert_eq!(hit["hits"], 1);
            assert_eq!(has_moved(&world).await, done, "{fault}");
            assert!(world.faults().clear(id));
        };
        let (answered, ()) = tokio::join!(hanging, meanwhile);
        assert_eq!(answered.ok(), done.then_some(200), "{fault}");
        assert_eq!(has_moved(&world).await, done, "{fault}");
    }
}

#[tokio::test]
async fn whoever_gives_up_on_a_hanging_request_leaves_nothing_behind() {
    let world = world().await;
    let id = order(&world, json!("hang_before")).await;
    let impatient = tokio::time::timeout(Duration::from_millis(200), deploy(&world)).await;
    assert!(impatient.is_err());
    world.faults().clear(id);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!has_moved(&world).await);
    assert_eq!(deploy(&world).await.unwrap().status(), 200);
}

#[tokio::test]
async fn waiting_for_a_hit_ends_without_one() {
    let world = world().await;
    let id = order(&world, json!("cut")).await;
    let (status, state) = answer(world.control(Method::GET, &format!("/faults/{id}/hit?wait=0"))).await;
    assert_eq!(
        (status.as_u16(), &state["hits"], &state["times"]),
        (200, &json!(0), &json!(1))
    );
    assert_eq!(state["route"], UPDATE_REF);
}

#[tokio::test]
async fn a_late_answer_is_the_right_one() {
    let world = world().await;
    let route = Route::try_from(format!("GET /apps/{PROD}")).unwrap();
    let fault = Fault::Delay { delay_ms: 60 };
    world.faults().add(FaultRule {
        route,
        skip: 0,
        times: 1,
        fault,
    });
    let request = world.heroku(Method::GET, &format!("/apps/{PROD}"));
    let impatient =
        tokio::time::timeout(Duration::from_millis(20), request.try_clone().unwrap().send()).await;
    assert!(impatient.is_err());
    assert_eq!(answer(request).await.1["name"], PROD);
}

#[tokio::test]
async fn only_the_route_that_was_named_is_hit() {
    let world = world().await;
    let route = Route::try_from("POST /apps/*/dynos".to_owned()).unwrap();
    world.faults().add(FaultRule {
        route,
        skip: 1,
        times: 1,
        fault: Fault::Break(Break::LostReply),
    });
    let run = || {
        world
            .heroku(Method::POST, &format!("/apps/{PROD}/dynos"))
            .json(&json!({ "command": "true" }))
            .send()
    };
    assert_eq!(run().await.unwrap().status(), 201);
    assert!(run().await.is_err());
    assert_eq!(run().await.unwrap().status(), 201);
    let dynos = world.heroku_get(&format!("/apps/{PROD}/dynos")).await;
    let runs: Vec<_> = dynos
        .as_array()
        .unwrap()
        .iter()
        .filter(|it| it["type"] == "run")
        .collect();
    assert_eq!(runs.len(), 3);
}
