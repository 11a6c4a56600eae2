//! Reading a branch, asking again, and moving it.

use countersign_github::{Branch, ErrorKind, GitHub, Polled, Refusal, Retry, SetupError, Sha};
use serde_json::{Value, json};
use url::Url;

use crate::{
    TOKEN, client, production, repo,
    server::{Server, json, status, text},
    settings, sha,
};

fn reference(at: &Sha) -> Value {
    json!({
        "ref": "refs/heads/production", "node_id": "x", "url": "https://api.github.com/x",
        "object": { "sha": at, "type": "commit", "url": "https://api.github.com/y" },
    })
}

#[tokio::test]
async fn a_branch_is_at_a_commit() {
    let server = Server::start([json(&reference(&sha('a'))), json(&reference(&sha('b')))]).await;
    let github = client(&server.url);
    assert_eq!(
        github.branch_head(&repo(), &production()).await.unwrap(),
        sha('a')
    );
    let odd: Branch = "feature/größe#1".parse().unwrap();
    assert_eq!(github.branch_head(&repo(), &odd).await.unwrap(), sha('b'));

    let seen = server.finish();
    assert_eq!(
        seen[0].line,
        "GET /repos/mozilla/treeherder/git/ref/heads/production"
    );
    assert_eq!(seen[0].header("accept"), Some("application/vnd.github+json"));
    assert_eq!(seen[0].header("x-github-api-version"), Some("2022-11-28"));
    assert_eq!(
        seen[0].header("authorization"),
        Some(format!("Bearer {TOKEN}").as_str())
    );
    assert!(seen[0].header("user-agent").unwrap().starts_with("countersign/"));
    assert_eq!(
        seen[1].line,
        "GET /repos/mozilla/treeherder/git/ref/heads/feature/gr%C3%B6%C3%9Fe%231"
    );
}

#[tokio::test]
async fn an_enterprise_server_has_a_path_of_its_own() {
    let server = Server::start([json(&reference(&sha('a')))]).await;
    let github = client(&server.url.join("api/v3/").unwrap());
    github.branch_head(&repo(), &production()).await.unwrap();
    assert_eq!(
        server.lines(),
        ["GET /api/v3/repos/mozilla/treeherder/git/ref/heads/production"]
    );
}

#[tokio::test]
async fn polling_says_what_changed() {
    let first = json(&reference(&sha('a'))).with("etag", r#"W/"a""#);
    let second = json(&reference(&sha('b'))).with("etag", r#"W/"b""#);
    let server = Server::start([first, text(304, ""), second]).await;
    let github = client(&server.url);
    let first = github
        .branch_head_if_changed(&repo(), &production(), None)
        .await
        .unwrap();
    let Polled::Changed { value, etag } = first else {
        panic!("the first answer is always new")
    };
    assert_eq!(value, sha('a'));
    let again = github
        .branch_head_if_changed(&repo(), &production(), etag.as_ref())
        .await
        .unwrap();
    assert_eq!(again, Polled::Unchanged);
    let third = github
        .branch_head_if_changed(&repo(), &production(), etag.as_ref())
        .await
        .unwrap();
    assert!(matches!(third, Polled::Changed { value, etag: Some(_) } if value == sha('b')));
    let seen = server.finish();
    let asked: Vec<_> = seen.iter().map(|seen| seen.header("if-none-match")).collect();
    assert_eq!(asked, [None, Some(r#"W/"a""#), Some(r#"W/"a""#)]);
}

#[tokio::test]
async fn trap_22_a_branch_is_moved_to_the_very_commit_and_never_forced() {
    let server = Server::start([json(&reference(&sha('b')))]).await;
    let at = client(&server.url)
        .fast_forward(&repo(), &production(), &sha('b'))
        .await
        .unwrap();
    assert_eq!(at, sha('b'));
    let seen = server.finish();
    assert_eq!(
        seen[0].line,
        "PATCH /repos/mozilla/treeherder/git/refs/heads/production"
    );
    let body: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(body, json!({ "sha": sha('b'), "force": false }));
}

#[tokio::test]
async fn trap_22_a_refused_move_says_why() {
    use Refusal::{NoSuchBranch, NoSuchCommit, NotFastForward, ProtectedBranch, RuleViolation};
    for (code, message, refusal, hint) in [
        (
            422,
            "Update is not a fast forward",
            NotFastForward,
            "never forced",
        ),
        (422, "Object does not exist", NoSuchCommit, "push it first"),
        (422, "Reference does not exist", NoSuchBranch, "check its name"),
        (
            422,
            "2 of 2 required status checks are expected.",
            ProtectedBranch,
            "reviews or checks",
        ),
        (
            403,
            "You're not authorized to push to this branch.",
            ProtectedBranch,
            "reviews or checks",
        ),
        (
            422,
            "Repository rule violations found\n\nCannot update this protected ref.",
            RuleViolation,
            "ruleset",
        ),
    ] {
        let server = Server::start([status(code, &json!({ "message": message }))]).await;
        let error = client(&server.url)
            .fast_forward(&repo(), &production(), &sha('b'))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused(refusal), "{message}");
        assert_eq!((error.retry(), error.maybe_done()), (Retry::Never, false));
        assert!(error.hint().contains(hint), "{}", error.hint());
        assert_eq!(server.finish().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_that_is_none_of_these_stays_general() {
    for (code, body, kind) in [
        (
            422,
            json!({ "message": "Validation Failed", "errors": ["odd"] }),
            ErrorKind::Invalid,
        ),
        (
            403,
            json!({ "message": "Resource not accessible by integration" }),
            ErrorKind::Forbidden,
        ),
        (
            404,
            json!({ "message": "Reference does not exist" }),
            ErrorKind::NotFound,
        ),
    ] {
        let server = Server::start([status(code, &body)]).await;
        let error = client(&server.url)
            .fast_forward(&repo(), &production(), &sha('b'))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
    }
}

#[test]
fn the_token_only_travels_encrypted() {
    let refused = |url: &str| GitHub::new(settings(&url.parse::<Url>().unwrap())).unwrap_err();
    for url in [
        "http://api.github.com",
        "ftp://127.0.0.1",
        "mailto:a@b",
        "https://user:CANARY@api.github.com",
    ] {
        assert!(matches!(refused(url), SetupError::BaseUrl), "{url}");
    }
    for token in ["", "CANARY\n"] {
        let mut settings = settings(&"https://api.github.com".parse().unwrap());
        settings.token = token.into();
        assert!(matches!(GitHub::new(settings), Err(SetupError::Token)));
    }
}
