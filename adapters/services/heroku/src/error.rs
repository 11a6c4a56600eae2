//! What can go wrong between us and Heroku, in the terms that a caller decides by.
//!
//! Messages are lower-case fragments; a source is kept and not repeated in them.

use std::{borrow::Cow, time::Duration};

use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::{client::Call, limits, text};

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
    /// 402: the account owes Heroku money.
    Delinquent,
    /// 403: the token has not the right or the scope.
    Forbidden,
    /// 403 `suspended`: Heroku has stopped the account or the app.
    Suspended,
    /// 403 `two_factor`: Heroku wants a second factor, which a bot does not have.
    TwoFactor,
    /// 404: it does not exist, or is not for this account to see.
    NotFound,
    /// 409: something else is going on there.
    Conflict,
    /// 410: it existed once.
    Gone,
    /// 416: the `Range` was refused.
    RangeRefused,
    /// 400 or 422: the request was understood, and refused for what it says.
    Invalid,
    /// 422 `verification_needed`: the account has to be verified first.
    VerificationNeeded,
    /// 429: the account is out of calls for now.
    RateLimited {
        /// How long to wait, if Heroku said so.
        retry_after: Option<Duration>,
    },
    /// 5xx: trouble at Heroku.
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
    /// No: it would fail again, or might be done twice.
    Never,
}

/// A client that can't be made of its settings.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The token would travel in the clear.
    #[error(
        "the Heroku base URL must be https, except on the loopback interface, without user name or password"
    )]
    BaseUrl,
    /// It is empty, or holds what no header may hold.
    #[error("the Heroku token is empty or contains a line break or another control character")]
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

/// The body of Heroku's errors.
#[derive(Deserialize)]
struct Complaint {
    id: Option<String>,
    message: Option<String>,
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
            ErrorKind::Conflict | ErrorKind::Server | ErrorKind::TimedOut | ErrorKind::Network => {
                Retry::Later(None)
            }
            _ => Retry::Never,
        }
    }

    /// Whether Heroku may have done what was asked in spite of this error. Then look before asking again.
    pub fn maybe_done(&self) -> bool {
        self.details.maybe_done
    }

    /// The status of Heroku's answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.details.status
    }

    /// Heroku's id of the request, to be given to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.details.request_id.as_deref()
    }

    /// What Heroku said, on one line, shortened, without secrets; still a stranger's text.
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
            return "Heroku may have done it all the same; look at the app's releases before asking again"
                .into();
        }
        match self.kind {
            ErrorKind::RateLimited {
                retry_after: Some(wait),
            } => format!(
                "the Heroku account is out of API calls, which everybody using it shares; ask again in {} s",
                wait.as_secs()
            )
            .into(),
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

    /// Heroku answered, and not with success.
    pub(crate) fn refused(
        call: &Call,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        token: &str,
    ) -> Self {
        // A router in front of the API answers in HTML, which says nothing to anybody.
        let complaint = serde_json::from_slice(body).unwrap_or(Complaint {
            id: None,
            message: None,
        });
        let unclear = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
        let details = Details {
            message: complaint
                .message
                .filter(|_| call.is_quotable())
                .map(|said| text::quotable(&said, token)),
            ..Details::of(call, unclear && !call.is_read()).answered(status, headers)
        };
        let kind = classify(status, complaint.id.as_deref(), headers);
        Self {
            kind,
            details: Box::new(details),
            source: None,
        }
    }

    /// Heroku answered with success, in words that can't be understood: whatever was asked is done.
    pub(crate) fn malformed(call: &Call, status: StatusCode, headers: &HeaderMap, why: &str) -> Self {
        let details = Details {
            message: Some(text::quotable(why, "")).filter(|_| call.is_quotable()),
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

/// Heroku's id of the request that these headers answer.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("request-id")?.to_str().ok()?;
    Some(id.chars().take(64).collect())
}

/// The statuses and ids of <https://devcenter.heroku.com/articles/platform-api-reference#error-responses>.
fn classify(status: StatusCode, id: Option<&str>, headers: &HeaderMap) -> ErrorKind {
    match (status.as_u16(), id) {
        (401, _) => ErrorKind::Unauthorized,
        (402, _) => ErrorKind::Delinquent,
        (403, Some("suspended")) => ErrorKind::Suspended,
        (403, Some("two_factor")) => ErrorKind::TwoFactor,
        (403, _) => ErrorKind::Forbidden,
        (404, _) => ErrorKind::NotFound,
        (408, _) => ErrorKind::TimedOut,
        (409, _) => ErrorKind::Conflict,
        (410, _) => ErrorKind::Gone,
        (416, _) => ErrorKind::RangeRefused,
        (422, Some("verification_needed" | "verification_required")) => ErrorKind::VerificationNeeded,
        (400 | 422, _) => ErrorKind::Invalid,
        (429, _) => ErrorKind::RateLimited {
            retry_after: limits::retry_after(headers),
        },
        (500..=599, _) => ErrorKind::Server,
        _ => ErrorKind::Unexpected,
    }
}

fn describe(kind: &ErrorKind, details: &Details) -> String {
    let request = &details.request;
    let mut line = match (kind, details.status) {
        (ErrorKind::Malformed, _) => format!("Heroku's answer to {request} can't be understood"),
        (_, Some(status)) => format!("Heroku answered {} to {request}", status.as_u16()),
        (ErrorKind::TimedOut, None) => format!("Heroku did not answer {request} in time"),
        (_, None) => format!("the connection to Heroku failed during {request}"),
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
            "the Heroku token was refused; put a new one in place and run countersign check"
        }
        ErrorKind::Delinquent => "the Heroku account has an unpaid bill; ask its owner to settle it",
        ErrorKind::Forbidden => {
            "the Heroku token may not do this; give its account access to the app, or make a token with the scopes \
             read-protected and write-protected"
        }
        ErrorKind::Suspended => {
            "Heroku has suspended the account or the app; ask its owner to contact Heroku"
        }
        ErrorKind::TwoFactor => {
            "Heroku wants a second factor, which a bot can't give; put a token of its own in place (heroku \
             authorizations:create) and run countersign check"
        }
        ErrorKind::NotFound => {
            "Heroku knows no such thing, or hides it from this account; check the name, and the account's access \
             to the app"
        }
        ErrorKind::Conflict => "something else is changing the app; wait until it is over, then ask again",
        ErrorKind::Gone => "it does not exist any more; choose another",
        ErrorKind::Invalid => "Heroku refused what was asked; change the request, repeating it won't help",
        ErrorKind::VerificationNeeded => "the Heroku account must be verified first; ask its owner to do so",
        ErrorKind::RateLimited { .. } => {
            "the Heroku account is out of API calls, which everybody using it shares; it regains about 75 a minute"
        }
        ErrorKind::Server => "Heroku has trouble; look at status.heroku.com and ask again later",
        ErrorKind::TimedOut | ErrorKind::Network => {
            "Heroku can't be reached; check the network and status.heroku.com, then ask again"
        }
        ErrorKind::RangeRefused | ErrorKind::Unexpected | ErrorKind::Malformed => {
            "Heroku and this version of countersign don't understand each other; report it with the request id"
        }
    }
}
