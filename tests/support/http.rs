//! HTTP as bytes: what is sent and what comes is seen as it is, to the order of the headers.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// The status line and the headers, each with its line end, without that of the time.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn parse(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no reply: {:?}", String::from_utf8_lossy(bytes))) + 2;
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let dates = head.lines().filter(|line| is_date(line)).count();
        assert_eq!(dates, 1, "{head}");
        let timeless = head.split_inclusive("\r\n").filter(|line| !is_date(line));
        Self {
            head: timeless.collect(),
            body: bytes[end + 2..].to_owned(),
        }
    }
}

fn is_date(line: &str) -> bool {
    line.to_ascii_lowercase().starts_with("date:")
}

/// A connection to an origin such as `http://127.0.0.1:15000/`.
pub(crate) struct Connection(TcpStream);

impl Connection {
    pub(crate) async fn to(origin: &str) -> Self {
        let address = origin.trim_start_matches("http://").trim_end_matches('/');
        Self(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) async fn sends(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// All that comes until the other side closes; nothing if it closed without a word.
    pub(crate) async fn reply(mut self) -> Option<Reply> {
        let mut bytes = Vec::new();
        let read = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await;
        match read.expect("the reply has no end") {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(Reply::parse(&bytes)),
        }
    }
}

/// Sends one request, and reads the reply to its end. `head` are lines of headers.
pub(crate) async fn request(origin: &str, line: &str, head: &[&str], body: &str) -> Reply {
    let mut connection = Connection::to(origin).await;
    connection.sends(bytes(origin, line, head, body).as_bytes()).await;
    connection.reply().await.expect("a reply")
}

/// A request as it goes over the wire.
pub(crate) fn bytes(origin: &str, line: &str, head: &[&str], body: &str) -> String {
    let host = origin.trim_start_matches("http://").trim_end_matches('/');
    let mut text = format!("{line} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for header in head {
        text.push_str(header);
        text.push_str("\r\n");
    }
    if !body.is_empty() {
        write!(text, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    text.push_str("\r\n");
    text + body
}

/// A POST of JSON, as our own page and programs send it.
pub(crate) async fn post(origin: &str, path: &str, body: &serde_json::Value) -> Reply {
    let line = format!("POST {path}");
    request(
        origin,
        &line,
        &["Content-Type: application/json"],
        &body.to_string(),
    )
    .await
}
