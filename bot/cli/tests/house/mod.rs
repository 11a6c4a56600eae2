//! A bot in this process, with a sandbox and a folder of its own, and the program beside it.

use countersign::args::Configured;
use countersign::clock::SpeedClock;
use countersign::commands::Surroundings;
use countersign::serve::{self, Order};
use countersign_sandbox::{Sandbox, Tokens};
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

pub(crate) struct House {
    pub(crate) folder: TempDir,
    pub(crate) sandbox: Sandbox,
    pub(crate) running: Option<(mpsc::Sender<Order>, JoinHandle<anyhow::Result<()>>)>,
}

impl House {
    pub(crate) async fn open() -> Self {
        rustls::crypto::aws_lc_rs::default_provider()
            .install_default()
            .ok();
        let tokens = Tokens::default();
        let clock = Arc::new(SpeedClock::starting_now(500.0));
        let sandbox = Sandbox::start("127.0.0.1:0".parse().unwrap(), clock, tokens.clone())
            .await
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("heroku"), &tokens.heroku).unwrap();
        fs::write(folder.path().join("github"), &tokens.github).unwrap();
        let house = Self {
            folder,
            sandbox,
            running: None,
        };
        house.configure("alice", "");
        house
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration: this user is a person of that name. `more` is added to `[bot]`.
    pub(crate) fn configure(&self, person: &str, more: &str) {
        let url = self.sandbox.heroku_url();
        let uid = self.folder.path().metadata().unwrap().uid();
        let text = format!(
            r#"
            [bot]
            data = "data"
            {more}
            [heroku]
            url = "{url}/"
            token = {{ file = "heroku" }}
            [github]
            url = "{url}/github/"
            token = {{ file = "github" }}
            [[app]]
            name = "prod"
            heroku = "treeherder-prod"
            repository = "mozilla/treeherder"
            branch = "production"
            deploys_from = "master"
            auto_deploy = true
            site = "https://treeherder.mozilla.org/"
            [[person]]
            name = "{person}"
            roles = ["deployer"]
            accounts = [{{ network = "local", name = "{uid}" }}]
            [[person]]
            name = "zoe"
            roles = ["deployer"]
            accounts = [{{ network = "local", name = "4294967294" }}]
            [[rule]]
            name = "deployers"
            commands = ["*"]
            effects = ["read", "decide", "change"]
            roles = ["deployer"]
            [[rule]]
            name = "rollbacks"
            commands = ["rollback"]
            roles = ["deployer"]
            seats = [{{ count = 1, roles = ["deployer"] }}]
            "#
        );
        fs::write(self.path("cs.toml"), text).unwrap();
    }

    /// Runs the bot, and waits until it listens.
    pub(crate) async fn serve(&mut self) {
        let (orders, receiver) = mpsc::channel(1);
        let args = Configured {
            config: self.path("cs.toml"),
        };
        let surroundings = Surroundings {
            scrubber: Arc::default(),
            environment: Arc::new(|_: &str| None),
            time: Arc::new(SpeedClock::starting_now(1.0)),
        };
        let running = tokio::spawn(async move {
            Box::pin(serve::run_until(&args, surroundings, |store| store, receiver)).await
        });
        self.running = Some((orders, running));
        while !self.path("data/countersign.sock").exists() {
            assert!(
                !self.running.as_ref().unwrap().1.is_finished(),
                "it ended at once"
            );
            tokio::task::yield_now().await;
        }
    }

    pub(crate) async fn reload(&self) {
        let (orders, _) = self.running.as_ref().unwrap();
        orders.send(Order::Reload).await.unwrap();
    }

    pub(crate) async fn stop(&mut self) {
        let (orders, running) = self.running.take().unwrap();
        orders.send(Order::Stop).await.unwrap();
        running.await.unwrap().unwrap();
    }

    /// `countersign do` with these arguments.
    pub(crate) async fn does(&self, args: &[&str]) -> Output {
        let mut command = countersign();
        let socket = self.path("data/countersign.sock");
        command.args(["do", "--socket"]).arg(socket).args(args);
        output(command).await
    }

    /// What somebody is told who says this, and whether it was good.
    pub(crate) async fn say(&self, line: &str) -> (String, bool) {
        let output = self.does(&[line]).await;
        (text(&output.stdout), output.status.success())
    }
}

pub(crate) fn countersign() -> Command {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
}

pub(crate) async fn output(mut command: Command) -> Output {
    tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub(crate) fn files(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
