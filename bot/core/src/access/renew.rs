//! A later end: never beyond the latest, never earlier than it was, never for what is over (invariant L11).

use super::{Access, State};
use crate::refusal::Refusal;
use crate::text::span;
use crate::time::{Duration, Timestamp, after, between};

impl Access {
    /// When it would end if it were renewed by so much from now; at its latest end at the latest.
    pub fn renewal(&self, by: Duration, now: Timestamp) -> Result<Timestamp, Refusal> {
        let (ends, latest) = self.bounds(now)?;
        let renewed = after(now, by).min(latest);
        if renewed > ends {
            return Ok(renewed);
        }
        let left = span(between(now, ends));
        if ends >= latest {
            let words = format!(
                "{} ends in {left} and can't be renewed any more: that is as long as it may last",
                self.title()
            );
            return Err(Refusal::new(words).hint("Ask for a new one when it has ended."));
        }
        let words = format!("{} ends in {left} anyway; that would not be later", self.title());
        Err(Refusal::new(words).hint("Give a longer time with --days."))
    }

    /// With a new end, as [`Access::renewal`] gave it, and a new time to remind of it.
    pub fn renewed(
        &self,
        new_end: Timestamp,
        remind_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let (ends, latest) = self.bounds(now)?;
        if new_end > latest || new_end <= ends {
            let words = format!(
                "{} can't end in {}: it ends in {} now, and in {} at the latest",
                self.title(),
                span(between(now, new_end)),
                span(between(now, ends)),
                span(between(now, latest))
            );
            return Err(Refusal::new(words).hint("Look at it, and ask again if you still want it."));
        }
        Ok(Self {
            ends: Some(new_end),
            remind_at: remind_at.filter(|at| *at < new_end),
            changed: now,
            ..self.clone()
        })
    }

    /// Its end and its latest end, if it can be renewed at all.
    fn bounds(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Refusal> {
        let no = |words: &str, hint: &str| Err(Refusal::new(format!("{} {words}", self.title())).hint(hint));
        match self.state {
            State::Live { .. } => {}
            State::Preparing | State::Offered { .. } | State::Opened { .. } => {
                return no("can't be used yet", "Renew it when it can.");
            }
            State::Ending { .. } | State::Ended { .. } => return no("is over", "Ask for a new one."),
        }
        let Some(ends) = self.ends else {
            return no("has no end", "There is nothing to renew.");
        };
        if self.is_past(now) {
            return no("is over", "Ask for a new one.");
        }
        Ok((ends, self.latest_end.unwrap_or(ends)))
    }
}
