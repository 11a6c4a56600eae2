//! A server that breaks below HTTP: it hangs up, or says nothing, after it has read the whole request.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// What becomes of one request; each has a connection of its own.
#[derive(Debug, Clone, Copy)]
pub enum Act {
    /// The connection ends without an answer.
    HangUp,
    /// The connection stays and no answer comes.
    Silence,
    /// These bytes, then the end.
    Answer(&'static str),
}

/// The server.
#[derive(Debug)]
pub struct Wire {
    /// Where it is.
    pub url: Url,
    requests: Arc<AtomicUsize>,
}

impl Wire {
    /// Starts it on a free port; what comes after the last act is hung up on.
    pub async fn start(acts: impl IntoIterator<Item = Act>) -> Self {
        let acts: Vec<_> = acts.into_iter().collect();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = requests.clone();
        tokio::spawn(async move {
            // Held, so that silent connections stay open.
            let mut silent = vec![];
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                read_request(&mut stream).await;
                match acts.get(counter.fetch_add(1, Ordering::SeqCst)) {
                    Some(Act::HangUp) | None => drop(stream),
                    Some(Act::Silence) => silent.push(stream),
                    Some(Act::Answer(bytes)) => stream.write_all(bytes.as_bytes()).await.unwrap(),
                }
            }
        });
        Self { url, requests }
    }

    /// How many requests have come.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// An address at which nobody listens.
pub async fn nowhere() -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
        .parse()
        .unwrap()
}

/// The patience of a client that is to meet silence.
pub const SHORT: Duration = Duration::from_millis(100);

async fn read_request(stream: &mut TcpStream) {
    let mut request = Vec::new();
    while !is_whole(&String::from_utf8_lossy(&request)) {
        if stream.read_buf(&mut request).await.unwrap() == 0 {
            return;
        }
    }
}

fn is_whole(request: &str) -> bool {
    let Some((head, body)) = request.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
    body.len() >= length.unwrap_or(0)
}
