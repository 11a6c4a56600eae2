//! Canaries: the token and the values of config vars, looked for wherever something is printed.

use std::error::Error as _;

use serde_json::json;

use crate::{
    TOKEN, client,
    log::{Log, all_of},
    server::{Reply, Server, json, status, text},
    settings, stage,
    wire::nowhere,
};

async fn config_error(reply: Reply) -> String {
    let server = Server::start([reply]).await;
    all_of(&client(&server.url).config_vars(&stage()).await.unwrap_err())
}

#[test]
fn clients_and_settings_print_no_token() {
    let settings = settings(&"https://api.heroku.com".parse().unwrap());
    assert!(!format!("{settings:?}").contains("CANARY"));
    let printed = format!("{:?}", countersign_heroku::Heroku::new(settings).unwrap());
    assert_eq!(printed, r#"Heroku { base: "https://api.heroku.com/", .. }"#);
}

#[tokio::test]
async fn what_heroku_says_is_cleaned() {
    let message = format!(
        "bad\r\n\u{1b}[1m token {TOKEN} and mysql://u:CANARY@h/d {}",
        "x".repeat(1000)
    );
    let server = Server::start([status(
        422,
        &json!({ "id": "invalid_params", "message": message }),
    )])
    .await;
    let error = client(&server.url).app(&stage()).await.unwrap_err();
    let said = error.message().unwrap();
    assert!(
        said.starts_with("bad [1m token *** and mysql://*** xxx"),
        "{said}"
    );
    assert_eq!(said.chars().count(), 301);
    assert!(!all_of(&error).contains("CANARY"));
}

#[tokio::test]
async fn an_unreachable_server_is_told_without_its_address() {
    let url = nowhere().await;
    let mut based = url.clone();
    based.set_path("/CANARY/");
    let error = client(&based).app(&stage()).await.unwrap_err();
    assert!(error.source().is_some());
    assert!(!all_of(&error).contains("CANARY"), "{}", all_of(&error));
    assert!(!error.to_string().contains(&error.source().unwrap().to_string()));
}

#[tokio::test]
async fn config_values_get_into_no_error() {
    for reply in [
        json(&json!(["CANARY"])),
        json(&json!({ "A": ["CANARY"] })),
        text(200, r#"{"A": "CANARY"#),
        text(200, "CANARY"),
        status(
            422,
            &json!({ "id": "invalid_params", "message": "A=CANARY is bad" }),
        ),
        status(500, &json!({ "id": "CANARY", "message": "CANARY" })),
        status(404, &json!({ "CANARY": "CANARY" })),
    ] {
        let printed = config_error(reply).await;
        assert!(!printed.contains("CANARY"), "{printed}");
    }
}

#[tokio::test]
async fn config_values_are_not_printed() {
    let server = Server::start([json(&json!({ "SECRET_KEY": "CANARY" }))]).await;
    let vars = client(&server.url).config_vars(&stage()).await.unwrap();
    assert_eq!(format!("{vars:?}"), r#"{"SECRET_KEY"}"#);
    assert!(
        !format!(
            "{:?} {:?}",
            vars.get("SECRET_KEY"),
            vars.iter().collect::<Vec<_>>()
        )
        .contains("CANARY")
    );
}

#[tokio::test]
async fn logs_tell_the_request_and_no_secret() {
    let log = Log::default();
    let lines = log.0.clone();
    let _guard = tracing::subscriber::set_default(log);
    let server = Server::start([
        text(503, ""),
        json(&json!({ "A": "CANARY" })).with("request-id", "5f3e"),
        text(200, "CANARY"),
        status(422, &json!({ "message": "CANARY" })),
    ])
    .await;
    let heroku = client(&server.url);
    heroku.config_vars(&stage()).await.unwrap();
    heroku.config_vars(&stage()).await.unwrap_err();
    heroku.config_vars(&stage()).await.unwrap_err();

    let lines = lines.lock().unwrap();
    let ours = "call=GET /apps/treeherder-stage/config-vars status=200 request_id=\"5f3e\"";
    assert!(lines.contains(ours), "{lines}");
    assert!(lines.contains("trying Heroku again"), "{lines}");
    assert!(!lines.contains("CANARY"), "{lines}");
}
