//! The local socket: whether it can be made, and whether somebody listens on it.

use std::io;
use std::path::{Path, PathBuf};

use countersign_core::time::Duration;
use tokio::net::UnixStream;
use tokio::time::timeout;

use super::finding::Findings;

/// The path of a socket has room for 108 bytes, of which the last is a zero (unix(7)).
const LONGEST: usize = 107;
/// Nobody far away listens on it.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) async fn check(socket: PathBuf) -> Findings {
    let mut findings = Findings::default();
    let (shown, length) = (socket.display(), socket.as_os_str().len());
    if length > LONGEST {
        findings.fail(
            "local socket",
            format!(
                "{shown} has {length} bytes, and {LONGEST} is the most; give local.socket a shorter path"
            ),
        );
        return findings;
    }
    match answer(&socket).await {
        Ok(()) => findings.ok("local socket", format!("a bot listens on {shown}")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            findings.ok("local socket", format!("{shown}; no bot listens on it now"));
        }
        // What a bot left behind that was killed; the next one replaces it.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused && is_socket(&socket) => {
            findings.ok("local socket", format!("{shown}; no bot listens on it now"));
        }
        Err(_) if socket.exists() && !is_socket(&socket) => findings.fail(
            "local socket",
            format!("{shown} is there and is no socket; move it away, or give local.socket another path"),
        ),
        Err(error) => findings.fail(
            "local socket",
            format!("{shown} cannot be connected to ({error}); look whose it is"),
        ),
    }
    findings
}

async fn answer(socket: &Path) -> io::Result<()> {
    let connected = timeout(PATIENCE, UnixStream::connect(socket)).await;
    connected
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        .map(drop)
}

fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    path.metadata()
        .is_ok_and(|metadata| metadata.file_type().is_socket())
}

#[cfg(test)]
mod tests {
    use tokio::net::UnixListener;

    use super::*;

    async fn found(socket: &Path) -> String {
        let text = check(socket.to_owned()).await.text();
        text.replace(&socket.parent().unwrap().display().to_string(), "DATA")
    }

    #[tokio::test]
    async fn whether_a_bot_listens_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let nobody = "ok    local socket: DATA/socket; no bot listens on it now\n";
        assert_eq!(found(&socket).await, nobody);
        let listener = UnixListener::bind(&socket).unwrap();
        assert_eq!(
            found(&socket).await,
            "ok    local socket: a bot listens on DATA/socket\n"
        );
        drop(listener);
        assert_eq!(found(&socket).await, nobody);
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_or_something_else_fails() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(
            found(&file)
                .await
                .starts_with("FAIL  local socket: DATA/file is there and is no socket; ")
        );
        let name = "s".repeat(LONGEST - folder.path().as_os_str().len() - 1);
        let longest = folder.path().join(&name);
        UnixListener::bind(&longest).unwrap();
        let said = found(&longest).await;
        assert!(said.starts_with("ok    "), "{said}");
        let longer = folder.path().join(name + "s");
        UnixListener::bind(&longer).unwrap_err();
        let said = found(&longer).await;
        assert!(
            said.contains("has 108 bytes, and 107 is the most; give local.socket a shorter path"),
            "{said}"
        );
    }
}
