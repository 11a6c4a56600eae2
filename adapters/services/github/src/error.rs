//! What GitHub means by an answer that is no success, and what a person can do about it.

use countersign_http::Refused;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use crate::{client::GitHub, limits::Limit, refs::Refusal};

/// The result of every call.
pub type Result<T, E = Error> = std::result::Result<T, E>;
/// A call that failed.
pub type Error = countersign_http::Error<GitHub>;
/// What went wrong; `Refused` is a branch that was not moved.
pub type ErrorKind = countersign_http::ErrorKind<Refusal>;

/// The body of GitHub's errors. Each of `errors` is an object or a text; only texts mean something to people.
#[derive(Default, Deserialize)]
struct Complaint {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: serde_json::Value,
}

/// `reference/domain.md` §4; <https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api>.
pub(crate) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Refused<GitHub> {
    // A proxy in front of the API answers in HTML, which says nothing to anybody.
    let said = serde_json::from_slice::<Complaint>(body)
        .unwrap_or_default()
        .into_text();
    let kind = match Limit::read(status, headers, &said) {
        Limit::Reached(retry_after) => ErrorKind::RateLimited { retry_after },
        // How "Get a commit" says that there is none.
        Limit::Free if status == StatusCode::UNPROCESSABLE_ENTITY && said.starts_with("No commit found") => {
            ErrorKind::NotFound
        }
        Limit::Free => ErrorKind::of(status, headers),
    };
    Refused {
        kind,
        message: Some(said),
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

pub(crate) fn hint(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
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
        ErrorKind::RateLimited { .. } => "GitHub limits how often this token may ask",
        ErrorKind::Refused(refusal) => refusal.hint(),
        _ => return None,
    })
}
