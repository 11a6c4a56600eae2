//! Access: a database account that is in somebody's hands, with an owner, an end and a journal. The rules are here, as pure
//! functions from an access to an access; what is done at the server is the business of a [`Keeper`].
//!
//! ```text
//! preparing ─→ offered ─→ opened ─→ live ─→ ending ─→ ended
//!                                   (whatever comes before live may end too)
//! ```
//!
//! The record comes before the account at the server, and goes after it; so no account is there that nobody knows of
//! (invariant L9). The account is locked until somebody has opened the link that its password is in (L8). What is done at
//! the server is found out from the record, again and again until it is done: nothing is lost by a crash, and the end of
//! an access is tried for as long as it takes (L10).

mod end;
mod keeper;
mod posts;
mod reconcile;
mod renew;
mod state;
mod tend;
mod way;

use countersign_secrets::at_rest::SealedText;
use serde::{Deserialize, Serialize};

use crate::audit::{Entry, Event};
use crate::id::{AccessId, LinkId, OperationId, PersonId, RequestId, TargetName};
use crate::message::Place;
use crate::time::{Duration, Timestamp};

pub use end::end;
pub(crate) use end::{Undone, undo, with_link};
pub use keeper::{Found, Keeper, Tended};
pub(crate) use reconcile::{Blind, EVERY, reconcile};
pub(crate) use tend::tend;

/// What the names of the accounts begin with that the bot makes.
pub const PREFIX: &str = "cs_";

/// What a password is sealed under that waits to be set.
pub fn password_of(id: &AccessId) -> String {
    format!("new password of access {id}")
}

/// Whose account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person's: `cs_carol`.
    Person,
    /// A program's, which the configuration names with its owner: `activedata`.
    Service,
    /// The bot's own, for as long as it takes to prove what another may: `cs_probe_k7qm2x`. Nobody hears of it.
    Twin,
    /// Nobody knows: it was found at the server without a record.
    Stray,
}

impl Kind {
    /// One word for lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Service => "service",
            Self::Twin => "twin",
            Self::Stray => "stray",
        }
    }
}

/// What has become of an access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its operation is at work. The account may be there; it is locked.
    Preparing,
    /// Its password is in a link that nobody has opened yet. The account is locked.
    Offered {
        /// The link.
        link: LinkId,
    },
    /// Somebody has opened the link. The account is unlocked as soon as the server answers.
    Opened {
        /// When.
        at: Timestamp,
    },
    /// It can be used.
    Live {
        /// Since when.
        since: Timestamp,
    },
    /// It is over. The account, and whoever is logged in, goes as soon as the server answers.
    Ending {
        /// Why.
        why: Why,
        /// Since when.
        since: Timestamp,
    },
    /// There is no such account any more.
    Ended {
        /// Why.
        why: Why,
        /// When it was gone.
        at: Timestamp,
    },
}

impl State {
    /// One word for lists and for the store.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Offered { .. } => "offered",
            Self::Opened { .. } => "opened",
            Self::Live { .. } => "live",
            Self::Ending { .. } => "ending",
            Self::Ended { .. } => "ended",
        }
    }

    /// Whether nothing more will happen to it.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }

    /// Why it is over, if it is.
    pub fn why(&self) -> Option<&Why> {
        match self {
            Self::Ending { why, .. } | Self::Ended { why, .. } => Some(why),
            _ => None,
        }
    }
}

/// Why an access is over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// Its time was over.
    Expired,
    /// Somebody took it away.
    Revoked {
        /// Who.
        by: PersonId,
    },
    /// Nobody opened its link.
    Unopened,
    /// Its link was made useless before anybody opened it.
    Burned,
    /// The operation that prepared it came to nothing.
    Failed,
    /// It has served: a twin.
    Done,
    /// It was not at the server any more.
    Gone,
}

/// A password that was handed out and is not in force yet: it is set once its link was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewPassword {
    /// The password, sealed under [`password_of`].
    pub sealed: SealedText,
    /// The link that it is in. Without one an operation sets it, and nobody else touches it.
    pub link: Option<LinkId>,
    /// When somebody opened that.
    pub opened: Option<Timestamp>,
}

/// What is to be done at the server is not done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ailing {
    /// Since when.
    pub since: Timestamp,
    /// How often it was tried in vain.
    pub tries: u32,
    /// What happened the last time: a sentence.
    pub words: String,
    /// Whether people have been told.
    pub told: bool,
}

/// An account at a database, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// What people type.
    pub id: AccessId,
    /// Where it is.
    pub database: TargetName,
    /// The name of the account, without its host. Of those that have not ended no two have the same at one database.
    pub account: String,
    /// Whose account it is.
    pub kind: Kind,
    /// Who uses it and hears of it.
    pub owner: Option<PersonId>,
    /// Who asked for it.
    pub requester: Option<PersonId>,
    /// The request that it is the outcome of.
    pub request: Option<RequestId>,
    /// The operation that prepares it.
    pub operation: Option<OperationId>,
    /// Where it was asked for.
    pub asked_in: Option<Place>,
    /// Only these tables; without them, what the configuration allows.
    pub tables: Option<Vec<String>>,
    /// What has become of it.
    pub state: State,
    /// A password that waits to be set.
    pub password: Option<NewPassword>,
    /// When it was asked for.
    pub made: Timestamp,
    /// When something about it was decided or done last.
    pub changed: Timestamp,
    /// When it ends by itself.
    pub ends: Option<Timestamp>,
    /// It is never renewed beyond this.
    pub latest_end: Option<Timestamp>,
    /// When its owner is reminded of its end; nothing if that was done.
    pub remind_at: Option<Timestamp>,
    /// Why the server has not done yet what it has to.
    pub trouble: Option<Ailing>,
    /// Not looked at again before this.
    pub again: Option<Timestamp>,
    /// Counts the changes; the store refuses a change of anything but the newest.
    pub version: u64,
}

/// What an access is made of. The fields are those of [`Access`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccess {
    /// What people type.
    pub id: AccessId,
    /// Where it is.
    pub database: TargetName,
    /// The name of the account, without its host.
    pub account: String,
    /// Whose account it is.
    pub kind: Kind,
    /// Who uses it and hears of it.
    pub owner: Option<PersonId>,
    /// Who asked for it.
    pub requester: Option<PersonId>,
    /// The request that it is the outcome of.
    pub request: Option<RequestId>,
    /// The operation that prepares it.
    pub operation: Option<OperationId>,
    /// Where it was asked for.
    pub asked_in: Option<Place>,
    /// Only these tables.
    pub tables: Option<Vec<String>>,
    /// The present.
    pub made: Timestamp,
    /// When it ends by itself.
    pub ends: Option<Timestamp>,
    /// It is never renewed beyond this.
    pub latest_end: Option<Timestamp>,
    /// When its owner is reminded of its end.
    pub remind_at: Option<Timestamp>,
}

/// How long after it was made or changed an access is left alone by whoever compares records and accounts: what is under
/// way may be seen at the server and not here yet, or the other way round.
pub(crate) const UNDER_WAY: Duration = Duration::from_mins(2);

impl Access {
    /// An access that an operation prepares.
    pub fn new(draft: NewAccess) -> Self {
        Self::made(draft, State::Preparing)
    }

    /// An account that was there before its record: a service's that is adopted, or a stray.
    pub fn found(draft: NewAccess) -> Self {
        let since = draft.made;
        Self::made(draft, State::Live { since })
    }

    fn made(draft: NewAccess, state: State) -> Self {
        let ends = match (draft.ends, draft.latest_end) {
            (Some(ends), Some(latest)) => Some(ends.min(latest)),
            (ends, _) => ends,
        };
        Self {
            id: draft.id,
            database: draft.database,
            account: draft.account,
            kind: draft.kind,
            owner: draft.owner,
            requester: draft.requester,
            request: draft.request,
            operation: draft.operation,
            asked_in: draft.asked_in,
            tables: draft.tables,
            state,
            password: None,
            made: draft.made,
            changed: draft.made,
            ends,
            latest_end: draft.latest_end,
            remind_at: draft.remind_at,
            trouble: None,
            again: None,
            version: 0,
        }
    }

    /// Whether somebody can log in with it (invariant L8).
    pub fn usable(&self) -> bool {
        matches!(self.state, State::Live { .. })
    }

    /// Whether this person may know of it.
    pub fn concerns(&self, person: &PersonId) -> bool {
        self.owner.as_ref() == Some(person) || self.requester.as_ref() == Some(person)
    }

    /// `cs_carol on prod-db`.
    pub fn title(&self) -> String {
        format!("{} on {}", self.account, self.database)
    }

    /// A record about it.
    pub fn record(&self, now: Timestamp, event: Event, words: impl Into<String>) -> Entry {
        Entry {
            target: Some(self.database.clone()),
            request: self.request.clone(),
            operation: self.operation.clone(),
            ..Entry::new(now, event, words)
        }
    }
}
