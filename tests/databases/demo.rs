//! The demo with the MariaDB that is installed: what somebody would do who tries it, in a process of its own.

use std::process::Command;

use crate::support::programs::binary;

/// What is said, and after `=` what must be heard, in this order.
const STORY: &str = include_str!("demo.txt");

async fn played(script: &str, path: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("script.txt");
    std::fs::write(&file, script).unwrap();
    let mut command = Command::new(binary());
    command
        .args(["demo", "--databases", "--script"])
        .arg(&file)
        .env("PATH", path)
        .env("TMPDIR", folder.path())
        .env_remove("RUST_LOG");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "the demo leaves nothing behind: {left:?}");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.success(), said)
}

#[tokio::test]
async fn somebody_gives_access_looks_and_takes_it_away() {
    let is_heard = |line: &&str| line.starts_with("= ");
    let script: Vec<&str> = STORY.lines().filter(|line| !is_heard(line)).collect();
    let path = std::env::var("PATH").unwrap();
    let (good, said) = played(&script.join("\n"), &path).await;
    assert!(good, "{said}");
    let mut rest = said.as_str();
    for expected in STORY.lines().filter(is_heard).map(|line| &line[2..]) {
        let found = rest.split_once(expected);
        rest = found
            .unwrap_or_else(|| panic!("{expected:?} is not said in its turn\n{said}"))
            .1;
    }
    for secret in ["canary", "BEGIN CERTIFICATE", "mysql://"] {
        assert!(!said.contains(secret), "{secret} is said\n{said}");
    }
}
