//! What a repository says of itself and of the token.

use countersign_github::{ErrorKind, Repository};
use serde_json::json;

use crate::{
    client, repo,
    server::{Server, json, status},
};

#[tokio::test]
async fn a_repository_says_whether_the_token_may_push_and_what_time_it_is_there() {
    let server = Server::start([
        json(&json!({
            "id": 1, "full_name": "mozilla/treeherder", "archived": false,
            "permissions": { "admin": false, "push": true, "pull": true },
        }))
        .with("date", "Sun, 22 Nov 2026 10:00:00 GMT"),
        json(&json!({ "full_name": "mozilla/treeherder", "archived": true })),
    ])
    .await;
    let github = client(&server.url);
    assert_eq!(
        github.repository(&repo()).await.unwrap(),
        Repository {
            full_name: "mozilla/treeherder".to_owned(),
            archived: false,
            may_push: Some(true),
            at: Some("2026-11-22T10:00:00Z".parse().unwrap()),
        }
    );
    let archived = github.repository(&repo()).await.unwrap();
    assert_eq!((archived.archived, archived.may_push), (true, None));
    assert_eq!(server.finish()[0].line, "GET /repos/mozilla/treeherder");
}

#[tokio::test]
async fn one_that_the_token_may_not_see_is_not_found() {
    let server = Server::start([status(404, &json!({ "message": "Not Found" }))]).await;
    let error = client(&server.url).repository(&repo()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(
        error.hint().contains("may see the repository"),
        "{}",
        error.hint()
    );
}
