//! Whether the server is still there, and whether it has what was sent: both are asked with a PING.

use tokio::time::{Duration, Instant};

use crate::patience::Patience;

/// Watches over one connection.
#[derive(Debug)]
pub(crate) struct Watch {
    patience: Patience,
    /// When the server was heard last.
    heard_at: Instant,
    /// The question that has no answer yet; there is never more than one.
    asked: Option<Asked>,
    questions: u64,
}

#[derive(Debug)]
struct Asked {
    token: String,
    at: Instant,
    /// What its answer confirms, in the queue's count.
    confirms: u64,
}

impl Watch {
    /// Begins to watch.
    pub(crate) fn new(patience: Patience, now: Instant) -> Self {
        Self {
            patience,
            heard_at: now,
            asked: None,
            questions: 0,
        }
    }

    /// The server was heard.
    pub(crate) fn heard(&mut self, now: Instant) {
        self.heard_at = now;
    }

    /// It was not listened to for a while, so that it was not heard means nothing.
    pub(crate) fn excuse(&mut self, now: Instant) {
        self.heard_at = now;
        if let Some(asked) = &mut self.asked {
            asked.at = now;
        }
    }

    /// Whether a question is without an answer.
    pub(crate) fn is_waiting(&self) -> bool {
        self.asked.is_some()
    }

    /// The token of a new question, the answer to which confirms this.
    pub(crate) fn ask(&mut self, confirms: u64, now: Instant) -> &str {
        self.questions += 1;
        let token = format!("countersign-{}", self.questions);
        let asked = Asked {
            token,
            at: now,
            confirms,
        };
        &self.asked.insert(asked).token
    }

    /// What this answer confirms, if it is the answer.
    pub(crate) fn answered(&mut self, token: &str) -> Option<u64> {
        self.asked
            .take_if(|asked| asked.token == token)
            .map(|asked| asked.confirms)
    }

    /// Whether it is time to ask if the server is there.
    pub(crate) fn is_silent(&self, now: Instant) -> bool {
        self.asked.is_none() && self.heard_at + self.patience.silence <= now
    }

    /// For how long nothing was heard, if that is too long after a question; or how long the answer itself is missing,
    /// whatever else was heard.
    pub(crate) fn is_gone(&self, now: Instant) -> Option<Duration> {
        let asked = self.asked.as_ref()?;
        let quiet = asked.at.max(self.heard_at) + self.patience.answer <= now;
        let never = asked.at + self.patience.answer * 4 <= now;
        (quiet || never).then(|| now.saturating_duration_since(asked.at))
    }

    /// When one of these changes next.
    pub(crate) fn due(&self) -> Instant {
        match &self.asked {
            Some(asked) => {
                let quiet = asked.at.max(self.heard_at) + self.patience.answer;
                quiet.min(asked.at + self.patience.answer * 4)
            }
            None => self.heard_at + self.patience.silence,
        }
    }
}
