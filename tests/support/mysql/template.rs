//! Data folders to begin with. To make one takes seconds, so it is done once for a flavour and its release, and copied.

use std::fs::File;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::client::root;
use super::server::{Part, Server, as_owner};
use super::{Flavour, schema};
use crate::support::process::{Home, free_port, program};

const NAME: &str = "template";

/// Gives each of these servers' folders its data.
pub(super) async fn copy(flavour: Flavour, home: &Home, names: [&str; 2]) {
    let folder = PathBuf::from(program("COUNTERSIGN_TEST_DIR")).join("databases");
    std::fs::create_dir_all(&folder).unwrap();
    let template = folder.join(name(flavour, home));
    let lock = folder.join(format!("{}.lock", flavour.name()));
    if !template.exists() {
        let _alone = locked(&lock, File::lock).await;
        if !template.exists() {
            make(flavour, &template).await;
        }
    }
    let _with_others = locked(&lock, File::lock_shared).await;
    for name in names {
        let to = home.at(name).join("data");
        copy_folder(&template, &to).await;
    }
}

/// Other tests may be at it too, in processes of their own.
async fn locked(path: &Path, how: fn(&File) -> std::io::Result<()>) -> File {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .unwrap();
    let lock = move || how(&file).map(|()| file);
    tokio::task::spawn_blocking(lock).await.unwrap().unwrap()
}

/// Differs with the release, with what is in it, and with whoever owns it.
fn name(flavour: Flavour, home: &Home) -> String {
    let version = flavour.server().arg("--no-defaults").arg("--version").output();
    let mut hash = DefaultHasher::new();
    version.unwrap().stdout.hash(&mut hash);
    schema::statements(flavour).hash(&mut hash);
    flavour.configuration().hash(&mut hash);
    home.owner().hash(&mut hash);
    format!("{}-{:016x}", flavour.name(), hash.finish())
}

async fn make(flavour: Flavour, template: &Path) {
    let home = Home::new();
    let part = Part {
        port: free_port(),
        lines: "skip-log-bin",
        small_disk: false,
    };
    let mut server = Server::new(flavour, NAME, &home, &part);
    let data = home.at(NAME).join("data");
    let install = flavour.install(&data, &server.config(&home));
    runs(as_owner(&home, &install, "install")).await;
    server.spawn(&home);
    server.is_there(&home).await;
    root(flavour, &server.socket(&home), &[], &schema::statements(flavour)).await;
    server.end().await;
    // By its name a server would know itself again, and no two are to be the same.
    std::fs::remove_file(data.join("auto.cnf")).ok();
    let half = template.with_extension("half");
    std::fs::remove_dir_all(&half).ok();
    copy_folder(&data, &half).await;
    std::fs::rename(&half, template).unwrap();
}

async fn copy_folder(from: &Path, to: &Path) {
    let mut command = Command::new("cp");
    command.args([
        "--archive",
        "--reflink=auto",
        "--sparse=always",
        "--no-target-directory",
    ]);
    command.arg(from).arg(to);
    runs(command).await;
}

async fn runs(mut command: Command) {
    let what = format!("{command:?}");
    let status = tokio::task::spawn_blocking(move || command.status())
        .await
        .unwrap();
    assert!(status.unwrap().success(), "{what}");
}
