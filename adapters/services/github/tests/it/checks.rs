//! Statuses and check runs, as one answer.

use countersign_github::Ci;
use serde_json::{Value, json};

use crate::{
    client, repo,
    server::{Reply, Server, json},
    sha,
};

/// A page of the combined status of these contexts, with the state that GitHub would give it.
fn statuses(of: &[(&str, &str)]) -> Reply {
    let each = |&(context, state): &(&str, &str)| json!({ "context": context, "state": state, "created_at": "2026-11-22T10:05:00Z", "target_url": null });
    // With no status at all GitHub says `pending` too.
    let state = if of.iter().any(|(_, state)| *state != "success") || of.is_empty() {
        "pending"
    } else {
        "success"
    };
    json(
        &json!({ "state": state, "total_count": of.len(), "statuses": of.iter().map(each).collect::<Vec<_>>() }),
    )
}

/// A page of check runs, by name and conclusion; those without one still run.
fn check_runs(of: &[(&str, Option<&str>)]) -> Reply {
    let each = |(name, conclusion): &(&str, Option<&str>)| {
        let status = if conclusion.is_some() {
            "completed"
        } else {
            "in_progress"
        };
        json!({ "name": name, "status": status, "conclusion": conclusion, "started_at": "2026-11-22T10:02:00Z" })
    };
    let runs: Vec<Value> = of.iter().map(each).collect();
    json(&json!({ "total_count": runs.len(), "check_runs": runs }))
}

async fn ci(replies: impl IntoIterator<Item = Reply>) -> Ci {
    let server = Server::start(replies).await;
    let ci = client(&server.url).ci(&repo(), &sha('a')).await.unwrap();
    server.finish();
    ci
}

#[tokio::test]
async fn trap_23_no_status_and_no_check_run_is_no_ci() {
    assert_eq!(ci([statuses(&[]), check_runs(&[])]).await, Ci::None);
}

#[tokio::test]
async fn trap_23_check_runs_count_without_any_status() {
    let runs = [
        ("build", Some("success")),
        ("docs", Some("skipped")),
        ("lint", Some("neutral")),
    ];
    assert_eq!(
        ci([statuses(&[]), check_runs(&runs)]).await,
        Ci::Green { total: 3 }
    );
    assert_eq!(
        ci([statuses(&[("ci", "success")]), check_runs(&[])]).await,
        Ci::Green { total: 1 }
    );
}

#[tokio::test]
async fn what_still_runs_is_counted() {
    let since = Some("2026-11-22T10:02:00Z".parse().unwrap());
    let both = [
        statuses(&[("ci", "pending"), ("old", "success")]),
        check_runs(&[("build", Some("success"))]),
    ];
    assert_eq!(
        ci(both).await,
        Ci::Running {
            done: 2,
            total: 3,
            since
        }
    );
    let both = [statuses(&[]), check_runs(&[("build", None)])];
    assert_eq!(
        ci(both).await,
        Ci::Running {
            done: 0,
            total: 1,
            since
        }
    );
    let since = Some("2026-11-22T10:05:00Z".parse().unwrap());
    let both = [statuses(&[("ci", "pending")]), check_runs(&[])];
    assert_eq!(
        ci(both).await,
        Ci::Running {
            done: 0,
            total: 1,
            since
        }
    );
}

#[tokio::test]
async fn one_failure_is_red_by_name() {
    for conclusion in ["failure", "cancelled", "timed_out", "action_required"] {
        let both = [
            statuses(&[("ci", "success")]),
            check_runs(&[("build", Some(conclusion)), ("lint", None)]),
        ];
        assert_eq!(
            ci(both).await,
            Ci::Red {
                failed: vec!["build".to_owned()]
            }
        );
    }
    for state in ["failure", "error"] {
        let both = [
            statuses(&[("ci", state)]),
            check_runs(&[("build", Some("success"))]),
        ];
        assert_eq!(
            ci(both).await,
            Ci::Red {
                failed: vec!["ci".to_owned()]
            }
        );
    }
}

#[tokio::test]
async fn all_pages_are_read() {
    let link = |page: u32| format!(r#"<https://elsewhere.example/x?page={page}>; rel="next""#);
    let server = Server::start([
        statuses(&[("a", "success")]).with("link", &link(2)),
        statuses(&[("b", "success")]),
        check_runs(&[("c", Some("success"))]).with("link", &link(2)),
        check_runs(&[("d", Some("success"))]).with("link", &link(3)),
        check_runs(&[("e", Some("failure"))]),
    ])
    .await;
    let ci = client(&server.url).ci(&repo(), &sha('a')).await.unwrap();
    assert_eq!(
        ci,
        Ci::Red {
            failed: vec!["e".to_owned()]
        }
    );
    let commit = format!("GET /repos/mozilla/treeherder/commits/{}", sha('a'));
    assert_eq!(
        server.lines(),
        [
            format!("{commit}/status?per_page=100&page=1"),
            format!("{commit}/status?per_page=100&page=2"),
            format!("{commit}/check-runs?filter=latest&per_page=100&page=1"),
            format!("{commit}/check-runs?filter=latest&per_page=100&page=2"),
            format!("{commit}/check-runs?filter=latest&per_page=100&page=3"),
        ]
    );
}
