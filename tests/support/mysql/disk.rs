//! A disk that can be full. One server has its data and its binary log on a small file system of their own, made of
//! memory, in a mount namespace that nobody else is in; so the disk goes with the server. From outside its files are
//! found through the server's process.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::client::{Session, client};
use super::server::as_owner;
use super::{Files, Pair, SCHEMA, Side};
use crate::support::process::{Home, PATIENCE};

/// What is left when the server begins, in KiB: what it makes for itself at its start, and some changes.
const ROOM: u32 = 48 * 1024;

/// What memory is given out in.
const PAGE: u64 = 4096;

/// What takes up the rest.
const BALLAST: &str = "ballast";

/// `sh -c MOUNT sh DISK DATA ROOM OPTIONS COMMAND…`: makes the disk, moves the data onto it, and becomes the command.
/// Nothing may be missing of a file: a server believes that what it has written once is its own.
const MOUNT: &str = r#"
    set -eu
    disk=$1 data=$2 room=$3 options=$4
    shift 4
    used=$(du --summarize --apparent-size --block-size=1K "$data" | cut --fields=1)
    mount -t tmpfs -o "size=$((used + room))k,$options" countersign-test "$disk"
    cp --archive --sparse=never "$data" "$disk/data"
    exec "$@"
"#;

/// The lines that put a server onto its disk.
pub(super) fn lines(folder: &Path) -> String {
    let disk = at(folder);
    format!(
        "datadir = {disk}/data\nlog-bin = {disk}/bin\ninnodb-use-native-aio = 0\n",
        disk = disk.display()
    )
}

/// Where the server finds it. In a path from outside `folder` is seen through the server's process.
pub(super) fn at(folder: &Path) -> PathBuf {
    folder.join("disk")
}

/// What starts a server on a disk of its own. As root it is its owner's; others are root in a world of their own.
pub(super) fn on_its_disk(home: &Home, command: &Command, name: &str) -> Command {
    let disk = home.folder(&format!("{name}/disk"));
    let data = home.at(name).join("data");
    let mut outer = as_owner(home, &Command::new("unshare"), name);
    outer.args(["--mount", "--propagation=private"]);
    if home.owner().is_none() {
        outer.args(["--user", "--map-root-user"]);
    }
    outer
        .args(["--", "sh", "-c", MOUNT, "sh"])
        .arg(disk)
        .arg(data)
        .arg(ROOM.to_string());
    match home.owner() {
        Some((user, group)) => {
            outer.uid(0).gid(0);
            outer.arg(format!("mode=0755,uid={user},gid={group}"));
            outer.args(["setpriv", "--clear-groups"]);
            outer
                .arg(format!("--reuid={user}"))
                .arg(format!("--regid={group}"));
        }
        None => {
            outer.arg("mode=0755");
        }
    }
    outer.arg(command.get_program()).args(command.get_args());
    if home.owner().is_none() {
        // Both refuse to be root if they are not told that it is meant.
        outer.arg("--user=root");
    }
    outer
}

/// Why it may not have come up.
pub(super) const NEEDS: &str = "a disk of its own needs a mount namespace: be root (in a container with CAP_SYS_ADMIN), or \
    allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)";

/// A server's disk, from outside.
pub(super) struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// That of the server with this process and this folder.
    pub(super) fn of(pid: u32, folder: &Path) -> Self {
        let inside = at(folder);
        let outside = PathBuf::from(format!("/proc/{pid}/root"));
        Self {
            folder: outside.join(inside.strip_prefix("/").unwrap()),
        }
    }

    /// Not a byte more fits.
    pub(super) fn fill(&self) {
        let path = self.folder.join(BALLAST);
        let mut file = File::create(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let block = vec![0x5A; 64 * 1024];
        for size in [block.len(), 4096] {
            loop {
                match file.write_all(&block[..size]) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => panic!("{}: {error}", path.display()),
                }
            }
        }
    }

    /// There is room again. A server looks for it once a minute, and no setting changes that.
    pub(super) fn free(&self) {
        std::fs::remove_file(self.folder.join(BALLAST)).unwrap();
    }

    /// How many bytes fit into the last page of the binary log, which it has already.
    pub(super) fn left_in_the_binary_log(&self) -> u64 {
        let logs = Files::of(&self.folder, PathBuf::new()).binary;
        let bytes = logs
            .last()
            .expect("there is a binary log")
            .metadata()
            .unwrap()
            .len();
        PAGE - bytes % PAGE
    }
}

impl Pair {
    /// The primary's disk is full; nobody knows yet. Whoever changes something now waits for room.
    pub(crate) async fn fills_up(&self) {
        let disk = self.disk();
        let mut app = self.app();
        // A small change would still fit into the page that the binary log has.
        let mut row = 0;
        while disk.left_in_the_binary_log() > 100 {
            assert!(row < 5000, "the binary log does not come near the end of a page");
            writes(&mut app, row, PATIENCE).await.expect("there is room");
            row += 1;
        }
        disk.fill();
    }

    /// Somebody, as an app would, writes until nothing is answered any more.
    pub(crate) async fn app_gets_stuck(&self) -> Session {
        let mut app = self.app();
        for row in 0..100 {
            if writes(&mut app, row, Duration::from_secs(5)).await.is_none() {
                return app;
            }
        }
        panic!("rows are written, and the disk is full");
    }

    /// There is room again. Who waits for it finds that out within a minute.
    pub(crate) fn has_room(&self) {
        self.disk().free();
    }

    fn app(&self) -> Session {
        let socket = self.servers[Side::Primary as usize].socket(&self.home);
        let args = ["--user=root", &format!("--socket={}", socket.display())];
        Session::begin(client(self.flavour, None, &args))
    }

    fn disk(&self) -> Disk {
        self.servers[Side::Primary as usize].disk(&self.home)
    }
}

/// One row more, each of another length, if that is answered in time.
async fn writes(app: &mut Session, row: usize, long: Duration) -> Option<String> {
    let name = format!("{row} {}", "x".repeat(row * 7 % 40));
    app.asks(&format!(
        "REPLACE INTO {SCHEMA}.webhook VALUES (7, '{name}'); SELECT 'on'"
    ))
    .await;
    app.hears_within(long).await
}
