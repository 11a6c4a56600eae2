//! `countersign serve` in a process of its own, on a real network and against a sandbox: killed, ended, started again.

mod config;

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::time::timeout;

use super::irc::{password, signal, until};
use super::programs::binary;

pub(crate) use config::{NETWORK, ROOM, Setup};

/// How long it may take until the bot is where it should be.
const PATIENCE: Duration = Duration::from_secs(30);

/// The bot, and what it keeps between two starts. It is killed when this is dropped.
pub(crate) struct Serve {
    child: Option<Child>,
    log: watch::Sender<Vec<String>>,
    folder: TempDir,
    web: Option<Web>,
    filter: &'static str,
    json: bool,
    /// What it seals with: 64 hexadecimal digits.
    pub(crate) sealing_key: String,
    /// What it sealed with before.
    pub(crate) old_sealing_key: String,
}

/// Where its web side is.
struct Web {
    people: String,
    machines: String,
}

impl Serve {
    /// Starts it, and waits until it is on its network.
    pub(crate) async fn start(setup: &Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("countersign.toml"), setup.configuration()).unwrap();
        let mut serve = Self {
            child: None,
            log: watch::channel(Vec::new()).0,
            folder,
            web: setup
                .url()
                .zip(setup.admin())
                .map(|(people, machines)| Web { people, machines }),
            filter: setup.filter,
            json: setup.json,
            sealing_key: "7e".repeat(32),
            old_sealing_key: String::new(),
        };
        serve.start_again().await;
        serve
    }

    /// Starts it on what it kept, and waits until it is on its network.
    pub(crate) async fn start_again(&mut self) {
        let mark = self.mark();
        self.spawn();
        self.logs_after(mark, "ready: ").await;
    }

    /// Starts it, and does not wait.
    pub(crate) fn spawn(&mut self) {
        assert!(self.child.is_none(), "the bot runs already");
        let mut child = self.command("serve").stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = self.log.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                log.send_modify(|log| log.push(line));
            }
        });
        self.child = Some(child);
    }

    /// Kill -9.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().expect("the bot does not run");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// It dies as badly as a process can, with everything that it knows in memory. Says how.
    pub(crate) async fn aborts(&mut self) -> std::process::ExitStatus {
        signal("-ABRT", self.pid());
        let mut child = self.child.take().expect("the bot does not run");
        let mut status = None;
        until("the bot is dead", || {
            status = child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        status.unwrap()
    }

    /// SIGTERM, and waits until it has ended.
    pub(crate) async fn end(&mut self) {
        self.terminate();
        self.has_ended().await;
    }

    /// SIGTERM.
    pub(crate) fn terminate(&self) {
        signal("-TERM", self.pid());
    }

    /// Waits until it has ended, in good order.
    pub(crate) async fn has_ended(&mut self) {
        let mut child = self.child.take().expect("the bot does not run");
        let mut status = None;
        until("the bot ends", || {
            status = child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        assert!(status.unwrap().success(), "it ended badly\n{}", self.log());
    }

    /// Starts it, and waits until it has ended by itself, badly. Says what it logged.
    pub(crate) async fn refuses_to_start(&mut self) -> String {
        let mark = self.mark();
        self.spawn();
        let mut child = self.child.take().unwrap();
        let mut status = None;
        until("the bot gives up", || {
            status = child.try_wait().unwrap();
            status.is_some()
        })
        .await;
        assert!(!status.unwrap().success(), "it ended well\n{}", self.log());
        self.log.borrow()[mark..].join("\n")
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().expect("the bot does not run").id()
    }

    /// What its links begin with: `http://127.0.0.1:15000/`.
    pub(crate) fn url(&self) -> &str {
        &self.web.as_ref().expect("the bot has no web side").people
    }

    /// Where machines look after it, without a slash at the end.
    pub(crate) fn admin(&self) -> &str {
        &self.web.as_ref().expect("the bot has no web side").machines
    }

    /// SIGHUP.
    pub(crate) fn hang_up(&self) {
        signal("-HUP", self.pid());
    }

    /// Its configuration, to be changed before [`Self::hang_up`].
    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("countersign.toml")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// How much was logged until now.
    pub(crate) fn mark(&self) -> usize {
        self.log.borrow().len()
    }

    /// All that it logged.
    pub(crate) fn log(&self) -> String {
        self.log.borrow().join("\n")
    }

    /// Waits until it logs this, after a mark.
    pub(crate) async fn logs_after(&self, mark: usize, text: &str) {
        let mut log = self.log.subscribe();
        let logged = log.wait_for(|log| log[mark..].iter().any(|line| line.contains(text)));
        let logged = timeout(PATIENCE, logged).await.is_ok();
        assert!(
            logged,
            "waited {PATIENCE:?} for {text:?} in the log\n{}",
            self.log()
        );
    }

    /// `countersign do`, by the person whom the configuration knows as the user that runs the tests.
    pub(crate) async fn does(&self, line: &str) -> String {
        let (good, said) = self.run("do", &[line]).await;
        assert!(good, "countersign do {line:?}\n{said}\n--- log\n{}", self.log());
        said
    }

    /// The audit, verified.
    pub(crate) async fn audit(&self) -> Vec<Value> {
        let (good, said) = self.run("audit verify", &[]).await;
        assert!(good, "countersign audit verify\n{said}");
        let (good, said) = self.run("audit export", &[]).await;
        assert!(good, "countersign audit export\n{said}");
        said.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Another subcommand on the same configuration: whether it went well, and what it said.
    pub(crate) async fn run(&self, subcommand: &str, args: &[&str]) -> (bool, String) {
        let mut command = self.command(subcommand);
        command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = tokio::task::spawn_blocking(move || command.output().unwrap())
            .await
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    fn command(&self, subcommand: &str) -> Command {
        let mut command = Command::new(binary());
        command
            .args(subcommand.split(' '))
            .arg("--config")
            .arg(self.config())
            .args(["--log-format", if self.json { "json" } else { "text" }])
            .env("RUST_LOG", self.filter)
            .env("SEALING_KEY", &self.sealing_key)
            .env("OLD_SEALING_KEY", &self.old_sealing_key)
            .env("HEROKU_TOKEN", "HRKU-sandbox")
            .env("GITHUB_TOKEN", "ghp_sandbox")
            .env("IRC_PASSWORD", password("bot"))
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        command
    }
}

impl Drop for Serve {
    #[expect(clippy::print_stderr, reason = "who looks at a failure wants to see it")]
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            child.kill().ok();
            child.wait().ok();
        }
        if std::thread::panicking() {
            eprintln!("--- the bot's log\n{}", self.log());
        }
    }
}
