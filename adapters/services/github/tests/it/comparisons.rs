//! Commits, comparisons and trees.

use countersign_github::{CompareStatus, EntryKind, ErrorKind, FolderChange, Revision};
use serde_json::{Value, json};

use crate::{
    client, repo,
    server::{Reply, Server, json, status},
    sha,
};

fn commit(digit: char) -> Value {
    json!({
        "sha": sha(digit), "html_url": "https://github.com/x", "author": { "login": "erin" }, "parents": [],
        "commit": {
            "message": "Fix task graph (Bug 1612)\r\n\nLong story", "tree": {},
            "author": { "name": "Erin", "email": "erin@example.com", "date": "2026-11-20T10:00:00Z" },
            "committer": { "name": "GitHub", "email": "x@example.com", "date": "2026-11-22T10:00:00Z" },
        },
    })
}

fn page(status: &str, commits: &[char], files: usize) -> Reply {
    let file = |n: usize| json!({ "filename": format!("f{n}"), "status": "modified" });
    json(&json!({
        "status": status, "ahead_by": 3, "behind_by": 0, "total_commits": 3, "html_url": "https://github.com/c",
        "merge_base_commit": commit('0'), "commits": commits.iter().map(|&digit| commit(digit)).collect::<Vec<_>>(),
        "files": (0..files).map(file).collect::<Vec<_>>(),
    }))
}

fn revision(text: &str) -> Revision {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_commit_is_found_by_any_name() {
    let mut odd = commit('b');
    odd["author"] = Value::Null;
    odd["commit"]["author"] = Value::Null;
    odd["commit"]["committer"]["date"] = "0000-00-00".into();
    let server = Server::start([json(&commit('a')), json(&odd)]).await;
    let github = client(&server.url);
    let found = github.commit(&repo(), &revision("feature/x")).await.unwrap();
    assert_eq!(
        (found.subject(), found.author_login.as_deref()),
        ("Fix task graph (Bug 1612)", Some("erin"))
    );
    assert_eq!(found.committed_at, Some("2026-11-22T10:00:00Z".parse().unwrap()));
    let odd = github.commit(&repo(), &sha('b').into()).await.unwrap();
    assert_eq!(
        (odd.sha, odd.author_name, odd.author_login, odd.committed_at),
        (sha('b'), None, None, None)
    );
    assert_eq!(
        server.lines(),
        [
            "GET /repos/mozilla/treeherder/commits/feature%2Fx".to_owned(),
            format!("GET /repos/mozilla/treeherder/commits/{}", sha('b')),
        ]
    );
}

#[tokio::test]
async fn a_commit_that_is_not_there_is_not_found() {
    let server = Server::start([status(
        422,
        &json!({ "message": "No commit found for SHA: beef" }),
    )])
    .await;
    let error = client(&server.url)
        .commit(&repo(), &revision("beef"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn a_comparison_has_all_commits_and_the_files_of_the_first_page() {
    let next = r#"<https://api.github.com/repositories/1/compare/a...b?per_page=100&page=2>; rel="next""#;
    let server = Server::start([
        page("ahead", &['1', '2'], 2).with("link", next),
        page("ahead", &['3'], 0),
    ])
    .await;
    let compared = client(&server.url)
        .compare(&repo(), &revision("production"), &sha('3').into())
        .await
        .unwrap();
    assert_eq!(
        (compared.status, compared.ahead_by, compared.behind_by),
        (CompareStatus::Ahead, 3, 0)
    );
    let commits: Vec<_> = compared.commits.iter().map(|commit| commit.sha.clone()).collect();
    assert_eq!(commits, [sha('1'), sha('2'), sha('3')]);
    assert_eq!(
        (compared.commits_cut, compared.files_cut, compared.files.len()),
        (false, false, 2)
    );
    assert_eq!(
        (compared.merge_base, compared.files[1].path.as_str()),
        (sha('0'), "f1")
    );
    let path = format!("GET /repos/mozilla/treeherder/compare/production...{}", sha('3'));
    assert_eq!(
        server.lines(),
        [
            format!("{path}?per_page=100&page=1"),
            format!("{path}?per_page=100&page=2")
        ]
    );
}

#[tokio::test]
async fn trap_23_cut_lists_say_so() {
    let server = Server::start([page("diverged", &['1'], 300)]).await;
    let compared = client(&server.url)
        .compare(&repo(), &revision("a"), &revision("b"))
        .await
        .unwrap();
    assert_eq!(
        (compared.status, compared.commits_cut, compared.files_cut),
        (CompareStatus::Diverged, true, true)
    );
}

#[tokio::test]
async fn every_relation_has_its_word() {
    use CompareStatus::{Ahead, Behind, Diverged, Identical};
    for (word, relation) in [
        ("ahead", Ahead),
        ("behind", Behind),
        ("diverged", Diverged),
        ("identical", Identical),
    ] {
        let server = Server::start([page(word, &[], 0)]).await;
        let compared = client(&server.url)
            .compare(&repo(), &revision("a"), &revision("b"))
            .await
            .unwrap();
        assert_eq!(compared.status, relation);
    }
}

#[tokio::test]
async fn a_link_that_does_not_lead_forward_ends() {
    let stuck = r#"<https://x/?page=1>; rel="next""#;
    let server = Server::start([page("ahead", &['1'], 0).with("link", stuck)]).await;
    let error = client(&server.url)
        .compare(&repo(), &revision("a"), &revision("b"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(server.finish().len(), 1);
}

fn tree(migration: char, truncated: bool) -> Reply {
    json(&json!({
        "sha": sha('f'), "truncated": truncated,
        "tree": [
            { "path": "treeherder/migrations", "mode": "040000", "type": "tree", "sha": sha(migration) },
            { "path": "treeherder/migrations/1.py", "mode": "100644", "type": "blob", "sha": sha(migration) },
            { "path": "vendor/x", "mode": "160000", "type": "commit", "sha": sha('9') },
        ],
    }))
}

#[tokio::test]
async fn a_tree_has_files_folders_and_submodules() {
    let server = Server::start([tree('1', false)]).await;
    let tree = client(&server.url).tree(&repo(), &sha('a')).await.unwrap();
    let kinds: Vec<_> = tree.entries.iter().map(|entry| entry.kind).collect();
    assert_eq!(kinds, [EntryKind::Tree, EntryKind::Blob, EntryKind::Commit]);
    let path = format!("GET /repos/mozilla/treeherder/git/trees/{}?recursive=1", sha('a'));
    assert_eq!(server.lines(), [path]);
}

#[tokio::test]
async fn trap_23_migrations_are_yes_no_or_unknown() {
    let yes = FolderChange::Changed(["treeherder/migrations/1.py".to_owned()].into());
    for (head, expected) in [
        (tree('2', false), yes),
        (tree('1', false), FolderChange::Same),
        (tree('2', true), FolderChange::Unknown),
    ] {
        let server = Server::start([tree('1', false), head]).await;
        let change = client(&server.url)
            .folder_change(&repo(), &sha('a'), &sha('b'), "migrations")
            .await
            .unwrap();
        assert_eq!(change, expected);
        server.finish();
    }
}
