//! Everything that can go wrong, and what the error says of it.

use std::time::Duration;

use countersign_heroku::{Error, ErrorKind, Heroku, Refusal, Retry, Settings};
use serde_json::json;

use crate::{
    client,
    server::{Reply, Server, status, text},
    settings, stage,
    wire::{Act, SHORT, Wire, nowhere},
};

const OK_APP: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n[]";

async fn read(heroku: &Heroku) -> Result<(), Error> {
    heroku.dynos(&stage()).await.map(drop)
}

async fn write(heroku: &Heroku) -> Result<(), Error> {
    heroku
        .roll_back(&stage(), &"0000-811".parse().unwrap())
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
    let limited = Kind::RateLimited { retry_after: None };
    for (code, id, kind, retry) in [
        (400, "bad_request", Kind::Invalid, Retry::Never),
        (401, "unauthorized", Kind::Unauthorized, Retry::Never),
        (
            402,
            "delinquent",
            Kind::Refused(Refusal::Delinquent),
            Retry::Never,
        ),
        (403, "forbidden", Kind::Forbidden, Retry::Never),
        (403, "suspended", Kind::Refused(Refusal::Suspended), Retry::Never),
        (403, "two_factor", Kind::Refused(Refusal::TwoFactor), Retry::Never),
        (404, "not_found", Kind::NotFound, Retry::Never),
        (406, "not_acceptable", Kind::Unexpected, Retry::Never),
        (408, "timeout", Kind::TimedOut, Retry::Later(None)),
        (409, "conflict", Kind::Conflict, Retry::Later(None)),
        (410, "gone", Kind::Gone, Retry::Never),
        (
            416,
            "requested_range_not_satisfiable",
            Kind::Refused(Refusal::RangeRefused),
            Retry::Never,
        ),
        (422, "invalid_params", Kind::Invalid, Retry::Never),
        (
            422,
            "verification_needed",
            Kind::Refused(Refusal::VerificationNeeded),
            Retry::Never,
        ),
        (429, "rate_limit", limited, Retry::Later(None)),
        (500, "internal", Kind::Server, Retry::Later(None)),
        (301, "moved", Kind::Moved, Retry::Never),
    ] {
        let body = json!({ "id": id, "message": "Because." });
        let error = failure(status(code, &body).with("request-id", "5f3e")).await;
        assert_eq!(
            (error.kind(), error.retry(), error.maybe_done()),
            (kind, retry, false),
            "{code} {id}"
        );
        assert_eq!(error.request_id(), Some("5f3e"));
        assert_eq!(
            error.to_string(),
            format!("Heroku answered {code} to GET /apps/treeherder-stage/dynos: Because. (request id 5f3e)")
        );
        let hint = error.hint();
        assert!(
            hint.len() > 20 && !hint.ends_with('.') && !hint.contains('\n'),
            "{hint}"
        );
    }
}

#[tokio::test]
async fn a_limit_says_how_long_to_wait() {
    let error = failure(text(429, "").with("retry-after", "40")).await;
    let wait = Some(Duration::from_secs(40));
    assert_eq!(error.kind(), ErrorKind::RateLimited { retry_after: wait });
    assert_eq!(error.retry(), Retry::Later(wait));
    assert!(error.hint().ends_with("ask again in 40 s"));
}

#[tokio::test]
async fn pages_of_html_and_nonsense_are_survived() {
    let error = failure(text(404, "<html>No such app</html>")).await;
    assert_eq!((error.kind(), error.message()), (ErrorKind::NotFound, None));
    let error = failure(text(200, r#"[{"id": 1}]"#)).await;
    assert_eq!((error.kind(), error.maybe_done()), (ErrorKind::Malformed, false));
    assert!(
        error
            .to_string()
            .contains("can't be understood: invalid type: integer `1`"),
        "{error}"
    );
}

#[tokio::test]
async fn reads_are_tried_three_times() {
    for code in [502, 503, 504] {
        let server = Server::start([text(code, ""), text(code, ""), text(200, "[]")]).await;
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
    let wire = Wire::start([Act::HangUp, Act::HangUp, Act::Answer(OK_APP)]).await;
    read(&client(&wire.url)).await.unwrap();
    assert_eq!(wire.requests(), 3);
}

#[tokio::test]
async fn trap_16_nothing_that_may_have_an_effect_is_sent_twice() {
    for code in [500, 502, 503, 504] {
        let server = Server::start([text(code, "")]).await;
        let error = write(&client(&server.url)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.maybe_done(), error.retry()),
            (ErrorKind::Server, true, Retry::Never)
        );
        assert!(error.hint().contains("look at the app's releases"));
        assert_eq!(server.finish().len(), 1);
    }
}

#[tokio::test]
async fn trap_16_a_lost_reply_leaves_it_open() {
    let wire = Wire::start([Act::HangUp]).await;
    let error = write(&client(&wire.url)).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_done(), error.retry()),
        (ErrorKind::Network, true, Retry::Never)
    );
    assert_eq!((wire.requests(), error.tries()), (1, 1));

    let cut = "HTTP/1.1 201 Created\r\ncontent-length: 1000\r\n\r\n{\"id\":";
    let wire = Wire::start([Act::Answer(cut)]).await;
    let error = write(&client(&wire.url)).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_done()), (ErrorKind::Network, true));
    assert_eq!(wire.requests(), 1);
}

#[tokio::test]
async fn trap_16_an_answer_that_is_not_understood_leaves_it_open() {
    let server = Server::start([text(201, "{}")]).await;
    let error = write(&client(&server.url)).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_done()), (ErrorKind::Malformed, true));
}

#[tokio::test]
async fn a_silent_server_times_out() {
    let wire = Wire::start([Act::Silence, Act::Silence]).await;
    let impatient = Heroku::new(Settings {
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
    let heroku = client(&nowhere().await);
    let error = write(&heroku).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.maybe_done(), error.tries()),
        (ErrorKind::Network, false, 1)
    );
    assert_eq!(error.retry(), Retry::Later(None));
    assert_eq!(read(&heroku).await.unwrap_err().tries(), 3);
}

#[tokio::test]
async fn what_was_refused_was_not_done() {
    for code in [401, 403, 404, 409, 422, 429] {
        let server = Server::start([text(code, "")]).await;
        assert!(
            !write(&client(&server.url)).await.unwrap_err().maybe_done(),
            "{code}"
        );
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::start([text(307, "").with("location", "/elsewhere")]).await;
    let error = write(&client(&server.url)).await.unwrap_err();
    assert_eq!((error.kind(), error.maybe_done()), (ErrorKind::Moved, false));
    assert_eq!(server.finish().len(), 1);
}
