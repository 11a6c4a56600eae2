//! A server that gives prepared answers in order, and remembers what it was asked.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Method, Response, Uri},
};
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

/// A prepared answer.
#[derive(Debug)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// `GET /apps/x?y=z`
    pub line: String,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: String,
}

#[derive(Debug, Default)]
struct Script {
    replies: VecDeque<Reply>,
    seen: Vec<Seen>,
}

/// The server.
#[derive(Debug)]
pub struct Server {
    /// Where it is.
    pub url: Url,
    script: Arc<Mutex<Script>>,
}

/// 200 with this body.
pub fn json(body: &Value) -> Reply {
    status(200, body)
}

/// This status with this JSON.
pub fn status(status: u16, body: &Value) -> Reply {
    text(status, &body.to_string())
}

/// This status with this text.
pub fn text(status: u16, body: &str) -> Reply {
    Reply {
        status,
        headers: vec![],
        body: body.to_owned(),
    }
}

impl Reply {
    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl Server {
    /// Starts it on a free port of the loopback interface.
    pub async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let script = Script {
            replies: replies.into_iter().collect(),
            seen: vec![],
        };
        let script = Arc::new(Mutex::new(script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap())
            .parse()
            .unwrap();
        let router = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, script }
    }

    /// All requests that came; every answer must have been asked for.
    pub fn finish(self) -> Vec<Seen> {
        let script = std::mem::take(&mut *self.script.lock().unwrap());
        assert!(script.replies.is_empty(), "nobody asked for {:?}", script.replies);
        script.seen
    }

    /// The first lines of all requests.
    pub fn lines(self) -> Vec<String> {
        self.finish().into_iter().map(|seen| seen.line).collect()
    }
}

impl Seen {
    /// The text of this header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let body = String::from_utf8(body.to_vec()).unwrap();
    let mut script = script.lock().unwrap();
    script.seen.push(Seen {
        line: format!("{method} {uri}"),
        headers,
        body,
    });
    let reply = script
        .replies
        .pop_front()
        .unwrap_or_else(|| text(418, "no answer was prepared"));
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response.body(reply.body.into()).unwrap()
}
