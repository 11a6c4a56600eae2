//! A pretend server with accounts, and the keeper that has it in hand: at every statement somebody else may be first. It goes
//! down, it loses answers, and its replica may be late.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::access::{Access, Found, Keeper, State, Tended};
use countersign_core::id::{AccessId, TargetName};
use countersign_core::message::Room;
use countersign_core::operation::Trouble;
use countersign_core::time::Timestamp;

use super::memory::Pause;

pub(crate) const DATABASE: &str = "prod-db";

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) locked: bool,
    /// How many are logged in with it.
    pub(crate) sessions: u32,
    /// The access that it was made for; nothing, if a stranger made it or brought it back.
    pub(crate) of: Option<AccessId>,
}

/// What is at the server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    pub(crate) accounts: BTreeMap<String, Account>,
    /// Nobody reaches it.
    pub(crate) down: bool,
    /// The replica has not got what was done last.
    pub(crate) late: bool,
    /// How often the account of an access was dropped.
    pub(crate) drops: BTreeMap<AccessId, u32>,
    /// How many accesses were handed over in one go, each time.
    pub(crate) rounds: Vec<usize>,
    /// The accounts of which these were, each time.
    pub(crate) handed: Vec<Vec<String>>,
    /// Accesses whose new password was set.
    pub(crate) set: Vec<AccessId>,
}

#[derive(Debug, Default)]
pub(crate) struct Server(pub(crate) Mutex<Rows>);

impl Server {
    pub(crate) fn rows(&self) -> Rows {
        self.0.lock().unwrap().clone()
    }

    /// One statement.
    pub(crate) async fn run<T>(&self, statement: impl FnOnce(&mut Rows) -> T + Send) -> Result<T, Trouble> {
        Pause::default().await;
        let came = {
            let mut rows = self.0.lock().unwrap();
            if rows.down {
                return Err(unreachable());
            }
            statement(&mut rows)
        };
        Pause::default().await;
        // What was done is done, but who asked does not hear of it.
        if self.0.lock().unwrap().down {
            return Err(unreachable());
        }
        Ok(came)
    }

    async fn unlock(&self, access: &Access) -> Result<Tended, Trouble> {
        let unlocked = self
            .run(|rows| match rows.accounts.get_mut(&access.account) {
                Some(account) => {
                    let is_its_own = account.of.as_ref().is_none_or(|of| *of == access.id);
                    assert!(is_its_own, "L8: another's account is not unlocked");
                    account.locked = false;
                    true
                }
                None => false,
            })
            .await?;
        if !unlocked {
            return Ok(Tended::Ended);
        }
        self.seen(Tended::Unlocked).await
    }

    /// Lock, end the sessions, drop: each of them may have been done before.
    async fn end(&self, access: &Access) -> Result<Tended, Trouble> {
        let name = &access.account;
        self.run(|rows| {
            if let Some(account) = rows.accounts.get_mut(name) {
                account.locked = true;
            }
        })
        .await?;
        self.run(|rows| {
            if let Some(account) = rows.accounts.get_mut(name) {
                account.sessions = 0;
            }
        })
        .await?;
        self.run(|rows| {
            if let Some(account) = rows.accounts.remove(name) {
                assert_eq!(account.sessions, 0, "L10: nobody is logged in any more");
                if account.of.as_ref() == Some(&access.id) {
                    *rows.drops.entry(access.id.clone()).or_default() += 1;
                }
            }
        })
        .await?;
        self.seen(Tended::Ended).await
    }

    async fn seen(&self, done: Tended) -> Result<Tended, Trouble> {
        let late = self.run(|rows| rows.late).await?;
        Ok(if late {
            let words = "the replica is late".to_owned();
            Tended::NotYet { words }
        } else {
            done
        })
    }
}

fn unreachable() -> Trouble {
    Trouble::again("the server does not answer")
}

/// Has the server in hand.
pub(crate) struct Hand(pub(crate) Arc<Server>);

#[async_trait]
impl Keeper for Hand {
    async fn tend(&self, due: &[Access], now: Timestamp) -> Vec<(AccessId, Result<Tended, Trouble>)> {
        {
            let mut rows = self.0.0.lock().unwrap();
            rows.rounds.push(due.len());
            rows.handed
                .push(due.iter().map(|access| access.account.clone()).collect());
        }
        let mut results = Vec::new();
        for access in due {
            let done = match &access.state {
                State::Opened { .. } => {
                    assert!(!access.is_past(now), "L8: what is past its end is not unlocked");
                    self.0.unlock(access).await
                }
                State::Ending { .. } => self.0.end(access).await,
                State::Live { .. } => {
                    assert!(access.password.as_ref().unwrap().opened.is_some());
                    let id = access.id.clone();
                    let set = self.0.run(|rows| rows.set.push(id)).await;
                    set.map(|()| Tended::PasswordSet)
                }
                other => panic!("nothing is to be done for one that is {}", other.word()),
            };
            results.push((access.id.clone(), done));
        }
        results
    }

    async fn look(&self, _: Timestamp) -> Vec<(TargetName, Result<Vec<Found>, Trouble>)> {
        let found = self
            .0
            .run(|rows| {
                let accounts = rows.accounts.keys().cloned();
                accounts.map(|account| Found { account }).collect()
            })
            .await;
        vec![(DATABASE.into(), found)]
    }

    fn rooms(&self, _: &TargetName) -> Vec<Room> {
        vec![room()]
    }
}

pub(crate) fn room() -> Room {
    Room {
        network: "slack".into(),
        name: "#ops".into(),
    }
}
