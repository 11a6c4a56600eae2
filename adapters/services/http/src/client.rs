//! Making a client, sending a request, and when to send it again.
//!
//! Knows HTTP and no resource.

use std::{fmt, marker::PhantomData, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use reqwest::{Response, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use url::{Host, Url};

use crate::{
    call::Call,
    error::{Error, SetupError, request_id},
    service::Service,
};

/// How often a read is sent at most.
const MAX_TRIES: u32 = 3;
/// Idle connections are closed before the other side does it: a request that meets the end of one is a lost reply.
const IDLE: Duration = Duration::from_secs(30);

/// What a client is made of.
#[derive(Debug, Clone)]
pub struct Settings<S> {
    /// Where the API is: https, or anything on the loopback interface.
    pub base_url: Url,
    /// What the service knows us by; which rights it needs, the service's README says.
    pub token: SecretString,
    /// How long connecting may take.
    pub connect_timeout: Duration,
    /// How long one try may take, from connecting to the last byte of the answer.
    pub timeout: Duration,
    /// How we introduce ourselves; some services refuse whoever does not.
    pub user_agent: String,
    /// The pause before the second try of a read; before the third it is twice that.
    pub backoff: Duration,
    /// Whose settings these are: no other service is given the token.
    pub service: PhantomData<S>,
}

impl<S: Service> Settings<S> {
    /// The usual ones: the service's own API, 5 s to connect, 30 s in all, and a pause of 200 ms.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the default address is a constant"
    )]
    pub fn new(token: SecretString) -> Self {
        Self {
            base_url: S::BASE_URL.parse().expect("a valid URL"),
            token,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(30),
            user_agent: concat!("countersign/", env!("CARGO_PKG_VERSION")).to_owned(),
            backoff: Duration::from_millis(200),
            service: PhantomData,
        }
    }
}

/// What sends requests to one service. Clones share their connections.
#[derive(Clone)]
pub struct Client<S> {
    http: reqwest::Client,
    base: Url,
    /// Kept to hide it in what the service says; the one that is sent is in `http`.
    token: SecretString,
    backoff: Duration,
    service: PhantomData<S>,
}

/// A success, or "not modified".
#[derive(Debug)]
pub struct Answer<T> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// What was asked for.
    pub value: T,
}

/// The version of an answer, as the service names it.
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
    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Polled<U> {
        match self {
            Self::Changed { value, etag } => Polled::Changed {
                value: change(value),
                etag,
            },
            Self::Unchanged => Polled::Unchanged,
        }
    }
}

impl<S: Service> Client<S> {
    /// Makes a client; sends nothing yet.
    pub fn new(settings: Settings<S>) -> Result<Self, SetupError> {
        let base = settings.base_url;
        let local = is_loopback(&base);
        let safe = base.scheme() == "https" || (base.scheme() == "http" && local);
        if !safe || !base.username().is_empty() || base.password().is_some() {
            return Err(SetupError::BaseUrl);
        }
        let mut http = reqwest::Client::builder()
            .default_headers(default_headers::<S>(&settings.token)?)
            .user_agent(settings.user_agent)
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.timeout)
            .pool_idle_timeout(IDLE)
            // A redirect could turn a POST into a GET, and carry the request to where nobody meant it to go.
            .redirect(redirect::Policy::none())
            // Whether to send again is decided in one place: `send`.
            .retry(retry::never());
        if local {
            http = http.no_proxy();
        }
        Ok(Self {
            http: http.build().map_err(SetupError::Http)?,
            base,
            token: settings.token,
            backoff: settings.backoff,
            service: PhantomData,
        })
    }

    /// Sends a request whose answer is one JSON value.
    pub async fn fetch<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error<S>> {
        Ok(self.ask(call).await?.value)
    }

    /// The same, with what came around the value.
    pub async fn ask<T: DeserializeOwned>(&self, call: &Call) -> Result<Answer<T>, Error<S>> {
        read(call, self.send(call).await?)
    }

    /// Sends a read that `known` makes conditional.
    pub async fn poll<T: DeserializeOwned>(
        &self,
        call: Call,
        known: Option<&Etag>,
    ) -> Result<Polled<T>, Error<S>> {
        let call = match known {
            Some(Etag(etag)) => call.with_header(header::IF_NONE_MATCH, etag.clone()),
            None => call,
        };
        let answer = self.send(&call).await?;
        if answer.status == StatusCode::NOT_MODIFIED {
            return Ok(Polled::Unchanged);
        }
        let etag = answer.headers.get(header::ETAG).cloned().map(Etag);
        let value = read(&call, answer)?.value;
        Ok(Polled::Changed { value, etag })
    }

    /// Sends a request; a read up to [`MAX_TRIES`] times, anything else once: whether that took effect is for the
    /// caller to find out.
    async fn send(&self, call: &Call) -> Result<Answer<Vec<u8>>, Error<S>> {
        let mut tries = 1;
        loop {
            match self.send_once(call).await {
                Err(error) if call.is_read() && error.is_passing() && tries < MAX_TRIES => {
                    tracing::debug!(%call, tries, error = %error, "trying {} again", S::NAME);
                    tokio::time::sleep(self.backoff * tries).await;
                    tries += 1;
                }
                outcome => return outcome.map_err(|error| error.after(tries)),
            }
        }
    }

    async fn send_once(&self, call: &Call) -> Result<Answer<Vec<u8>>, Error<S>> {
        let url = call.url(&self.base);
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .headers(call.headers.clone());
        if let Some(body) = &call.body {
            request = request.json(body);
        }
        let mut response = request
            .send()
            .await
            .map_err(|error| Error::transport(call, error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let id = request_id::<S>(&headers);
        tracing::debug!(%call, status = status.as_u16(), request_id = id, "{} answered", S::NAME);

        let body = read_body(&mut response, S::MAX_BODY_BYTES).await;
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            let body = body.map_err(|error| Error::transport(call, error))?;
            let too_long = || Error::malformed(call, status, &headers, "it is too long");
            let value = body.ok_or_else(too_long)?;
            return Ok(Answer {
                status,
                headers,
                value,
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

impl<S: Service> fmt::Debug for Client<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(S::NAME)
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
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

fn default_headers<S: Service>(token: &SecretString) -> Result<HeaderMap, SetupError> {
    let token = token.expose_secret();
    if token.is_empty() {
        return Err(SetupError::Token);
    }
    let mut bearer = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| SetupError::Token)?;
    bearer.set_sensitive(true);
    let own = S::HEADERS
        .iter()
        .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
    Ok(own.chain([(header::AUTHORIZATION, bearer)]).collect())
}

/// The body as what it should be.
fn read<S: Service, T: DeserializeOwned>(
    call: &Call,
    answer: Answer<Vec<u8>>,
) -> Result<Answer<T>, Error<S>> {
    let Answer {
        status,
        headers,
        value,
    } = answer;
    match serde_json::from_slice(&value) {
        Ok(value) => Ok(Answer {
            status,
            headers,
            value,
        }),
        Err(error) => Err(Error::malformed(call, status, &headers, &error.to_string())),
    }
}

/// The whole body, or nothing if it is longer than we are willing to hold.
async fn read_body(response: &mut Response, most: usize) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}
