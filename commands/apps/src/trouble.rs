//! What the providers' failures mean here: the one place where a client's error becomes a sentence for a room and a
//! decision of the engine.

use std::error::Error;

use countersign_core::operation::{Trouble, TroubleKind};
use countersign_core::refusal::Refusal;
use countersign_core::text::span;
use countersign_http::{self as http, ErrorKind, Retry, Service};

/// A call of a provider that failed.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What happened: `Heroku answered 503 three times (request id 5f3e)`.
    words: String,
    /// What a person can do before asking again, as a sentence.
    hint: String,
    /// What to say while the bot itself tries again, as a sentence.
    meanwhile: String,
    kind: TroubleKind,
    source: Box<dyn Error + Send + Sync>,
}

impl Fault {
    /// What happened, without what to do.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }

    /// Whether the same call may work later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.kind, TroubleKind::Again { .. })
    }
}

/// What an error of a client says.
struct Answer<'a> {
    who: &'static str,
    status: Option<u16>,
    malformed: bool,
    timed_out: bool,
    message: Option<&'a str>,
    request_id: Option<&'a str>,
    tries: u32,
}

impl Answer<'_> {
    fn words(&self) -> String {
        let who = self.who;
        let mut words = match self.status {
            _ if self.malformed => format!("{who} gave an answer that I don't understand"),
            Some(status) => format!("{who} answered {status}"),
            None if self.timed_out => format!("{who} did not answer in time"),
            None => format!("the connection to {who} failed"),
        };
        match self.tries {
            0 | 1 => {}
            2 => words += " twice",
            3 => words += " three times",
            more => words = format!("{words} {more} times"),
        }
        if let Some(message) = self.message {
            words = format!("{words}: {}", message.trim_end_matches('.'));
        }
        if let Some(id) = self.request_id {
            words = format!("{words} (request id {id})");
        }
        words
    }
}

/// What is in doubt is never tried again, whatever else is said of it.
fn kind(maybe_done: bool, retry: TroubleKind) -> TroubleKind {
    if maybe_done { TroubleKind::Lost } else { retry }
}

/// "look at the releases" → "Look at the releases."
fn sentence(fragment: &str) -> String {
    let mut characters = fragment.chars();
    match characters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), characters.as_str()),
        None => String::new(),
    }
}

fn meanwhile(retry: TroubleKind, otherwise: String) -> String {
    match retry {
        TroubleKind::Again { after: Some(pause) } => format!("It asks for a pause of {}.", span(pause)),
        _ => otherwise,
    }
}

impl<S: Service> From<http::Error<S>> for Fault {
    fn from(error: http::Error<S>) -> Self {
        let answer = Answer {
            who: S::NAME,
            status: error.status().map(|status| status.as_u16()),
            malformed: error.kind() == ErrorKind::Malformed,
            timed_out: error.kind() == ErrorKind::TimedOut,
            message: error.message(),
            request_id: error.request_id(),
            tries: error.tries(),
        };
        let retry = match error.retry() {
            Retry::Later(after) => TroubleKind::Again { after },
            Retry::Never => TroubleKind::Never,
        };
        let otherwise = match error.kind() {
            ErrorKind::Conflict => "Something else is changing the app.".to_owned(),
            ErrorKind::RateLimited { .. } => format!("The {} account is out of calls for now.", S::NAME),
            _ => format!("See {}.", S::STATUS_PAGE),
        };
        Self {
            words: answer.words(),
            hint: sentence(&error.hint()),
            meanwhile: meanwhile(retry, otherwise),
            kind: kind(error.maybe_done(), retry),
            source: Box::new(error),
        }
    }
}

/// In an operation: the engine says that it tries again, so what to do is said only if it does not.
impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        let hint = match fault.kind {
            TroubleKind::Again { .. } => Some(fault.meanwhile),
            TroubleKind::Never => Some(fault.hint),
            // The bot looks for itself, and says what it saw if that does not tell.
            TroubleKind::Lost => None,
        };
        Self {
            words: fault.words,
            hint,
            kind: fault.kind,
            source: Some(fault.source),
        }
    }
}

/// In an answer: the person decides whether to ask again.
impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self {
            words: fault.words,
            hint: Some(fault.hint),
            fault: true,
            source: Some(fault.source),
        }
    }
}

/// Adds to a trouble what is so and stays so: "production is at 8d07be4", "nothing was moved". If that is in doubt it
/// is not said.
pub(crate) fn with_state(mut trouble: Trouble, state: &str) -> Trouble {
    if !state.is_empty() && trouble.kind != TroubleKind::Lost {
        trouble.words = format!("{}; {state}", trouble.words);
    }
    trouble
}

#[cfg(test)]
mod tests {
    use countersign_core::time::Duration;

    use super::*;

    #[test]
    fn a_fault_is_told_in_one_sentence() {
        let answer = Answer {
            who: "Heroku",
            status: Some(503),
            malformed: false,
            timed_out: false,
            message: None,
            request_id: Some("5f3e"),
            tries: 3,
        };
        assert_eq!(
            answer.words(),
            "Heroku answered 503 three times (request id 5f3e)"
        );
        let lost = Answer {
            status: None,
            request_id: None,
            tries: 1,
            ..answer
        };
        assert_eq!(lost.words(), "the connection to Heroku failed");
        let refused = Answer {
            who: "GitHub",
            status: Some(422),
            message: Some("Update is not a fast forward."),
            ..lost
        };
        assert_eq!(
            refused.words(),
            "GitHub answered 422: Update is not a fast forward"
        );
    }

    #[test]
    fn trap_16_a_lost_reply_is_never_tried_again() {
        let again = TroubleKind::Again {
            after: Some(Duration::from_secs(40)),
        };
        assert_eq!(kind(true, again), TroubleKind::Lost);
        assert_eq!(kind(true, TroubleKind::Never), TroubleKind::Lost);
        assert_eq!(kind(false, TroubleKind::Never), TroubleKind::Never);
        assert_eq!(kind(false, again), again);
        assert_eq!(meanwhile(again, String::new()), "It asks for a pause of 40 s.");
    }

    #[test]
    fn what_stays_so_is_said_with_every_trouble() {
        let trouble = with_state(
            Trouble::again("Heroku answered 503"),
            "production is at 8d07be4 already",
        );
        assert_eq!(
            trouble.sentence(),
            "Heroku answered 503; production is at 8d07be4 already."
        );
        let trouble = Trouble::never("Heroku answered 401").hint("Put a new token in place.");
        assert_eq!(
            with_state(trouble, "v814 is made").sentence(),
            "Heroku answered 401; v814 is made. Put a new token in place."
        );
        let doubt = Trouble {
            kind: TroubleKind::Lost,
            ..Trouble::never("the connection to Heroku failed")
        };
        assert_eq!(
            with_state(doubt, "nothing was rolled back").words,
            "the connection to Heroku failed"
        );
    }
}
