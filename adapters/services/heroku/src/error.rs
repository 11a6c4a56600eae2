//! What Heroku means by an answer that is no success, and what a person can do about it.

use countersign_http::Refused;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::client::Heroku;

/// The result of every call.
pub type Result<T, E = Error> = std::result::Result<T, E>;
/// A call that failed.
pub type Error = countersign_http::Error<Heroku>;
/// What went wrong.
pub type ErrorKind = countersign_http::ErrorKind<Refusal>;

/// Why Heroku, and only Heroku, refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 402: the account owes Heroku money.
    Delinquent,
    /// 403 `suspended`: Heroku has stopped the account or the app.
    Suspended,
    /// 403 `two_factor`: Heroku wants a second factor, which a bot does not have.
    TwoFactor,
    /// 416: the `Range` was refused.
    RangeRefused,
    /// 422 `verification_needed`: the account has to be verified first.
    VerificationNeeded,
    /// 422: a config var that an add-on owns is changed through the add-on only.
    OwnedByAddOn,
    /// 422: a config var with an impossible name, or more of them than fit.
    ConfigRefused,
}

/// The body of Heroku's errors.
#[derive(Default, Deserialize)]
struct Complaint {
    id: Option<String>,
    message: Option<String>,
}

/// The statuses and ids of <https://devcenter.heroku.com/articles/platform-api-reference#error-responses>.
pub(crate) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refused<Heroku> {
    // A router in front of the API answers in HTML, which says nothing to anybody.
    let Complaint { id, message } = serde_json::from_slice(body).unwrap_or_default();
    let own = match (status.as_u16(), id.as_deref()) {
        (402, _) => Some(Refusal::Delinquent),
        (403, Some("suspended")) => Some(Refusal::Suspended),
        (403, Some("two_factor")) => Some(Refusal::TwoFactor),
        (416, _) => Some(Refusal::RangeRefused),
        (422, Some("verification_needed" | "verification_required")) => Some(Refusal::VerificationNeeded),
        (422, _) if message.as_deref().is_some_and(is_about_attachments) => Some(Refusal::OwnedByAddOn),
        _ => None,
    };
    Refused {
        kind: own.map_or_else(|| ErrorKind::of(status, headers), ErrorKind::Refused),
        message,
    }
}

/// "Cannot overwrite attachment values REDIS_URL."
fn is_about_attachments(message: &str) -> bool {
    message.contains("attachment values")
}

pub(crate) fn hint(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::Forbidden => {
            "the Heroku token may not do this; give its account access to the app, or make a token with the scopes \
             read-protected and write-protected"
        }
        ErrorKind::NotFound => {
            "Heroku knows no such thing, or hides it from this account; check the name, and the account's access \
             to the app"
        }
        ErrorKind::Conflict => "something else is changing the app; wait until it is over, then ask again",
        ErrorKind::RateLimited { .. } => {
            "the Heroku account is out of API calls, which everybody using it shares and of which it regains about 75 \
             a minute"
        }
        ErrorKind::Refused(refusal) => refusal.hint(),
        _ => return None,
    })
}

impl Refusal {
    fn hint(self) -> &'static str {
        match self {
            Self::Delinquent => "the Heroku account has an unpaid bill; ask its owner to settle it",
            Self::Suspended => "Heroku has suspended the account or the app; ask its owner to contact Heroku",
            Self::TwoFactor => {
                "Heroku wants a second factor, which a bot can't give; put a token of its own in place (heroku \
                 authorizations:create) and run countersign check"
            }
            Self::RangeRefused => {
                "Heroku and this version of countersign don't understand each other; report it with the request id"
            }
            Self::VerificationNeeded => "the Heroku account must be verified first; ask its owner to do so",
            Self::OwnedByAddOn => {
                "an add-on owns that config var, and Heroku lets nobody else change it; change it at the add-on, or \
                 detach the add-on first"
            }
            Self::ConfigRefused => {
                "names of config vars have letters, digits and _ only, and all config vars of an app together must \
                 stay below 32 KB"
            }
        }
    }
}
