//! The audit: append-only records, each chained to the one before by its hash. The store writes them in the
//! transaction of the change they are about, and before its effect (invariant A16).
//!
//! `hash = SHA-256(hash of the record before ‖ canonical JSON of {seq, entry})`; the first follows 32 zero bytes.

mod checkpoint;
mod notary;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::{Digest, EncodingError, canonical};
use crate::id::{OperationId, PersonId, RequestId, TargetName};
use crate::message::{Account, Assurance, Place};
use crate::time::Timestamp;

pub use checkpoint::{Checkpoint, Head, Mismatch, NoCheckpoint, Signer};
pub use notary::Notary;

/// The kinds of record. The list is closed: what is not in it is not audited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Somebody asked for a plan.
    Asked,
    /// Somebody tried something and may not.
    Refused,
    /// A signature.
    Signed,
    /// A signature was taken back.
    Withdrawn,
    /// A request was denied.
    Denied,
    /// A request was cancelled.
    Cancelled,
    /// A request ran out of time.
    Expired,
    /// The world or the policy moved.
    Superseded,
    /// An operation was claimed: the row before the first effect.
    Began,
    /// A step of an operation ended.
    Stepped,
    /// An operation ended.
    Ended,
    /// Nobody knows what a step did.
    Unknown,
    /// A target was locked.
    Locked,
    /// A lock was taken off.
    Unlocked,
    /// A target was pinned after a rollback.
    Held,
    /// A hold was taken off.
    Released,
    /// Something was announced.
    Announced,
    /// A message could not be dealt with because the bot went down.
    Dropped,
    /// Another configuration was taken.
    Reloaded,
    /// A secret link was made for somebody.
    Handed,
    /// Somebody was told a pass phrase.
    Told,
    /// A secret link was opened.
    Opened,
    /// Somebody who has the address of a link gave a wrong phrase.
    Guessed,
    /// A secret link was made useless.
    Burned,
    /// Somebody said that it was a stranger who opened a link.
    Disowned,
    /// Somebody was sent a drop box.
    Invited,
    /// A drop box was filled.
    Filled,
    /// A database account is being made for somebody.
    Granted,
    /// A database account can be used.
    Enabled,
    /// A database account ends later.
    Renewed,
    /// A database account was taken away by somebody.
    Revoked,
    /// A database account is gone from its servers.
    Removed,
    /// A database account has another password.
    Rekeyed,
    /// A database account was found that has no record, or a record without an account.
    Strayed,
}

impl Event {
    /// The word for lists.
    pub fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Refused => "refused",
            Self::Signed => "signed",
            Self::Withdrawn => "withdrawn",
            Self::Denied => "denied",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Superseded => "superseded",
            Self::Began => "began",
            Self::Stepped => "stepped",
            Self::Ended => "ended",
            Self::Unknown => "unknown",
            Self::Locked => "locked",
            Self::Unlocked => "unlocked",
            Self::Held => "held",
            Self::Released => "released",
            Self::Announced => "announced",
            Self::Dropped => "dropped",
            Self::Reloaded => "reloaded",
            Self::Handed => "handed",
            Self::Told => "told",
            Self::Opened => "opened",
            Self::Guessed => "guessed",
            Self::Burned => "burned",
            Self::Disowned => "disowned",
            Self::Invited => "invited",
            Self::Filled => "filled",
            Self::Granted => "granted",
            Self::Enabled => "enabled",
            Self::Renewed => "renewed",
            Self::Revoked => "revoked",
            Self::Removed => "removed",
            Self::Rekeyed => "rekeyed",
            Self::Strayed => "strayed",
        }
    }
}

/// What is recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, by the bot's clock.
    pub at: Timestamp,
    /// What.
    pub event: Event,
    /// Who; absent when the bot did it by itself.
    pub person: Option<PersonId>,
    /// With which account.
    pub account: Option<Account>,
    /// How strongly the network proved it.
    pub assurance: Option<Assurance>,
    /// Where.
    pub place: Option<Place>,
    /// On what.
    pub target: Option<TargetName>,
    /// For which request.
    pub request: Option<RequestId>,
    /// In which operation.
    pub operation: Option<OperationId>,
    /// Of which plan.
    pub digest: Option<Digest>,
    /// In words. Without secrets.
    pub words: String,
    /// More, for machines: the plan when it was asked for, what was shown.
    pub more: Option<Value>,
}

impl Entry {
    /// An entry of the bot itself; the fields say the rest.
    pub fn new(at: Timestamp, event: Event, words: impl Into<String>) -> Self {
        Self {
            at,
            event,
            person: None,
            account: None,
            assurance: None,
            place: None,
            target: None,
            request: None,
            operation: None,
            digest: None,
            words: words.into(),
            more: None,
        }
    }
}

/// An entry in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Counts from 1 without gaps.
    pub seq: u64,
    /// What is recorded.
    pub entry: Entry,
    /// The hash of the record before.
    pub previous: Digest,
    /// The hash of this one.
    pub hash: Digest,
}

#[derive(Serialize)]
struct Hashed<'a> {
    seq: u64,
    entry: &'a Entry,
}

/// The hash that the record with this entry must have.
pub fn hash(previous: Digest, seq: u64, entry: &Entry) -> Result<Digest, EncodingError> {
    Ok(previous.chained(canonical(&Hashed { seq, entry })?.as_bytes()))
}

/// Appends an entry to the chain. It is the store that calls this, within its transaction.
pub fn append(last: Option<(u64, Digest)>, entry: Entry) -> Result<Record, EncodingError> {
    let (seq, previous) = last.map_or((1, Digest::ZERO), |(seq, hash)| (seq + 1, hash));
    Ok(Record {
        seq,
        previous,
        hash: hash(previous, seq, &entry)?,
        entry,
    })
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A record is missing, doubled or out of order.
    #[error("record {expected} is missing: record {found} stands in its place")]
    Gap {
        /// The number that should have come.
        expected: u64,
        /// The number that came.
        found: u64,
    },
    /// A record does not follow the one before.
    #[error("record {0} does not follow the record before it: one of them was changed or replaced")]
    Link(u64),
    /// A record is not what was hashed.
    #[error("record {0} was changed: its hash is not that of its content")]
    Content(u64),
}

/// Checks records one by one, in order.
#[derive(Debug, Default)]
pub struct Verifier {
    last: Option<(u64, Digest)>,
}

impl Verifier {
    /// Checks the next record.
    pub fn check(&mut self, record: &Record) -> Result<(), Broken> {
        let (expected, previous) = self.last.map_or((1, Digest::ZERO), |(seq, hash)| (seq + 1, hash));
        if record.seq != expected {
            return Err(Broken::Gap {
                expected,
                found: record.seq,
            });
        }
        if record.previous != previous {
            return Err(Broken::Link(record.seq));
        }
        match hash(previous, record.seq, &record.entry) {
            Ok(hash) if hash == record.hash => {}
            _ => return Err(Broken::Content(record.seq)),
        }
        self.last = Some((record.seq, record.hash));
        Ok(())
    }

    /// The number and hash of the last good record.
    pub fn last(&self) -> Option<(u64, Digest)> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::from_millis;

    fn chain(length: i64) -> Vec<Record> {
        let mut last = None;
        (0..length)
            .map(|n| {
                let record = append(
                    last,
                    Entry::new(from_millis(n), Event::Signed, format!("vote {n}")),
                )
                .unwrap();
                last = Some((record.seq, record.hash));
                record
            })
            .collect()
    }

    fn verify(records: &[Record]) -> Result<(), Broken> {
        let mut verifier = Verifier::default();
        records.iter().try_for_each(|record| verifier.check(record))
    }

    #[test]
    fn a_whole_chain_verifies() {
        assert_eq!(verify(&chain(20)), Ok(()));
    }

    #[test]
    fn flipping_dropping_swapping_and_replacing_show() {
        let mut flipped = chain(5);
        flipped[2].entry.words = "vote 9".into();
        assert_eq!(verify(&flipped), Err(Broken::Content(3)));

        let mut dropped = chain(5);
        dropped.remove(2);
        assert_eq!(
            verify(&dropped),
            Err(Broken::Gap {
                expected: 3,
                found: 4
            })
        );

        let mut swapped = chain(5);
        swapped.swap(1, 2);
        assert_eq!(
            verify(&swapped),
            Err(Broken::Gap {
                expected: 2,
                found: 3
            })
        );

        let mut replaced = chain(5);
        let entry = Entry::new(from_millis(0), Event::Signed, "forged");
        replaced[2] = append(Some((2, replaced[1].hash)), entry).unwrap();
        assert_eq!(verify(&replaced), Err(Broken::Link(4)));
    }
}
