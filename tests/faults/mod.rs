//! Every fault of a provider that an operator may meet, at every kind of call: what the room reads. The sentences are
//! in `said.txt`, to be read as a whole; `UPDATE_TRANSCRIPTS=1` writes it anew.

use std::path::Path;

use futures_util::StreamExt as _;

use crate::support::play::{CANARIES, Played, play};
use crate::support::programs::{Sandbox, chatty_demo, output};

/// The faults, by what an operator would call them.
const FAULTS: [(&str, &str); 13] = [
    (
        "401",
        r#"{"status": 401, "id": "unauthorized", "message": "Invalid credentials provided."}"#,
    ),
    (
        "403",
        r#"{"status": 403, "id": "forbidden", "message": "You do not have access."}"#,
    ),
    (
        "404",
        r#"{"status": 404, "id": "not_found", "message": "Couldn't find that app."}"#,
    ),
    (
        "409",
        r#"{"status": 409, "id": "conflict", "message": "Another change is being made."}"#,
    ),
    (
        "422",
        r#"{"status": 422, "id": "invalid_params", "message": "Not like this."}"#,
    ),
    (
        "429",
        r#"{"status": 429, "id": "rate_limit", "message": "Too many requests.", "headers": {"retry-after": "90"}}"#,
    ),
    (
        "500",
        r#"{"status": 500, "id": "internal", "message": "Something went wrong."}"#,
    ),
    (
        "503",
        r#"{"status": 503, "id": "unavailable", "message": "Try again later."}"#,
    ),
    ("nonsense", r#"{"status": 200, "body": "<html>It works</html>"}"#),
    ("reset", r#""cut""#),
    ("lost reply", r#""lost_reply""#),
    ("silence", r#""hang_before""#),
    ("silence after the effect", r#""hang_after""#),
];

/// A kind of call, how it comes about, and the call of which there may be only one.
struct Call {
    name: &'static str,
    route: &'static str,
    skip: u32,
    script: &'static str,
    once: &'static str,
}

const DEPLOY: &str = "FAULT\nalice #treeherder> !deploy prod\n~ settle\nalice #treeherder> !ops\n";
const ROLL_BACK: &str = "FAULT\nalice #treeherder> !rollback prod\nbob #treeherder> !approve $last\n~ settle\nalice #treeherder> !ops\n";
const MOVE: &str = "PATCH /github/repos/mozilla/treeherder/git/refs/heads/production";
const RELEASE: &str = "POST /apps/treeherder-prod/releases";

/// With everything logged that there is to log, and trouble at every kind of call, nothing that is secret is written.
#[tokio::test]
async fn logs_hold_no_secret() {
    let sandbox = Sandbox::start(1000);
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script.txt");
    let story = "alice #treeherder> !deploy prod\n~ settle\nalice #treeherder> !rollback prod v810\nbob #treeherder> !approve $last\n~ settle\n";
    std::fs::write(&script, story).unwrap();
    for (n, (_, fault)) in FAULTS.iter().take(11).enumerate() {
        let fault: serde_json::Value = serde_json::from_str(fault).unwrap();
        sandbox
            .post(
                "faults",
                serde_json::json!({ "route": "* /*", "skip": 3 * n, "fault": fault }),
            )
            .await;
    }
    let (_, said) = output(chatty_demo(&script, &folder.path().join("data"), &sandbox.url)).await;
    assert!(
        said.contains("TRACE") && said.contains("DEBUG"),
        "nothing was logged\n{said}"
    );
    for canary in CANARIES {
        assert!(!said.contains(canary), "{canary} is in the log");
    }
}

const CALLS: [Call; 6] = [
    Call {
        name: "planning a deploy, GitHub",
        route: "GET /github/repos/*/*/compare/*",
        skip: 0,
        script: DEPLOY,
        once: MOVE,
    },
    Call {
        name: "planning a deploy, Heroku",
        route: "GET /apps/treeherder-prod/releases",
        skip: 1,
        script: DEPLOY,
        once: MOVE,
    },
    Call {
        name: "moving the branch",
        route: "PATCH /github/repos/*/*/git/refs/*",
        skip: 0,
        script: DEPLOY,
        once: MOVE,
    },
    Call {
        name: "following a deploy",
        route: "GET /apps/treeherder-prod/builds",
        skip: 2,
        script: DEPLOY,
        once: MOVE,
    },
    Call {
        name: "rolling back",
        route: "POST /apps/treeherder-prod/releases",
        skip: 0,
        script: ROLL_BACK,
        once: RELEASE,
    },
    Call {
        name: "following a rollback",
        route: "GET /apps/treeherder-prod/dynos",
        skip: 0,
        script: ROLL_BACK,
        once: RELEASE,
    },
];

/// Faults that stay, and faults that pass.
const TIMES: [(&str, u32); 2] = [("once", 1), ("for ever", 10_000)];

async fn told(call: &Call, fault: &str, times: u32) -> Played {
    // The first look of the watcher is over before the fault begins.
    let order = format!(
        r#"~ sandbox POST faults {{"route": "{}", "skip": {}, "times": {times}, "fault": {fault}}}"#,
        call.route, call.skip
    );
    play(&call.script.replace("FAULT", &order)).await
}

async fn chapter(call: &Call) -> String {
    let cases = FAULTS
        .iter()
        .flat_map(|fault| TIMES.iter().map(move |times| (fault, times)));
    let told = futures_util::stream::iter(cases).map(|((name, fault), (often, times))| async move {
        let played = told(call, fault, *times).await;
        played.leaks_nothing();
        assert!(
            played.changes(call.once) <= 1,
            "{}, {name}: done twice\n{}",
            call.name,
            played.text
        );
        let said: Vec<&str> = played
            .text
            .lines()
            .filter(|line| !line.starts_with('~'))
            .collect();
        let answers = said.iter().filter(|line| line.starts_with("bot ")).count();
        assert!(
            answers >= 2,
            "{}, {name}: nobody was told\n{}",
            call.name,
            played.text
        );
        format!("## {}: {name}, {often}\n{}\n\n", call.name, said.join("\n"))
    });
    told.buffered(4).collect::<Vec<String>>().await.concat()
}

async fn check(name: &str, call: &Call) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("faults")
        .join(name)
        .with_extension("txt");
    let said = chapter(call).await;
    if std::env::var_os("UPDATE_TRANSCRIPTS").is_some() {
        std::fs::write(&path, said).unwrap();
    } else {
        crate::support::same_text(
            &std::fs::read_to_string(&path).unwrap(),
            &said,
            &path.display().to_string(),
        );
    }
}

#[tokio::test]
async fn planning_a_deploy_with_github_in_trouble() {
    check("planning-github", &CALLS[0]).await;
}

#[tokio::test]
async fn planning_a_deploy_with_heroku_in_trouble() {
    check("planning-heroku", &CALLS[1]).await;
}

#[tokio::test]
async fn moving_the_branch() {
    check("moving-the-branch", &CALLS[2]).await;
}

#[tokio::test]
async fn following_a_deploy() {
    check("following-a-deploy", &CALLS[3]).await;
}

#[tokio::test]
async fn rolling_back() {
    check("rolling-back", &CALLS[4]).await;
}

#[tokio::test]
async fn following_a_rollback() {
    check("following-a-rollback", &CALLS[5]).await;
}
