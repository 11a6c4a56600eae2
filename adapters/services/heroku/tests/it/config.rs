//! Changing config vars: one request, nothing of a value anywhere else, and every refusal in words.

use countersign_heroku::{ConfigUpdate, ConfigVars, Error, ErrorKind, Heroku, Refusal, Retry};
use serde_json::{Value, json};

use crate::{
    client,
    log::all_of,
    server::{Reply, Server, json, status, text},
    stage,
    wire::{Act, Wire},
};

fn update() -> ConfigUpdate {
    ConfigUpdate::default()
        .set("NEW_KEY", "CANARY-new".into())
        .unset("OLD_KEY")
}

async fn change(heroku: &Heroku) -> Result<ConfigVars, Error> {
    heroku.update_config_vars(&stage(), &update()).await
}

async fn refused(reply: Reply) -> Error {
    let server = Server::start([reply]).await;
    let error = change(&client(&server.url)).await.unwrap_err();
    assert_eq!(server.finish().len(), 1, "it is sent once");
    assert!(!all_of(&error).contains("CANARY"), "{}", all_of(&error));
    error
}

#[tokio::test]
async fn several_are_set_and_unset_in_one_request() {
    let server = Server::start([json(&json!({ "A": "1", "NEW_KEY": "CANARY-new" }))]).await;
    let now = change(&client(&server.url)).await.unwrap();
    assert_eq!(now.names().collect::<Vec<_>>(), ["A", "NEW_KEY"]);
    let seen = server.finish();
    assert_eq!(seen[0].line, "PATCH /apps/treeherder-stage/config-vars");
    let body: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(body, json!({ "NEW_KEY": "CANARY-new", "OLD_KEY": null }));
}

#[tokio::test]
async fn every_refusal_has_words_of_its_own_and_none_of_herokus() {
    let said = |code, id: &str, message: &str| status(code, &json!({ "id": id, "message": message }));
    for (reply, kind, hint) in [
        (
            said(
                422,
                "invalid_params",
                "Cannot overwrite attachment values CANARY_URL.",
            ),
            ErrorKind::Refused(Refusal::OwnedByAddOn),
            "an add-on owns that config var",
        ),
        (
            said(422, "invalid_params", "NEW_KEY=CANARY-new is bad"),
            ErrorKind::Refused(Refusal::ConfigRefused),
            "32 KB",
        ),
        (
            said(400, "bad_request", "CANARY-new"),
            ErrorKind::Refused(Refusal::ConfigRefused),
            "32 KB",
        ),
        (
            said(403, "forbidden", "CANARY-new"),
            ErrorKind::Forbidden,
            "write-protected",
        ),
        (
            said(404, "not_found", "CANARY-new"),
            ErrorKind::NotFound,
            "check the name",
        ),
        (
            said(409, "conflict", "CANARY-new"),
            ErrorKind::Conflict,
            "something else",
        ),
    ] {
        let error = refused(reply).await;
        assert_eq!(
            (error.kind(), error.message(), error.maybe_done()),
            (kind, None, false)
        );
        assert!(error.hint().contains(hint), "{}", error.hint());
    }
}

#[tokio::test]
async fn trap_16_a_change_that_may_have_happened_is_not_sent_again() {
    for reply in [text(503, "CANARY-new"), text(200, r#"{"NEW_KEY": "CANARY-new"#)] {
        let error = refused(reply).await;
        assert_eq!((error.maybe_done(), error.retry()), (true, Retry::Never));
    }
    let wire = Wire::start([Act::HangUp]).await;
    let error = change(&client(&wire.url)).await.unwrap_err();
    assert_eq!((error.maybe_done(), wire.requests()), (true, 1));
    let limited = refused(text(429, "").with("retry-after", "7")).await;
    assert!(!limited.maybe_done());
    assert_eq!(
        limited.retry(),
        Retry::Later(Some(std::time::Duration::from_secs(7)))
    );
}

#[tokio::test]
async fn what_add_ons_own_is_named_also_where_they_are_attached_from_elsewhere() {
    let server = Server::start([
        json(&json!([
            { "id": "1", "name": "redis-round-11852", "config_vars": ["REDIS_URL"] },
            { "id": "2", "name": "scheduler-flat-90211", "config_vars": [] },
        ])),
        json(&json!([
            { "id": "3", "name": "REDIS", "addon": { "name": "redis-round-11852" } },
            { "id": "4", "name": "SCHEDULER", "addon": { "name": "scheduler-flat-90211" } },
            { "id": "5", "name": "CACHE", "addon": { "name": "redis-of-another-app" } },
        ])),
    ])
    .await;
    let owned = client(&server.url)
        .config_vars_of_add_ons(&stage())
        .await
        .unwrap();
    let owned: Vec<String> = owned
        .iter()
        .map(|(name, add_on)| format!("{name} {add_on}"))
        .collect();
    assert_eq!(
        owned,
        ["CACHE_URL redis-of-another-app", "REDIS_URL redis-round-11852"]
    );
    assert_eq!(
        server.lines(),
        [
            "GET /apps/treeherder-stage/addons",
            "GET /apps/treeherder-stage/addon-attachments"
        ]
    );
}
