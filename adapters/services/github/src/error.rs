//! What can go wrong between us and GitHub, in the terms that a caller decides by.
//!
//! Messages are lower-case fragments; a source is kept and not repeated in them.

use std::{borrow::Cow, time::Duration};

use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::{client::Call, limits::Limit, refs::Refusal, text};

/// The result of every call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A call that failed.
#[derive(Debug, thiserror::Error)]
#[error("{}", describe(.kind, .details))]
pub struct Error {
    kind: ErrorKind,
    details: Box<Details>,
    source: Option<reqwest::Error>,
}

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// 401: the token is wrong, was revoked or has ended.
    Unauthorized,
    /// 403: the token has not the permission.
    Forbidden,
    /// 404: it does not exist, or is not for this token to see.
    NotFound,
    /// A redirect: the repository was renamed or given to somebody else.
    Moved,
    /// 409: it can't be done as things are there.
    Conflict,
    /// 410: it existed once.
    Gone,
    /// 400 or 422: the request was understood, and refused for what it says.
    Invalid,
    /// A branch was not moved, and GitHub said why.
    Refused(Refusal),
    /// 403 or 429: one of GitHub's limits was reached.
    RateLimited {
        /// How long to wait, if that can be told.
        retry_after: Option<Duration>,
    },
    /// 5xx: trouble at GitHub.
    Server,
    /// Any other status that is not a success.
    Unexpected,
    /// No answer in time, or 408.
    TimedOut,
    /// No connection, or one that broke.
    Network,
    /// An answer that can't be understood.
    Malformed,
}

/// Whether the very same request may be sent again as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Yes, after this time if one is known.
    Later(Option<Duration>),
    /// No: it would fail again, or nobody knows whether it was done.
    Never,
}

/// A client that can't be made of its settings.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The token would travel in the clear.
    #[error(
        "the GitHub base URL must be https, except on the loopback interface, without user name or password"
    )]
    BaseUrl,
    /// It is empty, or holds what no header may hold.
    #[error("the GitHub token is empty or contains a line break or another control character")]
    Token,
    /// The HTTP client can't be made; with no CA certificates installed this fails too.
    #[error("the HTTPS client can't be made; are CA certificates installed?")]
    Http(#[source] reqwest::Error),
}

#[derive(Debug)]
struct Details {
    request: String,
    status: Option<StatusCode>,
    request_id: Option<String>,
    /// Cleaned by [`text::quotable`].
    message: Option<String>,
    maybe_done: bool,
    tries: u32,
}

/// The body of GitHub's errors. Each of `errors` is an object or a text; only texts mean something to people.
#[derive(Default, Deserialize)]
struct Complaint {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: serde_json::Value,
}

impl Error {
    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether sending the same again is safe and may help.
    pub fn retry(&self) -> Retry {
        match self.kind {
            _ if self.maybe_done() => Retry::Never,
            ErrorKind::RateLimited { retry_after } => Retry::Later(retry_after),
            ErrorKind::Server | ErrorKind::TimedOut | ErrorKind::Network => Retry::Later(None),
            _ => Retry::Never,
        }
    }

    /// Whether GitHub may have done what was asked in spite of this error. Then look before asking again.
    pub fn maybe_done(&self) -> bool {
        self.details.maybe_done
    }

    /// The status of GitHub's answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.details.status
    }

    /// GitHub's id of the request, to be given to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.details.request_id.as_deref()
    }

    /// What GitHub said, on one line, shortened, without secrets; still a stranger's text.
    pub fn message(&self) -> Option<&str> {
        self.details.message.as_deref()
    }

    /// How many times it was tried.
    pub fn tries(&self) -> u32 {
        self.details.tries
    }

    /// One sentence for a person on call: what to do next.
    pub fn hint(&self) -> Cow<'static, str> {
        if self.maybe_done() {
            return "GitHub may have done it all the same; look where the branch is before asking again"
                .into();
        }
        match self.kind {
            ErrorKind::RateLimited {
                retry_after: Some(wait),
            } => format!(
                "GitHub limits how often this token may ask; ask again in {} s",
                wait.as_secs()
            )
            .into(),
            ErrorKind::Refused(refusal) => refusal.hint().into(),
            kind => standing_hint(kind).into(),
        }
    }

    /// The request didn't get through, or its answer didn't.
    pub(crate) fn transport(call: &Call, source: reqwest::Error) -> Self {
        let kind = if source.is_timeout() {
            ErrorKind::TimedOut
        } else {
            ErrorKind::Network
        };
        // Both are errors from before the first byte of the request: name resolution, connecting, TLS.
        let sent = !(source.is_connect() || source.is_builder());
        let details = Details::of(call, sent && !call.is_read());
        // The URL is in `request`, without the base that an operator may keep to themselves.
        Self {
            kind,
            details: Box::new(details),
            source: Some(source.without_url()),
        }
    }

    /// GitHub answered, and not with success.
    pub(crate) fn refused(
        call: &Call,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        token: &str,
    ) -> Self {
        // A proxy in front of the API answers in HTML, which says nothing to anybody.
        let said = serde_json::from_slice::<Complaint>(body)
            .unwrap_or_default()
            .into_text();
        let unclear = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
        let details = Details {
            message: Some(text::quotable(&said, token)).filter(|message| !message.is_empty()),
            ..Details::of(call, unclear && !call.is_read()).answered(status, headers)
        };
        Self {
            kind: classify(status, headers, &said),
            details: Box::new(details),
            source: None,
        }
    }

    /// GitHub answered with success, in words that can't be understood: whatever was asked is done.
    pub(crate) fn malformed(call: &Call, status: StatusCode, headers: &HeaderMap, why: &str) -> Self {
        let details = Details {
            message: Some(text::quotable(why, "")),
            ..Details::of(call, !call.is_read()).answered(status, headers)
        };
        Self {
            kind: ErrorKind::Malformed,
            details: Box::new(details),
            source: None,
        }
    }

    /// Whether trying again at once may well help, given that trying again is safe.
    pub(crate) fn is_passing(&self) -> bool {
        match self.kind {
            ErrorKind::Network => true,
            ErrorKind::Server => matches!(self.status().map(|status| status.as_u16()), Some(502..=504)),
            _ => false,
        }
    }

    pub(crate) fn after(mut self, tries: u32) -> Self {
        self.details.tries = tries;
        self
    }

    /// The same error, understood better by whoever knows what was asked for.
    pub(crate) fn understood_as(self, kind: ErrorKind) -> Self {
        Self { kind, ..self }
    }
}

impl Complaint {
    fn into_text(self) -> String {
        let more = self.errors.as_array().into_iter().flatten();
        let more = more.filter_map(|error| error.as_str().or_else(|| error.get("message")?.as_str()));
        std::iter::once(self.message.as_str())
            .chain(more)
            .collect::<Vec<_>>()
            .join(" ")
    }
}

impl Details {
    fn of(call: &Call, maybe_done: bool) -> Self {
        let request = call.to_string();
        Self {
            request,
            status: None,
            request_id: None,
            message: None,
            maybe_done,
            tries: 1,
        }
    }

    fn answered(self, status: StatusCode, headers: &HeaderMap) -> Self {
        Self {
            status: Some(status),
            request_id: request_id(headers),
            ..self
        }
    }
}

/// GitHub's id of the request that these headers answer.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-github-request-id")?.to_str().ok()?;
    Some(id.chars().take(64).collect())
}

/// `reference/domain.md` §4; <https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api>.
fn classify(status: StatusCode, headers: &HeaderMap, said: &str) -> ErrorKind {
    if let Limit::Reached(retry_after) = Limit::read(status, headers, said) {
        return ErrorKind::RateLimited { retry_after };
    }
    match status.as_u16() {
        300..=399 => ErrorKind::Moved,
        401 => ErrorKind::Unauthorized,
        403 => ErrorKind::Forbidden,
        404 => ErrorKind::NotFound,
        408 => ErrorKind::TimedOut,
        409 => ErrorKind::Conflict,
        410 => ErrorKind::Gone,
        // How "Get a commit" says that there is none.
        422 if said.starts_with("No commit found") => ErrorKind::NotFound,
        400 | 422 => ErrorKind::Invalid,
        500..=599 => ErrorKind::Server,
        _ => ErrorKind::Unexpected,
    }
}

fn describe(kind: &ErrorKind, details: &Details) -> String {
    let request = &details.request;
    let mut line = match (kind, details.status) {
        (ErrorKind::Malformed, _) => format!("GitHub's answer to {request} can't be understood"),
        (_, Some(status)) => format!("GitHub answered {} to {request}", status.as_u16()),
        (ErrorKind::TimedOut, None) => format!("GitHub did not answer {request} in time"),
        (_, None) => format!("the connection to GitHub failed during {request}"),
    };
    if let Some(message) = &details.message {
        line = line + ": " + message;
    }
    if let Some(id) = &details.request_id {
        line = line + " (request id " + id + ")";
    }
    line
}

fn standing_hint(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Unauthorized => {
            "the GitHub token was refused; put a new one in place and run countersign check"
        }
        ErrorKind::Forbidden => {
            "the GitHub token may not do this; give it Contents (write), Checks and Commit statuses (read) on the \
             repository"
        }
        ErrorKind::NotFound => {
            "GitHub knows no such thing, or hides it from this token; check the name, and that the token may see \
             the repository"
        }
        ErrorKind::Moved => "the repository was renamed or moved; put its new name into the configuration",
        ErrorKind::Conflict => "GitHub can't do this as the repository is now; look at it on GitHub",
        ErrorKind::Gone => "it does not exist any more; choose another",
        ErrorKind::Invalid | ErrorKind::Refused(_) => {
            "GitHub refused what was asked; change the request, repeating it won't help"
        }
        ErrorKind::RateLimited { .. } => "GitHub limits how often this token may ask; ask again later",
        ErrorKind::Server => "GitHub has trouble; look at githubstatus.com and ask again later",
        ErrorKind::TimedOut | ErrorKind::Network => {
            "GitHub can't be reached; check the network and githubstatus.com, then ask again"
        }
        ErrorKind::Unexpected | ErrorKind::Malformed => {
            "GitHub and this version of countersign don't understand each other; report it with the request id"
        }
    }
}
