//! What the servers' failures mean here: the one place where a client's error becomes a sentence for a room and a decision
//! of the engine. The primary's address is in none of them.

use std::error::Error as StdError;

use countersign_core::id::TargetName;
use countersign_core::operation::{Trouble, TroubleKind};
use countersign_core::refusal::Refusal;
use countersign_core::store::StoreError;
use countersign_mysql::{Error, Kind, Retry, TlsTrouble, Waits};

use crate::databases::{Database, Side};

/// Something at a server that did not work.
#[derive(Debug)]
pub(crate) struct Fault {
    /// What happened: `prod-db's replica can't be reached`.
    words: String,
    /// What a person can do, as a sentence.
    hint: Option<String>,
    kind: TroubleKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// Where and how something was tried.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tried<'d> {
    database: &'d TargetName,
    side: Side,
    changes: bool,
}

impl Database {
    /// Why it is open what becomes of what was asked of the primary before, if it is: a change that hangs for want of room is
    /// done when there is some, perhaps long after everybody has given it up. If nothing is open, what is read from here on is
    /// how it ended.
    pub(crate) async fn open(&self) -> Result<Option<Fault>, Fault> {
        let failed = |error| self.reading(Side::Primary).failed(error);
        match self.primary.unfinished().await {
            Ok(None) => Ok(None),
            Ok(Some(waits)) => {
                let (words, _) = still_at_it(Some(&waits));
                let words = format!("{}'s {} {words}", self.target, Side::Primary);
                Ok(Some(Fault::for_now(words)))
            }
            // It answers nobody: so it may well be at it.
            Err(error) if matches!(error.kind(), Kind::Hangs | Kind::TimedOut) => Ok(Some(failed(error))),
            Err(error) => Err(failed(error)),
        }
    }

    /// Whether an earlier change of ours may still be done.
    pub(crate) async fn may_be_at_it(&self) -> bool {
        matches!(self.open().await, Ok(Some(_)))
    }

    /// What goes wrong when something is read at one of its servers: nothing changed by that, whatever became of it.
    pub(crate) fn reading(&self, side: Side) -> Tried<'_> {
        Tried {
            database: &self.target,
            side,
            changes: false,
        }
    }

    /// What goes wrong when something is changed on its primary.
    pub(crate) fn changing(&self) -> Tried<'_> {
        Tried {
            database: &self.target,
            side: Side::Primary,
            changes: true,
        }
    }
}

impl Tried<'_> {
    /// What this error means.
    pub(crate) fn failed(self, error: Error) -> Fault {
        let Self {
            database,
            side,
            changes,
        } = self;
        let (words, hint) = said(&error);
        let kind = match error.retry() {
            Retry::Never => TroubleKind::Never,
            Retry::Unknown if changes => TroubleKind::Lost,
            Retry::Later | Retry::Unknown => TroubleKind::Again { after: None },
        };
        Fault {
            words: format!("{database}'s {side} {words}"),
            hint: hint.map(str::to_owned),
            kind,
            source: Some(Box::new(error)),
        }
    }
}

/// What happened, to go on after the name of the server; and what a person can do.
fn said(error: &Error) -> (String, Option<&'static str>) {
    let (words, hint) = match error.kind() {
        Kind::Unreachable => ("can't be reached", "Is it up, and may the bot connect to it?"),
        Kind::Hangs => (
            "takes connections and answers nothing; is its disk full?",
            "Whoever runs it looks at its disk and its log of errors.",
        ),
        Kind::Tls(why) => return tls(why),
        Kind::Denied => (
            "does not let the bot's own account in",
            "Whoever runs the bot checks the user and the password of the database in the configuration.",
        ),
        Kind::TooManyConnections => ("has no connection left", "Whoever uses it closes some."),
        Kind::TimedOut => match error.waits() {
            Some(waits) => return hangs(waits),
            None => (
                "did not answer in time",
                "It may be busy, or a lock is held there.",
            ),
        },
        Kind::Unfinished => return still_at_it(error.waits()),
        Kind::Lost => ("broke the connection", "It may have been restarted."),
        Kind::ReadOnly => (
            "is read-only",
            "Is it a replica? Whoever runs the bot checks the addresses of the database in the configuration.",
        ),
        Kind::Full => {
            return (
                "has no room left on its disk; whoever runs it makes room".to_owned(),
                None,
            );
        }
        Kind::Exists => ("has such an account already", "Look at it before asking again."),
        Kind::NoSuchAccount => ("has no such account any more", "Somebody else has taken it away."),
        Kind::NoSuchTable => (
            "has not all of these tables any more",
            "Ask again; the tables are read anew.",
        ),
        Kind::Busy => (
            "is busy with something else that is in the way",
            "Nothing was done.",
        ),
        Kind::NotAllowed => {
            let words = format!("does not allow it to the bot's own account: {error}");
            return (
                words,
                Some("Whoever runs the server grants that account the right."),
            );
        }
        Kind::NoSuchGrant | Kind::Locked | Kind::Expired | Kind::Unsupported | Kind::Other(_) => {
            return (format!("did not do it: {error}"), None);
        }
    };
    (words.to_owned(), Some(hint))
}

/// A change was begun, and hangs.
fn hangs(waits: &Waits) -> (String, Option<&'static str>) {
    match waits {
        Waits::Room => (
            "has no room left on its disk and waits for some: what I asked for is done when there is room, not before; whoever \
             runs it makes room"
                .to_owned(),
            None,
        ),
        Waits::Lock => (
            "did not answer in time: somebody holds a lock there, and what I asked for waits for it".to_owned(),
            None,
        ),
        Waits::For(state) => (
            format!(
                "did not answer in time and is still at it{}; is its disk full?",
                quoted(state.as_deref())
            ),
            Some("Whoever runs it looks at its disk and its log of errors."),
        ),
    }
}

/// A change is not begun, because an earlier one hangs.
fn still_at_it(waits: Option<&Waits>) -> (String, Option<&'static str>) {
    match waits {
        Some(Waits::Room) => (
            "has no room left on its disk, and an earlier change of mine waits there for some; I ask for nothing more until it \
             is done; whoever runs the server makes room"
                .to_owned(),
            None,
        ),
        Some(Waits::Lock) => (
            "is still at an earlier change of mine, which waits for somebody's lock; I ask for nothing more until it is done"
                .to_owned(),
            None,
        ),
        Some(Waits::For(_)) | None => {
            let state = match waits {
                Some(Waits::For(state)) => quoted(state.as_deref()),
                _ => String::new(),
            };
            (
                format!(
                    "is still at an earlier change of mine{state}; I ask for nothing more until it is done; is its disk full?"
                ),
                Some("Whoever runs it looks at its disk and its log of errors."),
            )
        }
    }
}

/// What a server calls what it does.
fn quoted(state: Option<&str>) -> String {
    state.map_or_else(String::new, |state| format!(" (\"{state}\")"))
}

fn tls(why: TlsTrouble) -> (String, Option<&'static str>) {
    let (words, hint) = match why {
        TlsTrouble::Expired => (
            "shows a certificate that has expired",
            "Nothing was sent to it. Whoever runs it renews the certificate.",
        ),
        TlsTrouble::NotYetValid => (
            "shows a certificate that is not valid yet",
            "Nothing was sent to it. Is the clock right, here and there?",
        ),
        TlsTrouble::OtherName => (
            "shows a certificate for another name",
            "Nothing was sent to it. The address in the configuration must be the one that the certificate names.",
        ),
        TlsTrouble::UnknownIssuer => (
            "shows a certificate of an authority that the bot does not know",
            "Nothing was sent to it. Whoever runs the bot checks the `ca` of the database in the configuration.",
        ),
        TlsTrouble::NotOffered => (
            "offers no TLS",
            "Nothing was sent to it. The bot never connects without TLS.",
        ),
        TlsTrouble::Other => (
            "does not speak TLS as it should",
            "Nothing was sent to it. The bot never connects without TLS.",
        ),
    };
    (words.to_owned(), Some(hint))
}

impl Fault {
    /// Something that was seen, rather than an error: it may be otherwise later.
    pub(crate) fn for_now(words: impl Into<String>) -> Self {
        Self {
            words: words.into(),
            hint: None,
            kind: TroubleKind::Again { after: None },
            source: None,
        }
    }

    /// Something that was seen and will not change by itself.
    pub(crate) fn for_good(words: impl Into<String>) -> Self {
        Self {
            kind: TroubleKind::Never,
            ..Self::for_now(words)
        }
    }

    /// Adds what a person can do.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether the same may work later.
    pub(crate) fn may_pass(&self) -> bool {
        self.kind != TroubleKind::Never
    }

    /// The same once more, for another account that it is about too; the error beneath is told once.
    pub(crate) fn copied(&self) -> Self {
        Self {
            words: self.words.clone(),
            hint: self.hint.clone(),
            kind: self.kind,
            source: None,
        }
    }

    /// What happened, without what to do.
    pub(crate) fn words(&self) -> &str {
        &self.words
    }
}

/// In an operation: the engine says that it tries again, so what to do is said only if it does not.
impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self {
            words: fault.words,
            hint: fault.hint.filter(|_| fault.kind == TroubleKind::Never),
            kind: fault.kind,
            source: fault.source,
        }
    }
}

/// In an answer: the person decides whether to ask again.
impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self {
            words: fault.words,
            hint: fault.hint,
            fault: true,
            source: fault.source,
        }
    }
}

/// Adds to a trouble what is so and stays so: "nothing was made", "cs_dave is locked". If that is in doubt it is not said.
pub(crate) fn with_state(mut trouble: Trouble, state: &str) -> Trouble {
    if !state.is_empty() && trouble.kind != TroubleKind::Lost {
        trouble.words = format!("{}; {state}", trouble.words);
    }
    trouble
}

/// The store did not answer in an operation; it may later.
pub(crate) fn unstored(error: StoreError) -> Trouble {
    Trouble {
        words: error.to_string(),
        source: Some(Box::new(error)),
        ..Trouble::again("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_so_is_said_unless_it_is_in_doubt() {
        let trouble = Trouble::from(Fault::for_now("prod-db's replica is 2 min behind"));
        assert_eq!(
            with_state(trouble, "nothing was made").sentence(),
            "prod-db's replica is 2 min behind; nothing was made."
        );
        let doubt = Trouble {
            kind: TroubleKind::Lost,
            ..Trouble::never("prod-db's primary broke the connection")
        };
        assert_eq!(
            with_state(doubt, "nothing was made").words,
            "prod-db's primary broke the connection"
        );
    }

    #[test]
    fn a_change_that_hangs_is_told_with_what_it_waits_for() {
        let all = |waits: Waits| [hangs(&waits).0, still_at_it(Some(&waits)).0];
        for words in all(Waits::Room) {
            let says = words.starts_with("has no room left on its disk") && words.ends_with("makes room");
            assert!(says, "{words}");
        }
        for words in all(Waits::Lock) {
            assert!(words.contains("lock") && !words.contains("disk"), "{words}");
        }
        for words in all(Waits::For(Some("waiting for handler commit".to_owned()))) {
            let says =
                words.contains("(\"waiting for handler commit\")") && words.ends_with("is its disk full?");
            assert!(says, "{words}");
        }
        for words in all(Waits::For(None)) {
            assert!(!words.contains('('), "{words}");
        }
    }

    #[test]
    fn what_to_do_is_said_of_what_stays_and_to_whoever_asks() {
        let fault = || Fault::for_good("there is no replica").hint("Add one.");
        assert_eq!(Trouble::from(fault()).sentence(), "there is no replica. Add one.");
        assert_eq!(Refusal::from(fault()).sentence(), "there is no replica. Add one.");
        let passes = Fault::for_now("it is behind").hint("Wait.");
        assert_eq!(Trouble::from(passes).sentence(), "it is behind.");
    }
}
