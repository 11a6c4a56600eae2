//! Each resource as Heroku writes it, and the request that asks for it.

use countersign_heroku::{BuildStatus, DynoState, ReleaseStatus, SetupError, Version};
use serde_json::{Value, json};
use url::Url;

use crate::{
    TOKEN, client,
    server::{Server, json, status},
    settings, stage,
};

pub(crate) fn release(version: u64, state: &str, current: bool) -> Value {
    json!({
        "id": format!("0000-{version}"), "version": version, "status": state, "current": current,
        "eligible_for_rollback": state == "succeeded", "description": "Deploy 3f2a91c",
        "slug": { "id": format!("slug-{version}") }, "artifacts": [], "addon_plan_names": [],
        "user": { "id": "u-1", "email": "alice@example.com" }, "output_stream_url": null,
        "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T10:01:00Z",
    })
}

#[tokio::test]
async fn an_app() {
    let server = Server::start([json(&json!({
        "id": "01234567-89ab", "name": "treeherder-stage", "owner": { "id": "u-1", "email": "ops@example.com" },
        "stack": { "id": "s-1", "name": "heroku-24" }, "maintenance": false, "space": null,
        "web_url": "https://treeherder-stage.example/", "released_at": null,
    }))])
    .await;
    let app = client(&server.url).app(&stage()).await.unwrap();
    assert_eq!(
        (app.id.as_str(), app.name, app.owner.email.as_str()),
        ("01234567-89ab", stage(), "ops@example.com")
    );
    assert_eq!(
        (app.stack.as_str(), app.maintenance, app.released_at),
        ("heroku-24", false, None)
    );

    let seen = server.finish();
    assert_eq!(seen[0].line, "GET /apps/treeherder-stage");
    assert_eq!(
        seen[0].header("accept"),
        Some("application/vnd.heroku+json; version=3")
    );
    assert_eq!(
        seen[0].header("authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert!(seen[0].header("user-agent").unwrap().starts_with("countersign/"));
}

#[tokio::test]
async fn whose_token_it_is_and_what_time_it_is_there() {
    let server = Server::start([
        json(&json!({ "id": "u-1", "email": "bot@example.com", "verified": true }))
            .with("date", "Sun, 22 Nov 2026 10:00:00 GMT"),
    ])
    .await;
    let whose = client(&server.url).account().await.unwrap();
    assert_eq!(whose.account.email, "bot@example.com");
    assert_eq!(whose.at, Some("2026-11-22T10:00:00Z".parse().unwrap()));
    assert_eq!(server.finish()[0].line, "GET /account");
}

#[tokio::test]
async fn a_release_by_id_and_by_version() {
    let server = Server::start([
        json(&release(811, "succeeded", true)),
        json(&release(812, "something new", false)),
        json(&json!({
            "id": "0-1", "version": 1, "status": "succeeded", "current": false, "description": "Initial release",
            "slug": null, "user": { "id": "u-1", "email": "alice@example.com" },
            "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T10:00:00Z",
        })),
    ])
    .await;
    let heroku = client(&server.url);
    let by_id = heroku
        .release(&stage(), &"0000-811".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(
        (by_id.version, by_id.status, by_id.current),
        (Version(811), ReleaseStatus::Succeeded, true)
    );
    assert_eq!(by_id.slug.unwrap().as_str(), "slug-811");
    let by_version = heroku
        .release_by_version(&stage(), "v812".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(by_version.status, ReleaseStatus::Other);
    let first = heroku.release_by_version(&stage(), Version(1)).await.unwrap();
    assert_eq!((first.slug, first.eligible_for_rollback), (None, false));
    assert_eq!(
        server.lines(),
        [
            "GET /apps/treeherder-stage/releases/0000-811",
            "GET /apps/treeherder-stage/releases/812",
            "GET /apps/treeherder-stage/releases/1",
        ]
    );
}

#[tokio::test]
async fn trap_14_roll_back_takes_the_id_of_a_release() {
    let server = Server::start([status(201, &release(814, "pending", false))]).await;
    let made = client(&server.url)
        .roll_back(&stage(), &"0000-811".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(
        (made.version, made.status),
        (Version(814), ReleaseStatus::Pending)
    );
    let seen = server.finish();
    assert_eq!(seen[0].line, "POST /apps/treeherder-stage/releases");
    assert_eq!(seen[0].body, r#"{"release":"0000-811"}"#);
}

#[tokio::test]
async fn trap_14_config_vars_of_a_release_are_compared_by_name() {
    let server = Server::start([
        json(&json!({ "LANG": "C", "DATABASE_URL": "mysql://new", "NEW": "1", "UNSET": null })),
        json(&json!({ "LANG": "C", "DATABASE_URL": "mysql://old" })),
    ])
    .await;
    let heroku = client(&server.url);
    let now = heroku.config_vars(&stage()).await.unwrap();
    let then = heroku
        .release_config_vars(&stage(), &"0000-811".parse().unwrap())
        .await
        .unwrap();
    assert_eq!(now.names().collect::<Vec<_>>(), ["DATABASE_URL", "LANG", "NEW"]);
    let changes = now.changes_to(&then);
    assert!(changes.added.is_empty());
    assert!(changes.removed.iter().eq(["NEW"]));
    assert!(changes.changed.iter().eq(["DATABASE_URL"]));
    assert_eq!(
        server.lines(),
        [
            "GET /apps/treeherder-stage/config-vars",
            "GET /apps/treeherder-stage/releases/0000-811/config-vars"
        ]
    );
}

#[tokio::test]
async fn a_slug_and_builds() {
    let build = |state: &str, slug: Value, release: Value| {
        json!({
            "id": "b-1", "status": state, "slug": slug, "release": release,
            "source_blob": { "url": "https://s3.example/?Signature=CANARY", "version": "3f2a91c" },
            "user": { "id": "u-1", "email": "alice@example.com" }, "output_stream_url": "https://x/CANARY",
            "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T10:00:00Z",
        })
    };
    let server = Server::start([
        json(&json!({
            "id": "slug-811", "commit": "3f2a91c", "commit_description": "Fix task graph", "deleted_at": null,
            "process_types": { "web": "gunicorn" }, "created_at": "2026-11-22T10:00:00Z",
        })),
        json(&json!([
            build("pending", Value::Null, Value::Null),
            build("succeeded", json!({ "id": "s-1" }), json!({ "id": "r-1" })),
        ])),
        json(&build("failed", Value::Null, Value::Null)),
    ])
    .await;
    let heroku = client(&server.url);
    let slug = heroku.slug(&stage(), &"slug-811".parse().unwrap()).await.unwrap();
    assert_eq!(slug.commit.unwrap().as_str(), "3f2a91c");
    let builds = heroku.newest_builds(&stage(), 2).await.unwrap();
    assert_eq!((builds[0].status, &builds[0].slug), (BuildStatus::Pending, &None));
    assert_eq!(builds[1].release.as_ref().unwrap().as_str(), "r-1");
    assert_eq!(builds[1].commit.as_ref().unwrap().as_str(), "3f2a91c");
    assert!(!format!("{builds:?}").contains("CANARY"));
    let build = heroku.build(&stage(), &builds[0].id).await.unwrap();
    assert_eq!(build.status, BuildStatus::Failed);
    let seen = server.finish();
    assert_eq!(seen[0].line, "GET /apps/treeherder-stage/slugs/slug-811");
    assert_eq!(seen[1].header("range"), Some("created_at ..; order=desc,max=2"));
    assert_eq!(seen[2].line, "GET /apps/treeherder-stage/builds/b-1");
}

#[tokio::test]
async fn dynos_and_formation() {
    let dyno = |kind: &str, state: &str, version: u64| {
        json!({
            "id": "d-1", "name": format!("{kind}.1"), "type": kind, "state": state, "size": "Standard-1X",
            "release": { "id": "r-1", "version": version }, "command": "x", "attach_url": null,
            "created_at": "2026-11-22T10:00:00Z", "updated_at": "2026-11-22T10:00:00Z",
        })
    };
    let server = Server::start([
        json(&json!([
            dyno("web", "up", 812),
            dyno("web", "starting", 812),
            dyno("worker", "up", 811),
            dyno("run", "up", 1)
        ])),
        json(&json!([
            { "type": "web", "quantity": 2, "size": "old", "dyno_size": { "name": "Standard-2X" }, "command": "x" },
            { "type": "worker", "quantity": 0, "size": "Standard-1X" },
        ])),
    ])
    .await;
    let heroku = client(&server.url);
    let dynos = heroku.dynos(&stage()).await.unwrap();
    assert_eq!(dynos[1].state, DynoState::Starting);
    let serving: Vec<_> = dynos.iter().map(|dyno| dyno.serves(Version(812))).collect();
    assert_eq!(serving, [true, false, false, false]);
    let one_off: Vec<_> = dynos.iter().map(countersign_heroku::Dyno::is_one_off).collect();
    assert_eq!(one_off, [false, false, false, true]);
    let formation = heroku.formation(&stage()).await.unwrap();
    let shape: Vec<_> = formation
        .iter()
        .map(|of| (of.name.as_str(), of.quantity, of.size.as_str()))
        .collect();
    assert_eq!(shape, [("web", 2, "Standard-2X"), ("worker", 0, "Standard-1X")]);
    assert_eq!(
        server.lines(),
        [
            "GET /apps/treeherder-stage/dynos",
            "GET /apps/treeherder-stage/formation"
        ]
    );
}

#[test]
fn the_token_only_travels_encrypted() {
    let refused =
        |url: &str| countersign_heroku::Heroku::new(settings(&url.parse::<Url>().unwrap())).unwrap_err();
    for url in [
        "http://api.heroku.com",
        "ftp://127.0.0.1",
        "mailto:a@b",
        "https://user:CANARY@api.heroku.com",
    ] {
        assert!(matches!(refused(url), SetupError::BaseUrl), "{url}");
    }
    for token in ["", "CANARY\n"] {
        let mut settings = settings(&"https://api.heroku.com".parse().unwrap());
        settings.token = token.into();
        assert!(matches!(
            countersign_heroku::Heroku::new(settings),
            Err(SetupError::Token)
        ));
    }
}
