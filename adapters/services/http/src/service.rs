//! What sets one service apart from another.

use std::fmt;

use http::{HeaderMap, StatusCode};

use crate::error::ErrorKind;

/// A service, as its client knows it. The client implements it for itself.
pub trait Service: fmt::Debug + Sized + 'static {
    /// Its name, as people write it.
    const NAME: &'static str;
    /// Where its API is, unless settings say otherwise.
    const BASE_URL: &'static str;
    /// What it wants to see on every request, besides the token; in lower case.
    const HEADERS: &'static [(&'static str, &'static str)];
    /// The header with its id of a request, in lower case.
    const REQUEST_ID: &'static str;
    /// No answer that we ask for comes near this size; it bounds what a broken one can cost.
    const MAX_BODY_BYTES: usize;
    /// Whether a 409 goes away by waiting.
    const CONFLICTS_PASS: bool;
    /// Where it tells of its troubles: `status.example.com`.
    const STATUS_PAGE: &'static str;
    /// How a person sees whether something was done: `look at the app's releases`.
    const LOOK: &'static str;

    /// The refusals that only this service has.
    type Refusal: fmt::Debug + Copy + Eq + Send + Sync;

    /// Reads an answer that is no success.
    fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refused<Self>;

    /// What a person can do about an error of this kind, where this service knows more than every service does.
    fn hint(kind: ErrorKind<Self::Refusal>) -> Option<&'static str>;
}

/// What an answer that is no success means.
#[derive(Debug)]
pub struct Refused<S: Service> {
    /// What went wrong.
    pub kind: ErrorKind<S::Refusal>,
    /// What the service said, as it came.
    pub message: Option<String>,
}
