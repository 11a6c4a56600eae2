//! The demo as somebody at a pipe uses it, in a process and at a pace of its own.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::programs::{binary, output};

/// Says these lines and goes away at once. The demo has to end by itself, and everything said has to be answered.
async fn piped(lines: &str) -> String {
    let mut child = Command::new(binary())
        .arg("demo")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let ended = tokio::time::timeout(Duration::from_mins(1), output(child)).await;
    let (good, said) = ended.expect("the demo does not end");
    assert!(good, "{said}");
    said
}

/// The worker used to hold connections of the store in work that it did not go on with while it waited for one itself.
#[tokio::test]
async fn who_leaves_at_once_is_answered_all_the_same() {
    for _ in 0..5 {
        let said = piped("!rollback prod --reason x\n!deployed\n!ping\n/quit\n").await;
        assert!(said.contains("asks to roll back prod"), "{said}");
        assert!(said.contains("alice: pong"), "{said}");
    }
}
