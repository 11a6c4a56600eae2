//! HTTP by hand: what is sent is what is written here.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Nothing in these tests takes so long unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A reply, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(other, _)| other == name);
        let value = found.next().map(|(_, value)| value.as_str());
        assert_eq!(found.next(), None, "{name} stands twice");
        value
    }

    /// Everything but what may differ from one moment to the next.
    pub(crate) fn without_date(mut self) -> Self {
        self.headers.retain(|(name, _)| name != "date");
        self
    }
}

/// Reads until the other side closes.
pub(crate) async fn to_the_end(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut bytes = Vec::new();
    // A connection that is cut ends too; what came before counts.
    let read = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    drop(read.expect("the server closes in time"));
    bytes
}

/// Sends bytes, and reads what comes until the server closes.
pub(crate) async fn exchange(to: SocketAddr, request: &[u8]) -> Reply {
    over(TcpStream::connect(to).await.unwrap(), request).await
}

/// The same over a stream that is there.
pub(crate) async fn over(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &[u8]) -> Reply {
    stream.write_all(request).await.unwrap();
    reply(&to_the_end(&mut stream).await)
}

/// Takes one reply apart.
pub(crate) fn reply(bytes: &[u8]) -> Reply {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no reply: {text:?}"));
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| {
        let (name, value) = line
            .split_once(": ")
            .unwrap_or_else(|| panic!("no header: {line:?}"));
        (name.to_ascii_lowercase(), value.to_owned())
    });
    Reply {
        status,
        headers: headers.collect(),
        body: body.to_owned(),
    }
}

/// A request that asks for the connection to be closed after it.
pub(crate) fn request(method: &str, path: &str, lines: &str, body: &str) -> Vec<u8> {
    let length = match body.len() {
        0 => String::new(),
        length => format!("Content-Length: {length}\r\n"),
    };
    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}{length}\r\n{body}")
        .into_bytes()
}
