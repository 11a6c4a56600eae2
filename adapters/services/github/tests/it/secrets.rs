//! Canaries: the token, looked for wherever something is printed.

use std::error::Error as _;

use serde_json::json;

use crate::{
    TOKEN, client,
    log::{Log, all_of},
    production, repo,
    server::{Server, status, text},
    settings,
    wire::nowhere,
};

#[test]
fn clients_and_settings_print_no_token() {
    let settings = settings(&"https://api.github.com".parse().unwrap());
    assert!(!format!("{settings:?}").contains("CANARY"));
    let printed = format!("{:?}", countersign_github::GitHub::new(settings).unwrap());
    assert_eq!(printed, r#"GitHub { base: "https://api.github.com/", .. }"#);
}

#[tokio::test]
async fn what_github_says_is_cleaned() {
    let message = format!(
        "bad\r\n\u{1b}[1m token {TOKEN} and mysql://u:CANARY@h/d {}",
        "x".repeat(1000)
    );
    let server = Server::start([status(422, &json!({ "message": message }))]).await;
    let error = client(&server.url)
        .branch_head(&repo(), &production())
        .await
        .unwrap_err();
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
    let error = client(&based)
        .branch_head(&repo(), &production())
        .await
        .unwrap_err();
    assert!(error.source().is_some());
    assert!(!all_of(&error).contains("CANARY"), "{}", all_of(&error));
    assert!(!error.to_string().contains(&error.source().unwrap().to_string()));
}

#[tokio::test]
async fn logs_tell_the_request_and_no_secret() {
    let log = Log::default();
    let lines = log.0.clone();
    let _guard = tracing::subscriber::set_default(log);
    let said = json!({ "message": format!("{TOKEN} is no good") });
    let server = Server::start([
        text(503, ""),
        status(401, &said).with("x-github-request-id", "5f3e"),
    ])
    .await;
    client(&server.url)
        .branch_head(&repo(), &production())
        .await
        .unwrap_err();

    let lines = lines.lock().unwrap();
    let path = "/repos/mozilla/treeherder/git/ref/heads/production";
    assert!(
        lines.contains(&format!("call=GET {path} status=401 request_id=\"5f3e\"")),
        "{lines}"
    );
    assert!(lines.contains("trying GitHub again"), "{lines}");
    assert!(!lines.contains("CANARY"), "{lines}");
}
