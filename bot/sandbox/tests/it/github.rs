//! The pretended GitHub.

use countersign_sandbox::world::{CiState, NewCommit};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{REPOSITORY, World, answer, world};

fn commit(number: usize, files: Vec<String>) -> NewCommit {
    NewCommit {
        author: "dave".to_owned(),
        message: format!("Change {number}"),
        files,
    }
}

#[tokio::test]
async fn a_branch_only_moves_forward() {
    let world = world().await;
    let (production, master) = (world.sha("production").await, world.sha("master").await);
    let refused = |sha: String| {
        let world = &world;
        async move {
            let (status, error) = world.move_production(&sha).await;
            (status.as_u16(), error["message"].as_str().unwrap().to_owned())
        }
    };
    assert_eq!(
        refused("0".repeat(40)).await,
        (422, "Object does not exist".to_owned())
    );
    let short = "The sha parameter must be exactly 40 characters and contain only [0-9a-f].";
    assert_eq!(refused(master[..7].to_owned()).await, (422, short.to_owned()));
    assert_eq!(world.move_production(&production).await.0, 200);
    assert_eq!(world.move_production(&master).await.0, 200);
    assert_eq!(
        refused(production).await,
        (422, "Update is not a fast forward".to_owned())
    );

    let missing = world.github(Method::PATCH, &format!("{REPOSITORY}/git/refs/heads/prodution"));
    let (status, error) = answer(missing.json(&json!({ "sha": master }))).await;
    assert_eq!(
        (status.as_u16(), &error["message"]),
        (422, &json!("Reference does not exist"))
    );
    let effects: Vec<_> = world.calls().iter().map(|call| call.effect).collect();
    assert_eq!(effects, [false, false, false, true, false, false]);
}

#[tokio::test]
async fn without_ci_the_sum_of_all_statuses_is_pending() {
    let world = world().await;
    let seen = |world: &World, ci| {
        let sha = world.world().repository().head("master").unwrap().sha.clone();
        world.world().set_ci(&sha, ci).unwrap();
    };
    for (ci, state, statuses, runs) in [
        (CiState::None, "pending", 0, vec![]),
        (
            CiState::Green,
            "success",
            3,
            vec![json!("success"), json!("success")],
        ),
        (
            CiState::Red,
            "failure",
            3,
            vec![json!("success"), json!("success")],
        ),
        (
            CiState::Running,
            "pending",
            3,
            vec![json!("success"), json!("success")],
        ),
    ] {
        seen(&world, ci);
        let status = world.github_get("/commits/master/status").await;
        assert_eq!(
            (&status["state"], &status["total_count"]),
            (&json!(state), &json!(statuses)),
            "{ci:?}"
        );
        let check_runs = world.github_get("/commits/master/check-runs").await;
        let conclusions: Vec<_> = check_runs["check_runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["conclusion"].clone())
            .collect();
        assert_eq!(conclusions, runs, "{ci:?}");
    }
}

#[tokio::test]
async fn commits_come_in_pages_and_files_do_not() {
    let world = world().await;
    let files = (0..400)
        .map(|number| format!("generated/{number:03}.py"))
        .collect();
    let commits = std::iter::once(commit(0, files)).chain((1..260).map(|number| commit(number, vec![])));
    world
        .world()
        .push("master", commits.collect(), CiState::Green)
        .unwrap();

    let unpaged = world.github_get("/compare/production...master").await;
    let subjects = |compare: &Value| -> Vec<String> {
        let commits = compare["commits"].as_array().unwrap().iter();
        commits
            .map(|it| it["commit"]["message"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(unpaged["total_commits"], 272);
    assert_eq!(subjects(&unpaged).len(), 250);
    assert_eq!(subjects(&unpaged)[249], "Change 259");
    assert_eq!(unpaged["files"].as_array().unwrap().len(), 300);

    let mut next = Some("/compare/production...master?per_page=100".to_owned());
    let (mut all, mut files) = (Vec::new(), Vec::new());
    while let Some(path) = next {
        let response = world
            .github(Method::GET, &format!("{REPOSITORY}{path}"))
            .send()
            .await
            .unwrap();
        let link = response
            .headers()
            .get("link")
            .map(|link| link.to_str().unwrap().to_owned());
        next = link.and_then(|link| {
            let next = link.split(", ").find(|part| part.ends_with("rel=\"next\""))?;
            let url = next.trim_start_matches('<').split('>').next()?;
            Some(url.split_once("/treeherder").unwrap().1.to_owned())
        });
        let page: Value = response.json().await.unwrap();
        files.push(page["files"].as_array().unwrap().len());
        all.extend(subjects(&page));
    }
    assert_eq!((all.len(), files), (272, vec![300, 0, 0]));
    assert_eq!(all[0], "Accept task groups without a decision task (Bug 1609144)");
}

#[tokio::test]
async fn trees_tell_what_a_comparison_leaves_out() {
    let world = world().await;
    let migrations = |tree: Value| -> Vec<String> {
        let paths = tree["tree"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["path"].as_str().unwrap().to_owned());
        paths.filter(|path| path.contains("/migrations/")).collect()
    };
    let before = migrations(world.github_get("/git/trees/master?recursive=1").await);
    assert_eq!(before.len(), 6);
    assert_eq!(
        before,
        migrations(world.github_get("/git/trees/production?recursive=1").await)
    );
    let new = "treeherder/model/migrations/0018_push_index.py".to_owned();
    world
        .world()
        .push("master", vec![commit(1, vec![new.clone()])], CiState::Green)
        .unwrap();
    assert!(migrations(world.github_get("/git/trees/master?recursive=1").await).contains(&new));
    assert!(migrations(world.github_get("/git/trees/master").await).is_empty());
}

#[tokio::test]
async fn commits_have_parents_files_and_authors() {
    let world = world().await;
    let response = world
        .github(
            Method::GET,
            &format!("{REPOSITORY}/commits?sha=production&per_page=5"),
        )
        .send();
    let response = response.await.unwrap();
    assert!(response.headers()["link"].to_str().unwrap().contains("page=2"));
    let commits: Vec<Value> = response.json().await.unwrap();
    assert_eq!(commits.len(), 5);
    for pair in commits.windows(2) {
        assert_eq!(pair[0]["parents"][0]["sha"], pair[1]["sha"]);
    }
    let one = world.github_get("/commits/5d6b1f0").await;
    assert_eq!(one["commit"]["message"], "Fix task graph (Bug 1612345)");
    assert_eq!(
        (&one["author"]["login"], one["files"].as_array().unwrap().len()),
        (&json!("erin"), 2)
    );
    let compare = world.github_get("/compare/production...master").await;
    let mut authors: Vec<_> = compare["commits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["author"]["login"].as_str().unwrap())
        .collect();
    authors.sort_unstable();
    authors.dedup();
    assert_eq!(authors, ["alice", "bob", "carol", "erin"]);
}

#[tokio::test]
async fn strangers_and_wrong_paths_are_refused() {
    let world = world().await;
    let client = reqwest::Client::builder()
        .user_agent("test")
        .no_proxy()
        .build()
        .unwrap();
    let url = format!("{}{REPOSITORY}/git/ref/heads/master", world.github_url());
    assert_eq!(
        answer(client.get(&url).bearer_auth("wrong")).await.1["message"],
        "Bad credentials"
    );
    assert_eq!(
        answer(client.get(&url).header("authorization", "token ghp_sandbox"))
            .await
            .0,
        200
    );
    for (path, status) in [
        ("/repos/mozilla/bugzilla/git/ref/heads/master", 404),
        ("/repos/mozilla/treeherder/git/ref/heads/nowhere", 404),
        ("/repos/mozilla/treeherder/commits/fffffff", 422),
        ("/repos/mozilla/treeherder/compare/master...nowhere", 404),
    ] {
        assert_eq!(answer(world.github(Method::GET, path)).await.0, status, "{path}");
    }
    let first = world
        .github(Method::GET, &format!("{REPOSITORY}/branches"))
        .send()
        .await
        .unwrap();
    let again = world.github(Method::GET, &format!("{REPOSITORY}/branches"));
    let again = again
        .header("if-none-match", &first.headers()["etag"])
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
}
