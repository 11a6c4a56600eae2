//! Making the client, sending a request, and when to send it again.
//!
//! Knows HTTP and GitHub's manners, and no resource.

use std::{fmt, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use reqwest::{Response, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::{Host, Url};

use crate::error::{Error, Result, SetupError, request_id};

/// GitHub's own API; an Enterprise Server has it at `https://HOST/api/v3`.
pub const DEFAULT_BASE_URL: &str = "https://api.github.com";

const ACCEPT: HeaderValue = HeaderValue::from_static("application/vnd.github+json");
/// The version of the API that this client was written against.
const API_VERSION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("x-github-api-version"),
    HeaderValue::from_static("2022-11-28"),
);
/// How often a read is sent at most.
const MAX_TRIES: u32 = 3;
/// The largest answer is a tree, of 7 MB at most (documentation of "Get a tree"); this bounds what a broken one can cost.
const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;

/// Idle connections are closed before the other side does it: a request that meets the end of one is a lost reply.
const IDLE: Duration = Duration::from_secs(30);

/// What a client is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where the API is: https, or anything on the loopback interface.
    pub base_url: Url,
    /// A token with the permissions Contents (write), Checks and Commit statuses (read).
    pub token: SecretString,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long one try may take, from connecting to the last byte of the answer.
    pub timeout: Duration,
    /// How we introduce ourselves; GitHub refuses whoever does not.
    pub user_agent: String,
    /// The pause before the second try of a read; before the third it is twice that.
    pub backoff: Duration,
}

impl Settings {
    /// The usual ones: GitHub's API, 5 s to connect, 30 s in all, and a pause of 200 ms.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the default address is a constant"
    )]
    pub fn new(token: SecretString) -> Self {
        Self {
            base_url: DEFAULT_BASE_URL.parse().expect("a valid URL"),
            token,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            user_agent: concat!("countersign/", env!("CARGO_PKG_VERSION")).to_owned(),
            backoff: Duration::from_millis(200),
        }
    }
}

/// The client. Clones share their connections.
#[derive(Clone)]
pub struct GitHub {
    http: reqwest::Client,
    base: Url,
    /// Kept to hide it in what GitHub says; the one that is sent is in `http`.
    token: SecretString,
    backoff: Duration,
}

/// The version of an answer, as GitHub names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Etag(HeaderValue);

/// What asking again brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polled<T> {
    /// Something new, or an answer to the first question.
    Changed {
        /// The answer.
        value: T,
        /// What to ask with the next time.
        etag: Option<Etag>,
    },
    /// The answer that came with the [`Etag`] still holds.
    Unchanged,
}

impl<T> Polled<T> {
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Polled<U> {
        match self {
            Self::Changed { value, etag } => Polled::Changed {
                value: change(value),
                etag,
            },
            Self::Unchanged => Polled::Unchanged,
        }
    }
}

/// One request, before it is sent.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    method: Method,
    path: Vec<String>,
    body: Option<serde_json::Value>,
    query: Vec<(&'static str, String)>,
    known: Option<Etag>,
}

/// What GitHub answered: a success, or "not modified".
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    body: Vec<u8>,
}

impl GitHub {
    /// Makes a client; sends nothing yet.
    pub fn new(settings: Settings) -> Result<Self, SetupError> {
        let Settings {
            base_url: base,
            token,
            connect_timeout,
            timeout,
            user_agent,
            backoff,
        } = settings;
        let local = is_loopback(&base);
        let safe = base.scheme() == "https" || (base.scheme() == "http" && local);
        if !safe || !base.username().is_empty() || base.password().is_some() {
            return Err(SetupError::BaseUrl);
        }
        let mut http = reqwest::Client::builder()
            .default_headers(default_headers(&token)?)
            .user_agent(user_agent)
            .connect_timeout(connect_timeout)
            .timeout(timeout)
            .pool_idle_timeout(IDLE)
            // A redirect could turn a POST into a GET, and carry the request to where nobody meant it to go.
            .redirect(redirect::Policy::none())
            // Whether to send again is decided in one place: `send`.
            .retry(retry::never());
        if local {
            http = http.no_proxy();
        }
        let http = http.build().map_err(SetupError::Http)?;
        Ok(Self {
            http,
            base,
            token,
            backoff,
        })
    }

    /// Sends a request; a read up to [`MAX_TRIES`] times, anything else once: whether it took effect is for the caller to find out.
    pub(crate) async fn send(&self, call: &Call) -> Result<Answer> {
        let mut tries = 1;
        loop {
            match self.send_once(call).await {
                Err(error) if call.is_read() && error.is_passing() && tries < MAX_TRIES => {
                    tracing::debug!(%call, tries, error = %error, "trying GitHub again");
                    tokio::time::sleep(self.backoff * tries).await;
                    tries += 1;
                }
                outcome => return outcome.map_err(|error| error.after(tries)),
            }
        }
    }

    /// Sends a request whose answer is one JSON value.
    pub(crate) async fn fetch<T: DeserializeOwned>(&self, call: &Call) -> Result<T> {
        self.send(call).await?.read(call)
    }

    /// Sends a read that `known` makes conditional.
    pub(crate) async fn poll<T: DeserializeOwned>(
        &self,
        call: Call,
        known: Option<&Etag>,
    ) -> Result<Polled<T>> {
        let call = Call {
            known: known.cloned(),
            ..call
        };
        let answer = self.send(&call).await?;
        if answer.status == StatusCode::NOT_MODIFIED {
            return Ok(Polled::Unchanged);
        }
        let etag = answer.headers.get(header::ETAG).cloned().map(Etag);
        Ok(Polled::Changed {
            value: answer.read(&call)?,
            etag,
        })
    }

    async fn send_once(&self, call: &Call) -> Result<Answer> {
        let mut request = self.http.request(call.method.clone(), call.url(&self.base));
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        if let Some(Etag(etag)) = &call.known {
            request = request.header(header::IF_NONE_MATCH, etag);
        }
        let mut response = request
            .send()
            .await
            .map_err(|error| Error::transport(call, error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let id = request_id(&headers);
        tracing::debug!(%call, status = status.as_u16(), request_id = id, "GitHub answered");

        let body = read_body(&mut response).await;
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            let body = body.map_err(|error| Error::transport(call, error))?;
            let too_long = || Error::malformed(call, status, &headers, "it is too long");
            let body = body.ok_or_else(too_long)?;
            return Ok(Answer {
                status,
                headers,
                body,
            });
        }
        // The status says enough, even if what was to follow it got lost.
        let body = body.ok().flatten().unwrap_or_default();
        Err(Error::refused(
            call,
            status,
            &headers,
            &body,
            self.token.expose_secret(),
        ))
    }
}

impl fmt::Debug for GitHub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitHub")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

impl Call {
    /// Reads what is at this path; its segments are escaped.
    pub(crate) fn get<'a>(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Changes what is there.
    pub(crate) fn patch<'a>(path: impl IntoIterator<Item = &'a str>, body: serde_json::Value) -> Self {
        Self {
            body: Some(body),
            ..Self::new(Method::PATCH, path)
        }
    }

    fn new<'a>(method: Method, path: impl IntoIterator<Item = &'a str>) -> Self {
        let path = path.into_iter().map(str::to_owned).collect();
        Self {
            method,
            path,
            body: None,
            query: Vec::new(),
            known: None,
        }
    }

    /// Adds a parameter.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    /// Whether it changes nothing, so that sending it twice is the same as once.
    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        // Only URLs like `mailto:` have no segments, and `GitHub::new` lets none of them through.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&self.path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

/// `GET /repos/mozilla/treeherder/commits/master`, as errors and logs name it.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.path.join("/"))
    }
}

impl Answer {
    /// The body as what it should be.
    pub(crate) fn read<T: DeserializeOwned>(&self, call: &Call) -> Result<T> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Error::malformed(call, self.status, &self.headers, &error.to_string()))
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

fn default_headers(token: &SecretString) -> Result<HeaderMap, SetupError> {
    let token = token.expose_secret();
    if token.is_empty() {
        return Err(SetupError::Token);
    }
    let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| SetupError::Token)?;
    bearer.set_sensitive(true);
    Ok(HeaderMap::from_iter([
        (header::ACCEPT, ACCEPT),
        API_VERSION,
        (header::AUTHORIZATION, bearer),
    ]))
}

/// The whole body, or nothing if it is longer than we are willing to hold.
async fn read_body(response: &mut Response) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
