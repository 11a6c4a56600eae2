//! A "no" for a person: why, and what to do next. Everything that can go wrong on the way from a message to a reply
//! ends as one of these, so that nobody is left without an answer.

use crate::operation::Trouble;
use crate::plan::PlanError;
use crate::store::StoreError;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
pub struct Refusal {
    /// What was not done and why; a sentence without its full stop.
    pub words: String,
    /// What to do next: a sentence, if there is something to do.
    pub hint: Option<String>,
    /// Whether it is the bot's (or a provider's) failure rather than the person's.
    pub fault: bool,
    /// The error beneath, for the log.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Refusal {
    /// The person asked for something that cannot be.
    pub fn new(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            hint: None,
            fault: false,
            source: None,
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Words and hint as one text.
    pub fn sentence(&self) -> String {
        match &self.hint {
            Some(hint) => format!("{}. {hint}", self.words),
            None => format!("{}.", self.words),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        let hint = match &error {
            StoreError::Conflict(_) => "Look again and repeat what you meant",
            StoreError::Unavailable { .. } => "Nothing was done; say it again in a minute",
            StoreError::Unreadable { .. } => "Nothing was done; whoever runs the bot must look at its store",
        };
        Self {
            words: error.to_string(),
            hint: Some(format!("{hint}.")),
            fault: true,
            source: Some(Box::new(error)),
        }
    }
}

impl From<PlanError> for Refusal {
    fn from(error: PlanError) -> Self {
        Self {
            words: error.to_string(),
            hint: None,
            fault: true,
            source: Some(Box::new(error)),
        }
    }
}

impl From<Trouble> for Refusal {
    fn from(trouble: Trouble) -> Self {
        Self {
            words: trouble.words.clone(),
            hint: trouble.hint.clone(),
            fault: true,
            source: Some(Box::new(trouble)),
        }
    }
}
