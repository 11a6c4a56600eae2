//! What core needs of whoever has the databases in hand.

use async_trait::async_trait;

use super::Access;
use crate::id::{AccessId, TargetName};
use crate::message::Room;
use crate::operation::Trouble;
use crate::time::Timestamp;

/// What was done at the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tended {
    /// The account that was opened can be used now: the replica has it too.
    Unlocked,
    /// The new password is in force.
    PasswordSet,
    /// The account is gone from all servers, and nobody is logged in with it. Said of an access that was to be unlocked:
    /// there is no such account any more.
    Ended,
    /// It is begun, and not to be seen everywhere yet.
    NotYet {
        /// What it waits for, in words: "the replica is 20 s behind".
        words: String,
    },
}

/// An account that is at a server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Its name, without its host.
    pub account: String,
}

/// Does at the servers what the records say.
#[async_trait]
pub trait Keeper: Send + Sync {
    /// Does what is due for these, which are all at one database or at several: unlocks what was opened, sets passwords whose
    /// link was opened, ends what is to end. Each of these may have been done before, in part or whole: doing it again is the
    /// same as doing it once.
    async fn tend(&self, due: &[Access], now: Timestamp) -> Vec<(AccessId, Result<Tended, Trouble>)>;

    /// Which accounts are there whose names begin with [`super::PREFIX`], for each database.
    async fn look(&self, now: Timestamp) -> Vec<(TargetName, Result<Vec<Found>, Trouble>)>;

    /// Who hears of a database.
    fn rooms(&self, database: &TargetName) -> Vec<Room>;
}
