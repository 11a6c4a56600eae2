//! The sandbox from the other side: Heroku's own command-line client must find in it what it finds at Heroku.
//! `tests/run` installs the client and says where it is.

use std::path::PathBuf;

use crate::support::programs::Sandbox;

struct Cli {
    program: PathBuf,
    home: tempfile::TempDir,
    sandbox: Sandbox,
}

struct Said {
    good: bool,
    text: String,
}

impl Cli {
    fn new() -> Self {
        let program = std::env::var_os("HEROKU_CLI")
            .expect("HEROKU_CLI is not set: run tests/run, which installs the Heroku CLI");
        Self {
            program: program.into(),
            home: tempfile::tempdir().unwrap(),
            sandbox: Sandbox::start(100),
        }
    }

    /// Runs the client against the sandbox, with a home of its own because it writes into it.
    async fn run(&self, line: &str) -> Said {
        let path = std::env::var("PATH").unwrap();
        let output = tokio::process::Command::new(&self.program)
            .args(line.split_whitespace())
            .env_clear()
            .env("HEROKU_APP", "treeherder-prod")
            .env("PATH", path)
            .env("HOME", self.home.path())
            .env("HEROKU_HOST", &self.sandbox.url)
            .env("HEROKU_PARTICLEBOARD_URL", &self.sandbox.url)
            .env("HEROKU_API_KEY", "HRKU-sandbox")
            .env("DISABLE_TELEMETRY", "true")
            .env("NO_COLOR", "1")
            .env("TERM", "dumb")
            .output()
            .await
            .unwrap();
        let text =
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Said {
            good: output.status.success(),
            text,
        }
    }

    /// Runs it, and it must succeed and say all of this.
    async fn says(&self, line: &str, expected: &[&str]) -> String {
        let said = self.run(line).await;
        assert!(said.good, "heroku {line} failed:\n{}", said.text);
        for words in expected {
            assert!(
                said.text.contains(words),
                "heroku {line} does not say {words:?}:\n{}",
                said.text
            );
        }
        said.text
    }
}

#[tokio::test]
async fn config_vars() {
    let heroku = Cli::new();
    heroku
        .says(
            "config",
            &["treeherder-prod Config Vars", "NEW_RELIC_LABEL", "DATABASE_URL"],
        )
        .await;
    let json = heroku.says("config --json", &[]).await;
    let json: serde_json::Value =
        serde_json::from_str(&json[json.find('{').unwrap()..=json.rfind('}').unwrap()]).unwrap();
    assert!(json["SITE_URL"].is_string());
    heroku.says("config:set WEB_CONCURRENCY=7", &["v813"]).await;
    heroku.says("config:get WEB_CONCURRENCY", &["7"]).await;
    heroku.says("config:unset WEB_CONCURRENCY", &["v814"]).await;
    heroku
        .says(
            "config:set NEW_KEY=1 OTHER_KEY=2",
            &["NEW_KEY", "OTHER_KEY", "v815"],
        )
        .await;
    let json = heroku.says("config -j", &[]).await;
    let json: serde_json::Value =
        serde_json::from_str(&json[json.find('{').unwrap()..=json.rfind('}').unwrap()]).unwrap();
    assert_eq!(
        (&json["OTHER_KEY"], json.get("WEB_CONCURRENCY")),
        (&"2".into(), None)
    );
    heroku
        .says(
            "releases",
            &[
                "Set WEB_CONCURRENCY config vars",
                "Remove WEB_CONCURRENCY config vars",
                "Set NEW_KEY, OTHER_KEY config vars",
            ],
        )
        .await;
}

#[tokio::test]
async fn config_vars_that_are_refused() {
    let heroku = Cli::new();
    for line in ["config:set REDIS_URL=x NEW_KEY=1", "config:unset REDIS_URL"] {
        let said = heroku.run(line).await;
        assert!(
            !said.good && said.text.contains("Cannot overwrite attachment values REDIS_URL"),
            "heroku {line}:\n{}",
            said.text
        );
    }
    let said = heroku.run("config:set NEW-KEY=1").await;
    assert!(
        !said.good && said.text.contains("not a valid config var name"),
        "{}",
        said.text
    );
    assert_eq!(
        heroku.sandbox.changes("PATCH /apps/treeherder-prod").await,
        0,
        "nothing of it was done"
    );
}

#[tokio::test]
async fn releases_and_rollback() {
    let heroku = Cli::new();
    heroku
        .says("releases", &["v812", "v811", "Set NEW_RELIC_LABEL config vars"])
        .await;
    heroku
        .says("releases:info v811", &["v811", "Deploy 3f2a91c1"])
        .await;
    heroku.says("rollback", &["v811"]).await;
    heroku.says("rollback v810", &["v810"]).await;
    assert_eq!(
        heroku
            .sandbox
            .changes("POST /apps/treeherder-prod/releases")
            .await,
        2
    );
    let refused = heroku.run("rollback v790").await;
    assert!(
        !refused.good,
        "an expired release is no target:\n{}",
        refused.text
    );
}

#[tokio::test]
async fn dynos() {
    let heroku = Cli::new();
    heroku.says("ps", &["web", "celery_scheduler", "up"]).await;
    heroku.says("ps:scale web=4", &["web at 4"]).await;
    heroku.says("ps:scale worker_misc+1", &["worker_misc"]).await;
    heroku.says("ps:scale", &["web=4", "worker_misc=2"]).await;
    for restart in ["ps:restart", "ps:restart -d web.1", "ps:restart -p worker_misc"] {
        heroku.says(restart, &["estarting"]).await;
    }
    assert_eq!(heroku.sandbox.changes("DELETE /apps/treeherder-prod").await, 3);
}

#[tokio::test]
async fn a_detached_run() {
    let heroku = Cli::new();
    heroku
        .says("run:detached --size=standard-2x -- ./manage.py check", &["run."])
        .await;
    assert_eq!(
        heroku.sandbox.changes("POST /apps/treeherder-prod/dynos").await,
        1
    );
}

#[tokio::test]
async fn what_is_not_there() {
    let heroku = Cli::new();
    let said = heroku.run("releases:info v9999").await;
    assert!(!said.good && said.text.contains("not_found"), "{}", said.text);
}
