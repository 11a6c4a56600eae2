//! The program in processes of its own, so that it can be killed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

/// The binary that the workspace builds, next to the folder of the test binaries.
pub(crate) fn binary() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let path = test.parent().unwrap().parent().unwrap().join("countersign");
    assert!(
        path.exists(),
        "{} is not built; run cargo build --bins first",
        path.display()
    );
    path
}

/// A sandbox in a process of its own. It is killed when it is dropped.
pub(crate) struct Sandbox {
    child: Child,
    pub(crate) url: String,
    client: reqwest::Client,
}

impl Sandbox {
    pub(crate) fn start(speed: u32) -> Self {
        let mut child = Command::new(binary())
            .args([
                "sandbox",
                "--listen",
                "127.0.0.1:0",
                "--speed",
                &speed.to_string(),
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = loop {
            let line = lines
                .next()
                .expect("the sandbox ended before it listened")
                .unwrap();
            if let Some(at) = line.find("http://127.0.0.1:") {
                break line[at..]
                    .split_whitespace()
                    .next()
                    .unwrap()
                    .trim_end_matches('/')
                    .to_owned();
            }
        };
        // What it prints later has nowhere to go; the pipe stays open so that it is not in the way.
        std::thread::spawn(move || lines.for_each(drop));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { child, url, client }
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self
            .client
            .post(format!("{}/sandbox/{path}", self.url))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let text = answer.text().await.unwrap();
        if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self
            .client
            .get(format!("{}/sandbox/{path}", self.url))
            .send()
            .await
            .unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    pub(crate) async fn clear_faults(&self) {
        self.client
            .delete(format!("{}/sandbox/faults", self.url))
            .send()
            .await
            .unwrap();
    }

    /// Back to the beginning, with a fault in the way of the request number `skip`, counted from 0.
    pub(crate) async fn again_with(&self, route: &str, skip: u32, fault: Value) -> u64 {
        self.post("reset", json!({})).await;
        let ordered = self
            .post("faults", json!({ "route": route, "skip": skip, "fault": fault }))
            .await;
        ordered["id"].as_u64().unwrap()
    }

    /// How many calls of this kind changed something.
    pub(crate) async fn changes(&self, call: &str) -> usize {
        let calls = self.get("calls").await;
        let of = |it: &&Value| {
            let name = format!(
                "{} {}",
                it["method"].as_str().unwrap(),
                it["path"].as_str().unwrap()
            );
            it["effect"] == true && name.starts_with(call)
        };
        calls.as_array().unwrap().iter().filter(of).count()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Starts `demo --script` on a store that is kept.
pub(crate) fn demo(script: &Path, data: &Path, sandbox: &str) -> Child {
    command(script, data, sandbox).spawn().unwrap()
}

fn command(script: &Path, data: &Path, sandbox: &str) -> Command {
    let mut command = Command::new(binary());
    command
        .arg("demo")
        .args([
            "--script".as_ref(),
            script.as_os_str(),
            "--data".as_ref(),
            data.as_os_str(),
        ])
        .args(["--sandbox", sandbox])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Starts the same, and logs all there is to log.
pub(crate) fn chatty_demo(script: &Path, data: &Path, sandbox: &str) -> Child {
    command(script, data, sandbox)
        .env("RUST_LOG", "trace")
        .spawn()
        .unwrap()
}

/// What a program said by its end.
pub(crate) async fn output(child: Child) -> (bool, String) {
    let output = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap())
        .await
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.success(), said)
}
