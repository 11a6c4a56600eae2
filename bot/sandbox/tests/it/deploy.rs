//! From the moved branch to the last dyno, and everywhere it can stop on the way.

use reqwest::Method;
use serde_json::json;

use crate::support::{PROD, STAGE, World, world};

#[tokio::test]
async fn production_follows_its_branch() {
    let world = world().await;
    let compare = world.github_get("/compare/production...master").await;
    assert_eq!(
        (&compare["status"], &compare["ahead_by"]),
        (&json!("ahead"), &json!(12))
    );
    let head = world.sha("master").await;
    assert!(head.starts_with("8d07be4"));
    assert_eq!(
        world.newest(PROD).await,
        "v812 succeeded current: Set NEW_RELIC_LABEL config vars"
    );
    assert_eq!(world.dynos_up(PROD, 812).await, (14, 14));

    let (status, moved) = world.move_production(&head).await;
    assert_eq!(
        (status.as_u16(), moved["object"]["sha"].as_str().unwrap()),
        (200, head.as_str())
    );
    assert_ne!(
        newest_build(&world, PROD).await,
        (head.clone(), "pending".to_owned())
    );

    world.pass(10);
    assert_eq!(
        newest_build(&world, PROD).await,
        (head.clone(), "pending".to_owned())
    );
    world.pass(240);
    assert_eq!(
        newest_build(&world, PROD).await,
        (head.clone(), "succeeded".to_owned())
    );
    let deploy = format!("Deploy {}", &head[..8]);
    assert_eq!(world.newest(PROD).await, format!("v813 pending: {deploy}"));
    assert_eq!(world.dynos_up(PROD, 812).await, (14, 14));

    world.pass(90);
    assert_eq!(
        world.newest(PROD).await,
        format!("v813 succeeded current: {deploy}")
    );
    assert_eq!(world.dynos_up(PROD, 813).await, (0, 14));
    world.pass(10);
    assert_eq!(world.dynos_up(PROD, 813).await, (1, 14));
    world.pass(20);
    assert_eq!(world.dynos_up(PROD, 813).await, (14, 14));
    let release = &world.releases(PROD).await[0];
    let slug = release["slug"]["id"].as_str().unwrap();
    assert_eq!(
        world.heroku_get(&format!("/apps/{PROD}/slugs/{slug}")).await["commit"],
        head
    );
}

#[tokio::test]
async fn nobody_has_to_look_for_it_to_happen() {
    let (watched, unwatched) = (world().await, world().await);
    for world in [&watched, &unwatched] {
        let head = world.sha("master").await;
        world.move_production(&head).await;
    }
    for _ in 0..370 {
        watched.pass(1);
        watched.heroku_get(&format!("/apps/{PROD}")).await;
    }
    unwatched.pass(370);
    let releases = |world| async move {
        let releases: Vec<_> = World::releases(world, PROD).await;
        let strip = |mut release: serde_json::Value| {
            release["output_stream_url"].take();
            release
        };
        releases.into_iter().map(strip).collect::<Vec<_>>()
    };
    assert_eq!(releases(&watched).await, releases(&unwatched).await);
    assert_eq!(unwatched.dynos_up(PROD, 813).await, (14, 14));
}

#[tokio::test]
async fn the_newest_release_is_not_current_when_its_release_phase_failed() {
    let world = world().await;
    world
        .order(
            Method::POST,
            &format!("/apps/{PROD}/fail-next-release-phase"),
            json!({}),
        )
        .await;
    let head = world.sha("master").await;
    world.move_production(&head).await;
    world.pass(10 + 240 + 90);
    assert_eq!(
        world.newest(PROD).await,
        format!("v813 failed: Deploy {}", &head[..8])
    );
    let releases = world.releases(PROD).await;
    assert_eq!(releases[1]["current"], true);
    assert_eq!(releases[0]["eligible_for_rollback"], false);
    assert_eq!(world.dynos_up(PROD, 812).await, (14, 14));
    let url = releases[0]["output_stream_url"].as_str().unwrap();
    let output = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .get(url)
        .send()
        .await
        .unwrap();
    assert!(output.text().await.unwrap().contains("OperationalError"));
}

#[tokio::test]
async fn a_failed_build_makes_no_release() {
    let world = world().await;
    world
        .order(Method::POST, &format!("/apps/{PROD}/fail-next-build"), json!({}))
        .await;
    let head = world.sha("master").await;
    world.move_production(&head).await;
    world.pass(600);
    assert_eq!(newest_build(&world, PROD).await, (head, "failed".to_owned()));
    assert!(world.newest(PROD).await.starts_with("v812"));
}

#[tokio::test]
async fn heroku_waits_until_all_of_ci_is_green() {
    let world = world().await;
    let commit = json!({ "author": "erin", "message": "Show tasks sooner", "files": ["a.py"] });
    let ci = json!({ "state": "red", "after_s": 100 });
    let pushed = world
        .order(Method::POST, "/push", json!({ "commits": [commit], "ci": ci }))
        .await;
    let head = pushed["sha"].as_str().unwrap().to_owned();
    world.pass(1000);
    assert!(world.newest(STAGE).await.starts_with("v701"));

    world
        .order(
            Method::PUT,
            &format!("/ci/{head}"),
            json!({ "state": "green", "after_s": 60 }),
        )
        .await;
    world.pass(60);
    assert_ne!(newest_build(&world, STAGE).await.0, head);
    world.pass(10);
    assert_eq!(
        newest_build(&world, STAGE).await,
        (head.clone(), "pending".to_owned())
    );
    world.pass(240 + 90 + 30);
    assert!(world.newest(STAGE).await.starts_with("v702 succeeded current"));
}

#[tokio::test]
async fn a_branch_that_does_not_move_or_is_not_deployed_starts_nothing() {
    let world = world().await;
    let (production, master) = (world.sha("production").await, world.sha("master").await);
    assert_eq!(world.move_production(&production).await.0, 200);
    world.pass(1000);
    assert!(world.newest(PROD).await.starts_with("v812"));

    world
        .order(
            Method::PUT,
            &format!("/apps/{PROD}/auto-deploy"),
            json!({ "on": false }),
        )
        .await;
    assert_eq!(world.move_production(&master).await.0, 200);
    world.pass(1000);
    assert!(world.newest(PROD).await.starts_with("v812"));
}

#[tokio::test]
async fn prototype_begins_with_a_failed_newest_release() {
    let world = world().await;
    let releases = world.releases("treeherder-prototype").await;
    let seen: Vec<_> = releases
        .iter()
        .take(2)
        .map(|it| (&it["status"], &it["current"]))
        .collect();
    assert_eq!(
        seen,
        [
            (&json!("failed"), &json!(false)),
            (&json!("succeeded"), &json!(true))
        ]
    );
}

async fn newest_build(world: &World, app: &str) -> (String, String) {
    let builds = world.heroku_get(&format!("/apps/{app}/builds")).await;
    let build = builds.as_array().unwrap().last().unwrap().clone();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    (text(&build["source_blob"]["version"]), text(&build["status"]))
}
