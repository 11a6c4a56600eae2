//! The real clients, in processes of their own.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use super::Flavour;

/// How long a client may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a client said by its end.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) good: bool,
    /// Rows in lines, columns between tabs, if it was not told otherwise.
    pub(crate) rows: String,
    /// `ERROR 1045 (28000): …`
    pub(crate) error: String,
}

impl Output {
    /// What it found; it went well.
    #[track_caller]
    pub(crate) fn rows(self) -> String {
        assert!(self.good, "{}", self.error);
        self.rows
    }

    /// It failed with this error of the server or the client.
    #[track_caller]
    pub(crate) fn failed_with(&self, code: u16) {
        let begin = format!("ERROR {code} ");
        let failed = !self.good && self.error.contains(&begin);
        assert!(failed, "no {begin}: {self:?}");
    }
}

/// Runs the client to its end: statements by its stdin, so that they are in no list of processes.
pub(super) async fn run(mut command: Command, statements: &str) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // It may have ended before it read them; then its error is of more interest.
    stdin.write_all(statements.as_bytes()).await.ok();
    drop(stdin);
    let output = timeout(PATIENCE, child.wait_with_output()).await;
    let output = output.unwrap_or_else(|_| panic!("{command:?} takes longer than {PATIENCE:?}"));
    let output = output.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).trim_end().to_owned();
    Output {
        good: output.status.success(),
        rows: text(output.stdout),
        error: text(output.stderr),
    }
}

/// A client that prints rows and nothing around them.
pub(super) fn client(flavour: Flavour, options: Option<&Path>, args: &[&str]) -> Command {
    let mut command = Command::from(flavour.client(options));
    if let Some(file) = options {
        // Files that it names are beside it; and to clients localhost is a socket if they are not told otherwise.
        command.current_dir(file.parent().unwrap()).arg("--protocol=tcp");
    }
    command
        .args([
            "--batch",
            "--skip-column-names",
            "--unbuffered",
            "--skip-reconnect",
        ])
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Root's own way in. It must work.
pub(super) async fn root(flavour: Flavour, socket: &Path, args: &[&str], statements: &str) -> String {
    let mut command = client(flavour, None, args);
    command.arg("--user=root");
    command.arg(format!("--socket={}", socket.display()));
    let output = run(command, statements).await;
    assert!(output.good, "{statements}\n{}", output.error);
    output.rows
}

/// Somebody who is logged in and stays.
pub(crate) struct Session {
    child: Child,
    stdin: ChildStdin,
    rows: BufReader<ChildStdout>,
}

impl Session {
    pub(super) fn begin(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
        Self {
            stdin: child.stdin.take().unwrap(),
            rows: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Asks, and does not wait for an answer.
    pub(crate) async fn asks(&mut self, statement: &str) {
        let line = format!("{statement};\n");
        self.stdin.write_all(line.as_bytes()).await.unwrap();
    }

    /// The next row.
    pub(crate) async fn hears(&mut self) -> String {
        let row = self.hears_within(PATIENCE).await;
        row.expect("a row within the time")
    }

    /// The next row, if it comes within this time.
    pub(crate) async fn hears_within(&mut self, long: Duration) -> Option<String> {
        let mut row = String::new();
        let read = timeout(long, self.rows.read_line(&mut row)).await.ok()?;
        assert!(read.unwrap() > 0, "it ended: {}", self.error().await);
        Some(row.trim_end().to_owned())
    }

    /// Waits until the server has ended it, at most so long. Says what the client said of it.
    pub(crate) async fn ends_within(mut self, long: Duration) -> String {
        let ended = timeout(long, self.child.wait()).await;
        let status = ended.unwrap_or_else(|_| panic!("the session is still there after {long:?}"));
        assert!(!status.unwrap().success(), "it ended in peace");
        self.error().await
    }

    async fn error(&mut self) -> String {
        let mut text = String::new();
        let stderr = self.child.stderr.as_mut().unwrap();
        timeout(PATIENCE, stderr.read_to_string(&mut text))
            .await
            .expect("it ends")
            .unwrap();
        text
    }
}
