//! Servers as processes: without root's rights, on ports that nobody has, and gone when the test is.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::Permissions;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// How long a server may take to be there, and how long to be gone.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The program that a variable of `tests/run` names.
pub(crate) fn program(variable: &str) -> OsString {
    std::env::var_os(variable)
        .unwrap_or_else(|| panic!("{variable} is not set: run tests/run, which sets it"))
}

/// A TCP port on 127.0.0.1 that nobody has.
///
/// They lie below those that the system takes for outgoing connections, so that none is taken between now and the
/// server's start; each test process begins elsewhere.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 15_000;
    const EACH: u32 = 20;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let nth = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + (std::process::id() * EACH + nth) % 17_000;
        let port = u16::try_from(port).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A server's folder: its configuration, its data, what it logs. Servers refuse to be root, so if we are, everything
/// here belongs to `nobody`, and so do they.
pub(crate) struct Home {
    folder: TempDir,
    owner: Option<(u32, u32)>,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owner = (id("-u", None) == 0).then(|| (id("-u", Some("nobody")), id("-g", Some("nobody"))));
        let home = Self { folder, owner };
        home.give(home.path());
        home
    }

    /// Whom it belongs to, if not to us.
    pub(crate) fn owner(&self) -> Option<(u32, u32)> {
        self.owner
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Makes a folder in it.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.at(name);
        std::fs::create_dir_all(&path).unwrap();
        self.give(&path);
        path
    }

    /// Writes a file into it that only its owner may read.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.at(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        self.give(&path);
        path
    }

    /// Makes its owner the owner of this.
    pub(crate) fn give(&self, path: &Path) {
        if let Some((user, group)) = self.owner {
            chown(path, Some(user), Some(group)).unwrap();
        }
    }

    /// The same for the files of a folder.
    pub(crate) fn give_all(&self, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            self.give(&entry.unwrap().path());
        }
    }

    /// A program that is run as its owner; what it prints is in its `NAME.out`.
    pub(crate) fn command(&self, program: impl Into<OsString>, name: &str) -> Command {
        let out = self.write(&format!("{name}.out"), "");
        let out = std::fs::File::options().append(true).open(out).unwrap();
        let mut command = Command::new(program.into());
        command
            .current_dir(self.path())
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out);
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    /// The end of everything in it that looks like a log.
    pub(crate) fn logs(&self) -> String {
        let mut text = String::new();
        for folder in ["", "log"].map(|folder| self.at(folder)) {
            let Ok(entries) = std::fs::read_dir(folder) else {
                continue;
            };
            for path in entries.map(|entry| entry.unwrap().path()) {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if !path.is_file() || !["log", "out"].iter().any(|kind| name.ends_with(kind)) {
                    continue;
                }
                let log = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
                let lines: Vec<&str> = log.lines().collect();
                let tail = &lines[lines.len().saturating_sub(20)..];
                writeln!(text, "--- {name}, its end\n{}", tail.join("\n")).unwrap();
            }
        }
        text
    }
}

fn id(which: &str, user: Option<&str>) -> u32 {
    let output = Command::new("id").arg(which).args(user).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.trim()
        .parse()
        .unwrap_or_else(|_| panic!("id {which} {user:?}: {text}"))
}

/// A process that is killed when it is dropped.
pub(crate) struct Process(Child);

impl Process {
    pub(crate) fn start(command: &mut Command) -> Self {
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", command.get_program().display()));
        Self(child)
    }

    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }

    /// Kill -9.
    pub(crate) fn kill(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }

    /// Asks it to end, and waits until it has.
    pub(crate) async fn end(&mut self) {
        signal("-TERM", self.0.id());
        until("a server ends", || self.has_ended()).await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Sends a signal to a process that we started.
pub(crate) fn signal(signal: &str, pid: u32) {
    let status = Command::new("kill")
        .args([signal, &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success(), "kill {signal} {pid}: {status}");
}

/// Looks again and again until it is so.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited {PATIENCE:?} until {what}");
        sleep(Duration::from_millis(10)).await;
    }
}
