//! A real Chromium for stories that are told in Rust: `tests/browser/driver.mjs` does with it what it is told.
//!
//! Pictures go to `browser/` next to the folder of the build's profile: `target/browser/STORY/NAME.png`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::irc::program;
use super::programs::binary;

/// The folder of what runs in Node.
pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("browser")
}

/// Where a story's pictures go.
pub(crate) fn pictures(story: &str) -> PathBuf {
    let profile = binary().parent().unwrap().to_owned();
    profile.parent().unwrap().join("browser").join(story)
}

/// A script of Node, with what the browser's scripts need.
pub(crate) fn node(script: &Path, story: &str) -> Command {
    let mut command = Command::new(program("NODE"));
    // They must be there, and they are handed on.
    for variable in ["CHROMIUM", "BROWSER_MODULES"] {
        command.env(variable, program(variable));
    }
    command.arg(script).env("OUT", pictures(story));
    command
}

/// A browser with tabs. It ends when it is dropped.
pub(crate) struct Browser {
    child: Child,
    pipes: Arc<Mutex<Option<Pipes>>>,
}

struct Pipes {
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// A tab of it.
pub(crate) struct Tab<'b> {
    browser: &'b Browser,
    number: Value,
}

impl Browser {
    pub(crate) async fn launch(story: &str) -> Self {
        let mut command = node(&scripts().join("driver.mjs"), story);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let pipes = Pipes {
            orders: child.stdin.take().unwrap(),
            answers: BufReader::new(child.stdout.take().unwrap()),
        };
        let browser = Self {
            child,
            pipes: Arc::new(Mutex::new(Some(pipes))),
        };
        assert_eq!(browser.answer(None).await, "launched");
        browser
    }

    /// Opens an address. Complaints of the browser with these words in them belong to the story.
    pub(crate) async fn open(&self, url: &str, tolerate: &[&str]) -> Tab<'_> {
        let number = self
            .does(json!({ "order": "open", "url": url, "tolerate": tolerate }))
            .await;
        Tab {
            browser: self,
            number,
        }
    }

    /// Nothing broke a policy, nothing failed, nothing was asked of another origin.
    pub(crate) async fn has_no_complaints(&self) {
        assert_eq!(self.does(json!({ "order": "complaints" })).await, json!([]));
    }

    /// Every request of every tab, as JSON.
    pub(crate) async fn requests(&self) -> Value {
        self.does(json!({ "order": "requests" })).await
    }

    /// The addresses to which something was posted.
    pub(crate) async fn posts(&self) -> Vec<String> {
        let requests = self.requests().await;
        let requests = requests.as_array().unwrap().iter();
        let posts = requests.filter(|request| request["method"] == "POST");
        posts
            .map(|post| post["url"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn does(&self, order: Value) -> Value {
        self.answer(Some(order)).await
    }

    async fn answer(&self, order: Option<Value>) -> Value {
        let pipes = Arc::clone(&self.pipes);
        let name = order.as_ref().map(|order| order["order"].to_string());
        let answer = tokio::task::spawn_blocking(move || {
            let mut pipes = pipes.lock().unwrap();
            let pipes = pipes.as_mut().unwrap();
            if let Some(order) = order {
                writeln!(pipes.orders, "{order}").unwrap();
            }
            let mut line = String::new();
            pipes.answers.read_line(&mut line).unwrap();
            line
        })
        .await
        .unwrap();
        let mut answer: Value = serde_json::from_str(&answer).expect("the browser's script has ended");
        assert!(answer.get("failed").is_none(), "{name:?}: {}", answer["failed"]);
        answer["done"].take()
    }
}

impl Tab<'_> {
    async fn does(&self, order: &str, mut what: Value) -> Value {
        what["order"] = order.into();
        what["tab"] = self.number.clone();
        self.browser.does(what).await
    }

    async fn says(&self, order: &str, what: Value) -> String {
        let answer = self.does(order, what).await;
        answer.as_str().expect("a text").to_owned()
    }

    /// Waits until it shows a state of the page; says what can be read then. Its picture is taken, and it has no barrier.
    pub(crate) async fn shows(&self, state: &str, picture: &str) -> String {
        let words = self.says("state", json!({ "name": state })).await;
        self.does("screenshot", json!({ "name": picture })).await;
        assert_eq!(self.does("barriers", json!({})).await, json!([]), "{picture}");
        words
    }

    /// Types the phrase and sends it.
    pub(crate) async fn phrase(&self, phrase: &str) {
        self.does("phrase", json!({ "phrase": phrase })).await;
    }

    /// What the page says is wrong with what was typed.
    pub(crate) async fn problem(&self) -> String {
        self.says("problem", json!({})).await
    }

    /// Waits until the page says that this is wrong with what was typed.
    pub(crate) async fn says_problem(&self, text: &str) {
        self.does("saysProblem", json!({ "text": text })).await;
    }

    /// What was in the link, by label.
    pub(crate) async fn fields(&self) -> Value {
        self.does("fields", json!({})).await
    }

    /// The text of what a button saves.
    pub(crate) async fn saved(&self, button: &str) -> String {
        self.says("saved", json!({ "button": button })).await
    }

    /// Types into a drop box and sends it.
    pub(crate) async fn fill(&self, value: &str) {
        self.does("fill", json!({ "value": value })).await;
    }

    /// The digits of what was sent.
    pub(crate) async fn digits(&self) -> String {
        self.says("digits", json!({})).await
    }

    /// What stands in the address bar.
    pub(crate) async fn address(&self) -> String {
        self.says("address", json!({})).await
    }

    /// The page as it is now.
    pub(crate) async fn content(&self) -> String {
        self.says("content", json!({})).await
    }

    pub(crate) async fn reload(&self) {
        self.does("reload", json!({})).await;
    }

    /// Clicks whatever can be clicked. Says what that was.
    pub(crate) async fn click_everything(&self) -> Vec<String> {
        let clicked = self.does("clickEverything", json!({})).await;
        serde_json::from_value(clicked).unwrap()
    }

    /// Sends every form; says how many.
    pub(crate) async fn submit_everything(&self, text: Option<&str>) -> u64 {
        let forms = self.does("submitEverything", json!({ "text": text })).await;
        forms.as_u64().unwrap()
    }

    /// Computes vectors with the page's own script: how many values were compared, and which are others.
    pub(crate) async fn vectors(&self, kind: &str, vectors: &Value) -> (u64, Vec<String>) {
        let what = json!({ "kind": kind, "vectors": vectors });
        let mut found = self.does("wrongVectors", what).await;
        let wrong = serde_json::from_value(found["wrong"].take()).unwrap();
        (found["compared"].as_u64().unwrap(), wrong)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The script ends with its stdin, and closes the browser before.
        self.pipes.lock().ok().and_then(|mut pipes| pipes.take());
        let end = Instant::now() + Duration::from_secs(10);
        while Instant::now() < end {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
