//! Everything that can go wrong, and what the error says of it.

use std::time::Duration;

use countersign_github::{Error, ErrorKind, GitHub, Retry, Settings};
use serde_json::json;

use crate::{
    client, production, repo,
    server::{Reply, Server, status, text},
    settings, sha,
    wire::{Act, SHORT, Wire, nowhere},
};

const PATH: &str = "/repos/mozilla/treeherder/git/ref/heads/production";
const OK_REF: &str = concat!(
    "HTTP/1.1 200 OK\r\ncontent-length: 63\r\nconnection: close\r\n\r\n",
    r#"{"object":{"sha":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"} } "#
);

async fn read(github: &GitHub) -> Result<(), Error> {
    github.branch_head(&repo(), &production()).await.map(drop)
}

async fn write(github: &GitHub) -> Result<(), Error> {
    github
        .fast_forward(&repo(), &production(), &sha('b'))
        .await
        .map(drop)
}

/// What a read makes of an answer that is not worth trying again.
async fn failure(reply: Reply) -> Error {
    let server = Server::start([reply]).await;
    let error = read(&client(&server.url)).await.unwrap_err();
    assert_eq!((error.tries(), server.finish().len()), (1, 1));
    error
}

#[tokio::test]
async fn every_refusal_has_its_kind() {
    use ErrorKind as Kind;
    for (code, kind, retry) in [
        (301, Kind::Moved, Retry::Never),
        (400, Kind::Invalid, Retry::Never),
        (401, Kind::Unauthorized, Retry::Never),
        (403, Kind::Forbidden, Retry::Never),
        (404, Kind::NotFound, Retry::Never),
        (406, Kind::Unexpected, Retry::Never),
        (408, Kind::TimedOut, Retry::Later(None)),
        (409, Kind::Conflict, Retry::Never),
        (410, Kind::Gone, Retry::Never),
        (422, Kind::Invalid, Retry::Never),
        (500, Kind::Server, Retry::Later(None)),
    ] {
        let body = json!({ "message": "Because", "errors": [{ "message": "of this" }, "and that", { "code": "x" }] });
        let error = failure(status(code, &body).with("x-github-request-id", "5F3E:1")).await;
        assert_eq!(
            (error.kind(), error.retry(), error.maybe_done()),
            (kind, retry, false),
            "{code}"
        );
        assert_eq!(error.request_id(), Some("5F3E:1"));
        assert_eq!(
            error.to_string(),
            format!("GitHub answered {code} to GET {PATH}: Because of this and that (request id 5F3E:1)")
        );
        let hint = error.hint();
        assert!(
            hint.len() > 20 && !hint.ends_with('.') && !hint.contains('\n'),
            "{hint}"
        );
    }
}

#[tokio::test]
async fn both_limits_say_how_long_to_wait() {
    let date = "Sun, 22 Nov 2026 10:00:00 GMT";
    let spent = |code| {
        let reply = text(code, "")
            .with("date", date)
            .with("x-ratelimit-remaining", "0");
        reply.with("x-ratelimit-reset", "1795342290")
    };
    let secondary = json!({ "message": "You have exceeded a secondary rate limit." });
    for (reply, wait) in [
        (spent(403), 690),
        (spent(429), 690),
        (text(429, "").with("retry-after", "40"), 40),
        (text(403, "").with("retry-after", "40"), 40),
        (status(403, &secondary), 60),
    ] {
        let error = failure(reply).await;
        let wait = Some(Duration::from_secs(wait));
        assert_eq!(error.kind(), ErrorKind::RateLimited { retry_after: wait });
        assert_eq!((error.retry(), error.maybe_done()), (Retry::Later(wait), false));
        assert!(error.hint().contains("ask again in"));
    }
}

#[tokio::test]
async fn pages_of_html_and_nonsense_are_survived() {
    let error = failure(text(404, "<html>Unicorn</html>")).await;
    assert_eq!((error.kind(), error.message()), (ErrorKind::NotFound, None));
    assert!(error.hint().contains("hides it"));
    let error = failure(text(200, r#"{"object":{"sha":"beef"}}"#)).await;
    assert_eq!((error.kind(), error.maybe_done()), (ErrorKind::Malformed, false));
    assert!(
        error
            .to_string()
            .contains("can't be understood: a commit has 40 or 64"),
        "{error}"
    );
}

#[tokio::test]
async fn reads_are_tried_three_times() {
    for code in [502, 503, 504] {
        let ok = OK_REF.split_once("\r\n\r\n").unwrap().1;
        let server = Server::start([text(code, ""), text(code, ""), text(200, ok)]).await;
        read(&client(&server.url)).await.unwrap();
        server.finish();

        let server = Server::start([text(code, ""), text(code, ""), text(code, "")]).await;
        let error = read(&client(&server.url)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.tries(), error.maybe_done()),
            (ErrorKind::Server, 3, false)
        );
        server.finish();
    }
    let wire = Wire::start([Act::HangUp, Act::HangUp, Act::Answer(OK_REF)]).await;
    read(&client(&wire.url)).await.unwrap();
    assert_eq!(wire.requests(), 3);
}

#[tokio::test]
async fn nothing_that_may_have_an_effect_is_sent_twice() {
    for code in [500, 502, 503, 504] {
        let server = Server::start([text(code, "")]).await;
        let error = write(&client(&server.url)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.maybe_done(), error.retry()),
            (ErrorKind::Server, true, Retry::Never)
        );
        assert!(error.hint().contains("look where the branch is"));
        assert_eq!(server.finish().len(), 1);
    }
}

#[tokio::test]
async fn a_lost_reply_leaves_it_open() {
    let cut = "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{\"ref\":";
    for act in [Act::HangUp, Act::Answer(cut)] {
        let wire = Wire::start([act]).await;
        let error = write(&client(&wire.url)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.maybe_done(), error.retry()),
            (ErrorKind::Network, true, Retry::Never)
        );
        assert_eq!((wire.requests(), error.tries()), (1, 1));
    }
}

#[tokio::test]
async fn an_answer_that_is_not_understood_leaves_it_open() {
    let server = Server::start([text(200, "{}")]).await;
    let error = write(&client(&server.url)).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_done()), (ErrorKind::Malformed, true));
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let wire = Wire::start([Act::Silence, Act::Silence]).await;
    let impatient = GitHub::new(Settings {
        timeout: SHORT,
        ..settings(&wire.url)
    })
    .unwrap();
    let error = write(&impatient).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_done(), error.retry()),
        (ErrorKind::TimedOut, true, Retry::Never)
    );
    let error = read(&impatient).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_done()), (ErrorKind::TimedOut, false));
    assert_eq!((error.retry(), error.tries()), (Retry::Later(None), 1));
}

#[tokio::test]
async fn what_never_left_was_not_done() {
    let github = client(&nowhere().await);
    let error = write(&github).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_done(), error.tries()),
        (ErrorKind::Network, false, 1)
    );
    assert_eq!(error.retry(), Retry::Later(None));
    assert_eq!(read(&github).await.unwrap_err().tries(), 3);
}

#[tokio::test]
async fn a_repository_that_moved_is_not_followed() {
    let server =
        Server::start([text(307, "").with("location", "/repositories/1/git/refs/heads/production")]).await;
    let error = write(&client(&server.url)).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_done()), (ErrorKind::Moved, false));
    assert!(error.hint().contains("new name"));
    assert_eq!(server.finish().len(), 1);
}
