//! What may become of an access, one transition each. Nothing of it is true before it is on disk.

use super::{Access, Ailing, Kind, NewPassword, State, Why};
use crate::id::LinkId;
use crate::time::{Duration, Timestamp, after, between};

/// How long whoever prepares an access is left alone before it is asked whether they are still at it.
const PREPARES: Duration = Duration::from_mins(1);
/// How long an offered access is left alone: whoever ends its link says so here at once. This is the second line.
const OFFERED: Duration = Duration::from_mins(5);
/// The pause after trouble, doubled every time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// The pause while something only takes its time: a quarter of what it took so far, between these.
const SHORT_WAIT: Duration = Duration::from_secs(1);
const LONG_WAIT: Duration = Duration::from_secs(30);
/// Trouble that lasts so long is told.
const TOLD_AFTER: Duration = Duration::from_mins(1);

impl Access {
    /// Its password is in a link.
    #[must_use]
    pub fn offered(&self, link: LinkId) -> Option<Self> {
        (self.state == State::Preparing).then(|| self.in_state(State::Offered { link }))
    }

    /// Somebody opened the link.
    #[must_use]
    pub fn opened(&self, now: Timestamp) -> Option<Self> {
        let offered = matches!(self.state, State::Offered { .. });
        offered.then(|| self.in_state(State::Opened { at: now }).at(now))
    }

    /// The account is unlocked at the server.
    #[must_use]
    pub fn unlocked(&self, now: Timestamp) -> Option<Self> {
        let opened = matches!(self.state, State::Opened { .. });
        opened.then(|| self.in_state(State::Live { since: now }).at(now))
    }

    /// It is over. Nothing, if it was over before: the first reason stays.
    #[must_use]
    pub fn to_end(&self, why: Why, now: Timestamp) -> Option<Self> {
        self.state.why().is_none().then(|| Self {
            password: None,
            remind_at: None,
            ..self.in_state(State::Ending { why, since: now }).at(now)
        })
    }

    /// The account is gone from the server.
    #[must_use]
    pub fn ended(&self, now: Timestamp) -> Option<Self> {
        let State::Ending { why, .. } = &self.state else {
            return None;
        };
        let why = why.clone();
        Some(self.in_state(State::Ended { why, at: now }).at(now))
    }

    /// A new password waits to be set. An earlier one that waits gives way to it.
    #[must_use]
    pub fn with_password(&self, password: NewPassword) -> Option<Self> {
        self.usable().then(|| Self {
            password: Some(password),
            trouble: None,
            again: None,
            ..self.clone()
        })
    }

    /// Somebody opened the link that the new password is in.
    #[must_use]
    pub fn password_opened(&self, now: Timestamp) -> Option<Self> {
        let waiting = self.password.as_ref()?;
        if waiting.opened.is_some() {
            return None;
        }
        let password = NewPassword {
            opened: Some(now),
            ..waiting.clone()
        };
        self.with_password(password).map(|next| next.at(now))
    }

    /// The new password is in force, or will never be: it is forgotten.
    #[must_use]
    pub fn password_set(&self) -> Option<Self> {
        self.password.as_ref()?;
        Some(Self {
            password: None,
            trouble: None,
            again: None,
            ..self.clone()
        })
    }

    /// The server makes trouble: it is tried again after a pause that grows, for ever.
    #[must_use]
    pub fn ailing(&self, words: impl Into<String>, now: Timestamp) -> Self {
        let tries = self.trouble.as_ref().map_or(0, |trouble| trouble.tries);
        let pause = FIRST_PAUSE.saturating_mul(1 << tries.min(10)).min(LONGEST_PAUSE);
        self.tried(words.into(), pause, now)
    }

    /// It takes its time at the server.
    pub(super) fn waiting(&self, words: String, now: Timestamp) -> Self {
        let since = self.trouble.as_ref().map_or(now, |trouble| trouble.since);
        let pause = (between(since, now) / 4).clamp(SHORT_WAIT, LONG_WAIT);
        self.tried(words, pause, now)
    }

    fn tried(&self, words: String, pause: Duration, now: Timestamp) -> Self {
        let before = self.trouble.as_ref();
        Self {
            trouble: Some(Ailing {
                since: before.map_or(now, |trouble| trouble.since),
                tries: before.map_or(0, |trouble| trouble.tries).saturating_add(1),
                words,
                told: before.is_some_and(|trouble| trouble.told),
            }),
            again: Some(after(now, pause)),
            ..self.clone()
        }
    }

    /// The trouble has lasted so long that people must hear of it; once.
    pub(super) fn is_to_be_told(&self, now: Timestamp) -> bool {
        let trouble = self.trouble.as_ref();
        trouble.is_some_and(|trouble| !trouble.told && between(trouble.since, now) >= TOLD_AFTER)
    }

    /// People have heard of the trouble.
    pub(super) fn told(mut self) -> Self {
        if let Some(trouble) = &mut self.trouble {
            trouble.told = true;
        }
        self
    }

    /// Its owner was reminded of its end.
    pub(super) fn reminded(&self) -> Self {
        Self {
            remind_at: None,
            ..self.clone()
        }
    }

    /// There is nothing to do yet.
    pub(super) fn looked_at(&self, again: Timestamp) -> Self {
        Self {
            again: Some(again),
            ..self.clone()
        }
    }

    fn in_state(&self, state: State) -> Self {
        Self {
            state,
            trouble: None,
            again: None,
            ..self.clone()
        }
    }

    fn at(self, now: Timestamp) -> Self {
        Self { changed: now, ..self }
    }

    /// Whether its time is over.
    pub fn is_past(&self, now: Timestamp) -> bool {
        self.ends.is_some_and(|ends| ends <= now)
    }

    /// Whether something is to be done at the server.
    pub fn waits_for_the_server(&self) -> bool {
        match self.state {
            State::Opened { .. } | State::Ending { .. } => true,
            State::Live { .. } => self.password_opened_at().is_some(),
            State::Preparing | State::Offered { .. } | State::Ended { .. } => false,
        }
    }

    fn password_opened_at(&self) -> Option<Timestamp> {
        self.password.as_ref()?.opened
    }

    /// When something is to be done about it.
    pub fn due(&self) -> Option<Timestamp> {
        let unless_put_off = |at: Timestamp| Some(self.again.unwrap_or(at));
        match self.state {
            State::Preparing => sooner(unless_put_off(after(self.made, PREPARES)), self.ends),
            State::Offered { .. } => sooner(unless_put_off(after(self.changed, OFFERED)), self.ends),
            State::Opened { at } => sooner(unless_put_off(at), self.ends),
            State::Live { .. } => {
                let password = self.password.as_ref().and_then(|password| match password {
                    NewPassword { opened: Some(at), .. } => unless_put_off(*at),
                    NewPassword { link: Some(_), .. } => unless_put_off(after(self.changed, OFFERED)),
                    NewPassword { .. } => None,
                });
                sooner(sooner(self.ends, self.remind_at), password)
            }
            State::Ending { since, .. } => unless_put_off(since),
            State::Ended { .. } => None,
        }
    }

    /// Why it is over when nobody prepares it any more.
    pub(super) fn unprepared(&self) -> Why {
        match self.kind {
            Kind::Twin => Why::Done,
            Kind::Person | Kind::Service | Kind::Stray => Why::Failed,
        }
    }

    /// How long until it is asked again whether somebody prepares it.
    pub(super) fn prepared_until(now: Timestamp) -> Timestamp {
        after(now, PREPARES)
    }
}

fn sooner(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}
