//! One request, before it is sent.

use std::fmt;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use url::Url;

/// A request. Printing it leaves its body out, which may hold secrets.
#[derive(Clone)]
pub struct Call {
    pub(crate) method: Method,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<serde_json::Value>,
    quotable: bool,
}

impl Call {
    /// Reads what is at this path; its segments are escaped.
    pub fn get<'a>(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::GET, path, None)
    }

    /// Makes something there.
    pub fn post<'a>(path: impl IntoIterator<Item = &'a str>, body: serde_json::Value) -> Self {
        Self::new(Method::POST, path, Some(body))
    }

    /// Changes what is there.
    pub fn patch<'a>(path: impl IntoIterator<Item = &'a str>, body: serde_json::Value) -> Self {
        Self::new(Method::PATCH, path, Some(body))
    }

    fn new<'a>(
        method: Method,
        path: impl IntoIterator<Item = &'a str>,
        body: Option<serde_json::Value>,
    ) -> Self {
        Self {
            method,
            path: path.into_iter().map(str::to_owned).collect(),
            query: Vec::new(),
            headers: HeaderMap::new(),
            body,
            quotable: true,
        }
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &str) -> Self {
        self.query.push((name, value.to_owned()));
        self
    }

    /// Sets a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// Keeps every word of the answer out of errors, because it holds secrets.
    #[must_use]
    pub fn confidential(mut self) -> Self {
        self.quotable = false;
        self
    }

    /// Whether it changes nothing, so that sending it twice is the same as once.
    pub(crate) fn is_read(&self) -> bool {
        self.method == Method::GET
    }

    pub(crate) fn is_quotable(&self) -> bool {
        self.quotable
    }

    pub(crate) fn url(&self, base: &Url) -> Url {
        let mut url = base.clone();
        // Only URLs like `mailto:` have no segments, and `Client::new` lets none of them through.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(&self.path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }
}

/// `GET /apps/treeherder-stage`, as errors and logs name it.
impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.path.join("/"))
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({self})")
    }
}
