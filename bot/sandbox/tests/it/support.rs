//! A sandbox to test, and clients of both services.

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use countersign_sandbox::{Sandbox, Time, Tokens};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

pub(crate) const PROD: &str = "treeherder-prod";
pub(crate) const STAGE: &str = "treeherder-stage";
pub(crate) const REPOSITORY: &str = "/repos/mozilla/treeherder";

struct ManualTime(Mutex<Timestamp>);

impl Time for ManualTime {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

pub(crate) struct World {
    sandbox: Sandbox,
    time: Arc<ManualTime>,
    client: reqwest::Client,
}

impl Deref for World {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.sandbox
    }
}

pub(crate) async fn world() -> World {
    let time = Arc::new(ManualTime(Mutex::new("2020-10-21T09:00:00Z".parse().unwrap())));
    let listen = "127.0.0.1:0".parse().unwrap();
    let sandbox = Sandbox::start(listen, Arc::<ManualTime>::clone(&time), Tokens::default())
        .await
        .unwrap();
    let client = reqwest::Client::builder()
        .user_agent("sandbox-tests")
        .no_proxy()
        .build()
        .unwrap();
    World {
        sandbox,
        time,
        client,
    }
}

impl World {
    /// Lets time pass.
    pub(crate) fn pass(&self, seconds: i64) {
        *self.time.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }

    pub(crate) fn heroku(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .client
            .request(method, format!("{}{path}", self.heroku_url()));
        request
            .bearer_auth("HRKU-sandbox")
            .header("accept", "application/vnd.heroku+json; version=3")
    }

    pub(crate) fn github(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self
            .client
            .request(method, format!("{}{path}", self.github_url()));
        request
            .bearer_auth("ghp_sandbox")
            .header("accept", "application/vnd.github+json")
    }

    pub(crate) fn control(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}/sandbox{path}", self.heroku_url()))
    }

    pub(crate) async fn heroku_get(&self, path: &str) -> Value {
        good(self.heroku(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn github_get(&self, path: &str) -> Value {
        good(
            self.github(Method::GET, &format!("{REPOSITORY}{path}"))
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    /// The newest releases of an app, newest first.
    pub(crate) async fn releases(&self, app: &str) -> Vec<Value> {
        let request = self.heroku(Method::GET, &format!("/apps/{app}/releases"));
        let response = request
            .header("range", "version ..; max=10, order=desc")
            .send()
            .await
            .unwrap();
        good(response).await.as_array().unwrap().clone()
    }

    /// `v812 succeeded current: Deploy 3f2a91c…`, for the newest release.
    pub(crate) async fn newest(&self, app: &str) -> String {
        let release = self.releases(app).await.swap_remove(0);
        let current = if release["current"] == true {
            " current"
        } else {
            ""
        };
        let (version, status) = (&release["version"], release["status"].as_str().unwrap());
        format!(
            "v{version} {status}{current}: {}",
            release["description"].as_str().unwrap()
        )
    }

    /// How many dynos of the formation are up with this release, and how many there are.
    pub(crate) async fn dynos_up(&self, app: &str, version: u64) -> (usize, usize) {
        let dynos = self.heroku_get(&format!("/apps/{app}/dynos")).await;
        let dynos = dynos.as_array().unwrap().iter();
        let dynos: Vec<_> = dynos
            .filter(|it| it["type"] != "run" && it["type"] != "release")
            .collect();
        let up = dynos
            .iter()
            .filter(|it| it["state"] == "up" && it["release"]["version"] == version);
        (up.count(), dynos.len())
    }

    pub(crate) async fn sha(&self, branch: &str) -> String {
        let reference = self.github_get(&format!("/git/ref/heads/{branch}")).await;
        reference["object"]["sha"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn move_production(&self, sha: &str) -> (StatusCode, Value) {
        let path = format!("{REPOSITORY}/git/refs/heads/production");
        let body = json!({ "sha": sha, "force": false });
        answer(self.github(Method::PATCH, &path).json(&body)).await
    }

    pub(crate) async fn order(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = answer(self.control(method, path).json(&body)).await;
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }
}

/// The status and the body, `null` if there is none.
pub(crate) async fn answer(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    (
        status,
        serde_json::from_str(&response.text().await.unwrap()).unwrap_or_default(),
    )
}

async fn good(response: Response) -> Value {
    let (status, text) = (response.status(), response.text().await.unwrap());
    assert!(status.is_success(), "{status}: {text}");
    serde_json::from_str(&text).unwrap()
}
