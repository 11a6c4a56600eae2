//! The small subcommands, as somebody types them.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod program;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use program::{countersign, run, said};

#[test]
fn asking_wrongly_ends_with_2() {
    let output = run(&["audit", "verfy"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("verify"), "{}", said(&output));

    let output = run(&["config", "explain", "app.brnch"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        said(&output),
        "error: the configuration has no key app.brnch; did you mean app.branch?\n"
    );
}

#[test]
fn the_schema_is_json_and_knows_every_section() {
    let output = run(&["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let sections: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
    assert_eq!(
        sections,
        [
            "app", "audit", "bot", "database", "forbid", "github", "heroku", "irc", "local", "person",
            "rule", "secrets", "web"
        ]
    );
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0));
        assert!(said(&output).contains("sandbox"), "{shell}");
    }
}

#[test]
fn a_sealing_key_is_never_written_over_nor_printed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k1");
    let to = file.to_str().unwrap();
    let output = run(&["sealing-key", "--to", to]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let key = std::fs::read_to_string(&file).unwrap();
    assert!(key.len() == 65 && !said(&output).contains(key.trim()));
    let mode = file.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let again = run(&["sealing-key", "--to", to]);
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(
        said(&again),
        format!(
            "error: {to} exists already and was left alone: whoever loses a key loses what it sealed. Choose another name\n"
        )
    );
    assert_eq!(std::fs::read_to_string(&file).unwrap(), key);

    let printed = run(&["sealing-key", "--to", "-"]);
    assert_eq!(printed.status.code(), Some(1));
    assert_eq!(
        said(&printed),
        "error: a key is not printed, because terminals and logs keep what they show: name a file with --to\n"
    );
}

/// A dump of its memory would have in it what was just handed to somebody.
#[test]
fn it_leaves_no_core_when_it_dies() {
    let mut child = countersign()
        .args(["sandbox", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let sizes: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(sizes, ["0", "0"], "{core}");
}

#[test]
fn the_sandbox_is_on_loopback_only() {
    let output = run(&["sandbox", "--listen", "0.0.0.0:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("loopback only"), "{}", said(&output));
}

#[test]
fn the_sandbox_says_where_it_is_and_ends_at_ctrl_c() {
    let mut sandbox = countersign()
        .args(["sandbox", "--listen", "127.0.0.1:0", "--speed", "10"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(sandbox.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let control = lines
        .find_map(|line| Some(line.strip_prefix("Control  http://")?.to_owned()))
        .unwrap();
    let (address, path) = control.split_once('/').unwrap();

    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.contains("treeherder-prod"),
        "{answer}"
    );

    let pid = sandbox.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(sandbox.wait().unwrap().code(), Some(0));
}
