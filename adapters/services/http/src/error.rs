//! What can go wrong between us and a service, in the terms that a caller decides by.
//!
//! Messages are lower-case fragments; a source is kept and not repeated in them.

use std::{error, fmt, time::Duration};

use http::{HeaderMap, StatusCode};

use crate::{
    call::Call,
    service::{Refused, Service},
    text, wait,
};

/// A call that failed.
#[derive(Debug)]
pub struct Error<S: Service> {
    kind: ErrorKind<S::Refusal>,
    details: Box<Details>,
    source: Option<reqwest::Error>,
}

/// What went wrong. `R` are the refusals that only one service has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind<R> {
    /// 401: the token is wrong, was revoked or has ended.
    Unauthorized,
    /// 403: the token has not the right.
    Forbidden,
    /// 404: it does not exist, or is not for this account to see.
    NotFound,
    /// A redirect: it is somewhere else now.
    Moved,
    /// 409: it can't be done as things are there.
    Conflict,
    /// 410: it existed once.
    Gone,
    /// 400 or 422: the request was understood, and refused for what it says.
    Invalid,
    /// Refused for a reason of the service's own.
    Refused(R),
    /// 429, or whatever else says so: a limit of the service was reached.
    RateLimited {
        /// How long to wait, if that can be told.
        retry_after: Option<Duration>,
    },
    /// 5xx: trouble at the service.
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
    /// No: it would fail again, might be done twice, or nobody knows whether it was done.
    Never,
}

/// A client that can't be made of its settings.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The token would travel in the clear.
    #[error("the base URL must be https, except on the loopback interface, without user name or password")]
    BaseUrl,
    /// It is empty, or holds what no header may hold.
    #[error("the token is empty or contains a line break or another control character")]
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

impl<R> ErrorKind<R> {
    /// What a status means everywhere.
    pub fn of(status: StatusCode, headers: &HeaderMap) -> Self {
        match status.as_u16() {
            300..=399 => Self::Moved,
            400 | 422 => Self::Invalid,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            408 => Self::TimedOut,
            409 => Self::Conflict,
            410 => Self::Gone,
            429 => Self::RateLimited {
                retry_after: wait::retry_after(headers),
            },
            500..=599 => Self::Server,
            _ => Self::Unexpected,
        }
    }
}

impl<S: Service> Error<S> {
    /// What went wrong.
    pub fn kind(&self) -> ErrorKind<S::Refusal> {
        self.kind
    }

    /// Whether sending the same again is safe and may help.
    pub fn retry(&self) -> Retry {
        match self.kind {
            _ if self.maybe_done() => Retry::Never,
            ErrorKind::RateLimited { retry_after } => Retry::Later(retry_after),
            ErrorKind::Server | ErrorKind::TimedOut | ErrorKind::Network => Retry::Later(None),
            ErrorKind::Conflict if S::CONFLICTS_PASS => Retry::Later(None),
            _ => Retry::Never,
        }
    }

    /// Whether the service may have done what was asked in spite of this error. Then look before asking again.
    pub fn maybe_done(&self) -> bool {
        self.details.maybe_done
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.details.status
    }

    /// The service's id of the request, to be given to its support.
    pub fn request_id(&self) -> Option<&str> {
        self.details.request_id.as_deref()
    }

    /// What the service said, on one line, shortened, without secrets; still a stranger's text.
    pub fn message(&self) -> Option<&str> {
        self.details.message.as_deref()
    }

    /// How many times it was tried.
    pub fn tries(&self) -> u32 {
        self.details.tries
    }

    /// One sentence for a person on call: what to do next.
    pub fn hint(&self) -> String {
        if self.maybe_done() {
            return format!(
                "{} may have done it all the same; {} before asking again",
                S::NAME,
                S::LOOK
            );
        }
        let hint = S::hint(self.kind).map_or_else(|| self.usual_hint(), str::to_owned);
        match self.kind {
            ErrorKind::RateLimited {
                retry_after: Some(wait),
            } => format!("{hint}; ask again in {} s", wait.as_secs()),
            ErrorKind::RateLimited { retry_after: None } => format!("{hint}; ask again later"),
            _ => hint,
        }
    }

    /// What there is to do about any service.
    fn usual_hint(&self) -> String {
        let (name, status_page) = (S::NAME, S::STATUS_PAGE);
        match self.kind {
            ErrorKind::Unauthorized => {
                format!("the {name} token was refused; put a new one in place and run countersign check")
            }
            ErrorKind::Forbidden => format!("the {name} token may not do this; give it the right to"),
            ErrorKind::NotFound => {
                format!("{name} knows no such thing, or hides it from this token; check the name")
            }
            ErrorKind::Conflict => {
                format!("{name} can't do this as things are there; look at it and ask again")
            }
            ErrorKind::Gone => "it does not exist any more; choose another".to_owned(),
            ErrorKind::Invalid | ErrorKind::Refused(_) => {
                format!("{name} refused what was asked; change the request, repeating it won't help")
            }
            ErrorKind::Server => format!("{name} has trouble; look at {status_page} and ask again later"),
            ErrorKind::TimedOut | ErrorKind::Network => {
                format!("{name} can't be reached; check the network and {status_page}, then ask again")
            }
            ErrorKind::RateLimited { .. } => format!("{name} limits how often it is asked"),
            ErrorKind::Moved | ErrorKind::Unexpected | ErrorKind::Malformed => {
                format!(
                    "{name} and this version of countersign don't understand each other; report it with the request id"
                )
            }
        }
    }

    /// The same error, understood better by whoever knows what was asked for.
    #[must_use]
    pub fn understood_as(self, kind: ErrorKind<S::Refusal>) -> Self {
        Self { kind, ..self }
    }

    /// The service answered with success, in words that can't be understood: whatever was asked is done.
    pub fn malformed(call: &Call, status: StatusCode, headers: &HeaderMap, why: &str) -> Self {
        let details = Details {
            message: Some(text::quotable(why, "")).filter(|_| call.is_quotable()),
            ..Details::of(call, !call.is_read()).answered::<S>(status, headers)
        };
        Self::new(ErrorKind::Malformed, details)
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
        // The URL is in `request`, without the base that an operator may keep to themselves.
        Self {
            source: Some(source.without_url()),
            ..Self::new(kind, Details::of(call, sent && !call.is_read()))
        }
    }

    /// The service answered, and not with success.
    pub(crate) fn refused(
        call: &Call,
        status: StatusCode,
        headers: &HeaderMap,
        body: &[u8],
        token: &str,
    ) -> Self {
        let Refused { kind, message } = S::refused(status, headers, body);
        let unclear = status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT;
        let details = Details {
            message: message
                .filter(|_| call.is_quotable())
                .map(|said| text::quotable(&said, token))
                .filter(|said| !said.is_empty()),
            ..Details::of(call, unclear && !call.is_read()).answered::<S>(status, headers)
        };
        Self::new(kind, details)
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

    fn new(kind: ErrorKind<S::Refusal>, details: Details) -> Self {
        Self {
            kind,
            details: Box::new(details),
            source: None,
        }
    }
}

impl<S: Service> fmt::Display for Error<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, request) = (S::NAME, &self.details.request);
        match (self.kind, self.status()) {
            (ErrorKind::Malformed, _) => write!(f, "{name}'s answer to {request} can't be understood"),
            (_, Some(status)) => write!(f, "{name} answered {} to {request}", status.as_u16()),
            (ErrorKind::TimedOut, None) => write!(f, "{name} did not answer {request} in time"),
            (_, None) => write!(f, "the connection to {name} failed during {request}"),
        }?;
        if let Some(message) = self.message() {
            write!(f, ": {message}")?;
        }
        if let Some(id) = self.request_id() {
            write!(f, " (request id {id})")?;
        }
        Ok(())
    }
}

impl<S: Service> error::Error for Error<S> {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}

impl Details {
    fn of(call: &Call, maybe_done: bool) -> Self {
        Self {
            request: call.to_string(),
            status: None,
            request_id: None,
            message: None,
            maybe_done,
            tries: 1,
        }
    }

    fn answered<S: Service>(self, status: StatusCode, headers: &HeaderMap) -> Self {
        Self {
            status: Some(status),
            request_id: request_id::<S>(headers),
            ..self
        }
    }
}

/// The service's id of the request that these headers answer.
pub(crate) fn request_id<S: Service>(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(S::REQUEST_ID)?.to_str().ok()?;
    Some(id.chars().take(64).collect())
}
