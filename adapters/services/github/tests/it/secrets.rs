//! Canaries: the token, looked for wherever something is printed.

use std::{
    error::Error as _,
    fmt::{self, Write},
    sync::{Arc, Mutex},
};

use countersign_github::Error;
use serde_json::json;
use tracing::{Event, Metadata, Subscriber, field, span};

use crate::{
    TOKEN, client, production, repo,
    server::{Server, status, text},
    settings,
    wire::nowhere,
};

/// All that anybody might print of an error.
fn all_of(error: &Error) -> String {
    let mut all = format!(
        "{error:?} {error:#?} {error} {} {:?}",
        error.hint(),
        error.message()
    );
    let mut source = error.source();
    while let Some(cause) = source {
        write!(all, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    all
}

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

/// Keeps every event of every crate, down to the smallest.
#[derive(Debug, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        attributes.record(&mut Fields(&mut self.0.lock().unwrap()));
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, values: &span::Record<'_>) {
        values.record(&mut Fields(&mut self.0.lock().unwrap()));
    }

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        event.record(&mut Fields(&mut log));
        log.push('\n');
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Fields<'a>(&'a mut String);

impl field::Visit for Fields<'_> {
    fn record_debug(&mut self, field: &field::Field, value: &dyn fmt::Debug) {
        write!(self.0, "{}={value:?} ", field.name()).unwrap();
    }
}
