//! What is measured, each in a process of its own: the bot as it is built for use, and a client that does nothing but
//! answer `!ping`, for comparison.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use toml::{Table, Value};

use crate::echo;
use crate::support::irc::Address;
use crate::support::programs::{Sandbox, binary};
use crate::support::serve::Setup;

/// A process under measurement. It is killed when this is dropped.
pub(crate) struct Process(Child);

/// Where a bot has its configuration and its store.
pub(crate) struct Home(TempDir);

impl Home {
    /// For a bot on this server, which may say as much as it likes and has nothing to do but to listen.
    pub(crate) fn new(port: u16, sandbox: &Sandbox) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = Address { port, ca: None };
        let setup = Setup::on(address, sandbox).without_account().but(undisturbed);
        std::fs::write(folder.path().join("countersign.toml"), setup.configuration()).unwrap();
        Self(folder)
    }

    /// The same as after a stop, with a store that is there already.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// No pace that would be measured in the place of the bot, and nothing that happens by itself.
fn undisturbed(config: &mut Table) {
    let irc = config["irc"][0].as_table_mut().unwrap();
    irc.insert(
        "servers".into(),
        vec![
            irc["servers"][0]
                .as_str()
                .unwrap()
                .replace("localhost", "127.0.0.1"),
        ]
        .into(),
    );
    irc.insert("burst".into(), Value::Integer(1_000_000_000));
    irc.insert("every".into(), "1 ms".into());
    config["heroku"]
        .as_table_mut()
        .unwrap()
        .insert("poll".into(), "1 h".into());
}

impl Process {
    /// `countersign serve`.
    pub(crate) fn bot(home: &Home) -> Self {
        let mut command = Command::new(binary());
        command
            .arg("serve")
            .arg("--config")
            .arg(home.path().join("countersign.toml"))
            .env("HEROKU_TOKEN", "HRKU-sandbox")
            .env("GITHUB_TOKEN", "ghp_sandbox")
            .env("RUST_LOG", "warn");
        Self::start(command)
    }

    /// The client that only echoes.
    pub(crate) fn echo(port: u16) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg(echo::ARGUMENT).arg(port.to_string());
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        Self(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }

    /// CPU time of all its threads until now, in user and in system mode, to 10 ms.
    pub(crate) fn cpu(&self) -> Duration {
        let stat = self.proc("stat");
        // The second field, the name, is the only one that may have spaces in it.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: u64 = fields[11..13]
            .iter()
            .map(|ticks| ticks.parse::<u64>().unwrap())
            .sum();
        // Linux counts these in hundredths of a second on every machine.
        Duration::from_millis(10 * ticks)
    }

    /// Memory in KiB: resident, and resident with what is shared divided by those who share it.
    pub(crate) fn memory(&self) -> [u32; 2] {
        let rollup = self.proc("smaps_rollup");
        let field = |name: &str| {
            let line = rollup.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_whitespace().nth(1).unwrap().parse().unwrap()
        };
        ["Rss:", "Pss:"].map(field)
    }

    pub(crate) fn threads(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/task", self.0.id()))
            .unwrap()
            .count()
    }

    fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.0.id())).unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}
