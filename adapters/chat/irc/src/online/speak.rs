//! What is said on a connection: posts as fast as the network allows, the question whether they arrived, good-bye.

use tokio::time::Instant;

use super::Online;
use crate::line::Line;
use crate::session::{Loss, NoTarget};

/// With so many lines unconfirmed it is asked whether they arrived, so that a broken connection repeats no more.
const UNCONFIRMED_LINES: usize = 50;

impl Online<'_> {
    /// Says what may be said now. Every place is looked at once before one has its second turn.
    pub(super) fn say(&mut self, now: Instant) {
        let mut closed = 0;
        while self.out.has_room(now) && closed < self.network.queue.places() {
            let Some(place) = self.network.queue.turn() else {
                break;
            };
            match self.session.target_of(place) {
                Ok(target) => {
                    closed = 0;
                    self.say_to(&target, now);
                }
                Err(NoTarget::NotThere { reason }) => {
                    closed += 1;
                    self.network.queue.shut(reason, now);
                }
                Err(NoTarget::Never { reason }) => self.network.queue.refuse(&reason),
            }
        }
        if !self.network.queue.has_words() {
            self.out.send_patient(now);
        }
        if self.said_since.is_none() && self.network.queue.awaits_confirmation() {
            self.said_since = Some(now);
        }
    }

    fn say_to(&mut self, target: &str, now: Instant) {
        let mut failed = None;
        let out = &mut self.out;
        out.count();
        self.network.queue.say(
            target,
            self.session.longest_text(target),
            |text, secret| match Line::privmsg(target, text) {
                Ok(line) if secret => out.send(line.secret(), now),
                Ok(line) => out.send(line, now),
                Err(error) => failed = Some(error.to_string()),
            },
        );
        if let Some(reason) = failed {
            self.network.queue.undelivered(target, &reason, Loss::ForGood);
        }
    }

    /// Asks whether what was said has arrived: at once if there is nothing more to say now, else from time to time.
    pub(super) fn confirm(&mut self, now: Instant) {
        if self.watch.is_waiting() || self.network.queue.unconfirmed_lines() == 0 {
            return;
        }
        let said_all = self.network.queue.awaits_confirmation() && !self.network.queue.has_words();
        let long_ago = self.confirm_at().is_some_and(|at| at <= now);
        if said_all || long_ago || self.network.queue.unconfirmed_lines() >= UNCONFIRMED_LINES {
            self.ask(now);
        }
    }

    fn confirm_at(&self) -> Option<Instant> {
        self.said_since.map(|since| since + self.network.patience.confirm)
    }

    /// When more can be said, or has to be confirmed.
    pub(super) fn next_words(&self, now: Instant) -> Option<Instant> {
        if let Some(quit) = self.quit_at {
            return Some(quit + self.network.patience.farewell);
        }
        let leaving = self.network.leaving.as_ref();
        let last_words = leaving.map(|leaving| leaving.since + self.network.patience.last_words);
        let waits = self.network.queue.has_words() || self.out.has_patient();
        let wait = self.out.wait(now);
        let words = (self.session.may_speak() && waits && !wait.is_zero()).then(|| now + wait);
        let confirm = self.confirm_at().filter(|_| !self.watch.is_waiting());
        [last_words, words, confirm].into_iter().flatten().min()
    }

    /// Says good-bye when the bot is to leave and has said what it could.
    pub(super) fn part(&mut self, now: Instant) {
        let Some(leaving) = self.network.leaving.as_ref().filter(|_| self.quit_at.is_none()) else {
            return;
        };
        let in_time = now < leaving.since + self.network.patience.last_words;
        if self.session.may_speak() && in_time && !self.network.queue.is_empty() {
            return;
        }
        self.quit_at = Some(now);
        let words = leaving.words.replace(['\r', '\n', '\0'], " ");
        if let Ok(line) = Line::quit(&words) {
            self.out.send(line, now);
        }
        self.network.queue.give_up("the bot is leaving it");
    }
}
