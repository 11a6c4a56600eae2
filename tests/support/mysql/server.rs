//! One server: its configuration, its start and its end.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::net::UnixStream;
use tokio::time::{Instant, sleep, timeout};

use super::Flavour;
use super::disk::{self, Disk};
use crate::support::process::{Home, Process};

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_mins(1);

/// A server that may run. What it keeps is in the folder of its name.
pub(super) struct Server {
    flavour: Flavour,
    name: &'static str,
    /// It has a disk of its own, which goes with it.
    small_disk: bool,
    process: Option<Process>,
}

/// What no two servers have in common.
pub(super) struct Part<'p> {
    pub(super) port: u16,
    /// More lines for its configuration.
    pub(super) lines: &'p str,
    /// Its data are on a disk of its own, which can be full.
    pub(super) small_disk: bool,
}

impl Server {
    /// Writes its configuration. Its data are somebody else's matter.
    pub(super) fn new(flavour: Flavour, name: &'static str, home: &Home, part: &Part<'_>) -> Self {
        home.folder(name);
        let tmp = home.folder(&format!("{name}/tmp"));
        let [data, pid, general, socket] = ["data", "pid", "general.log", "socket"]
            .map(|file| home.at(name).join(file).display().to_string());
        let mut text = format!(
            "[mysqld]\n\
             datadir = {data}\ntmpdir = {tmp}\npid-file = {pid}\nsocket = {socket}\nlog-error = {log}\n\
             general-log = 1\ngeneral-log-file = {general}\n\
             port = {port}\nbind-address = 127.0.0.1\nskip-name-resolve\n\
             character-set-server = utf8mb4\nmax-connections = 200\nmax-connect-errors = 1000000\n\
             innodb-buffer-pool-size = 32M\ninnodb-flush-log-at-trx-commit = 2\nkey-buffer-size = 1M\n",
            tmp = tmp.display(),
            log = home.at(&format!("{name}.log")).display(),
            port = part.port,
        );
        // What a server that is killed has written is in the system's memory; nobody cuts the power here.
        text += "innodb-flush-method = nosync\nsync-binlog = 0\n";
        text += &flavour.configuration();
        writeln!(text, "{}", part.lines).unwrap();
        if part.small_disk {
            text += &disk::lines(&home.at(name));
        }
        home.write(&format!("{name}.cnf"), &text);
        Self {
            flavour,
            name,
            small_disk: part.small_disk,
            process: None,
        }
    }

    pub(super) fn config(&self, home: &Home) -> PathBuf {
        home.at(&format!("{}.cnf", self.name))
    }

    /// Where root comes in.
    pub(super) fn socket(&self, home: &Home) -> PathBuf {
        home.at(self.name).join("socket")
    }

    /// Starts it, and does not wait.
    pub(super) fn spawn(&mut self, home: &Home) {
        assert!(self.process.is_none(), "the {} runs already", self.name);
        // One that was killed leaves it.
        std::fs::remove_file(self.socket(home)).ok();
        let mut command = self.flavour.server();
        command.arg(format!("--defaults-file={}", self.config(home).display()));
        let mut command = if self.small_disk {
            disk::on_its_disk(home, &command, self.name)
        } else {
            as_owner(home, &command, self.name)
        };
        self.process = Some(Process::start(&mut command));
    }

    /// Its disk, while it runs.
    pub(super) fn disk(&self, home: &Home) -> Disk {
        assert!(self.small_disk, "the {} shares its disk", self.name);
        let process = self.process.as_ref().expect("the server runs");
        Disk::of(process.id(), &home.at(self.name))
    }

    /// Waits until it greets.
    pub(super) async fn is_there(&mut self, home: &Home) {
        let process = self.process.as_mut().expect("the server was started");
        let socket = home.at(self.name).join("socket");
        let end = Instant::now() + PATIENCE;
        while !greets(&socket).await {
            let failed = process.has_ended() || Instant::now() > end;
            let needs = if self.small_disk { disk::NEEDS } else { "" };
            assert!(
                !failed,
                "the {} does not come up. {needs}\n{}",
                self.name,
                home.logs()
            );
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kill -9.
    pub(super) fn kill(&mut self) {
        self.process.take().expect("the server runs").kill();
    }

    /// Asks it to end, and waits until it has.
    pub(super) async fn end(&mut self) {
        self.process.take().expect("the server runs").end().await;
    }
}

/// A command that is run as the owner of a folder; what it prints is in `NAME.out` there.
pub(super) fn as_owner(home: &Home, command: &Command, name: &str) -> Command {
    let mut owned = home.command(command.get_program(), name);
    owned.args(command.get_args());
    owned
}

/// A server listens before it serves; then whoever connects waits for its greeting.
async fn greets(socket: &Path) -> bool {
    let greeting = async {
        let mut stream = UnixStream::connect(socket).await.ok()?;
        stream.read_u8().await.ok()
    };
    timeout(PATIENCE, greeting).await.ok().flatten().is_some()
}
