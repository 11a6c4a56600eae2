//! What the servers are made to be like: unlocked what was opened, gone what is over, and which accounts are there at all.
//! Everything here finds out first what is so, and can be done again at any time.

mod ending;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::access::{Access, Found, Keeper, PREFIX, State, Tended};
use countersign_core::id::{AccessId, TargetName};
use countersign_core::message::Room;
use countersign_core::operation::Trouble;
use countersign_core::time::{Duration, Timestamp};
use countersign_mysql::{Account, AccountState, Server, Statement, TlsNeeded, UserName};

use super::going::Making;
use crate::databases::{Database, Databases, Side, anywhere};
use crate::passwd;
use crate::replica::Looks;
use crate::trouble::Fault;

/// Accounts in one statement.
const TOGETHER: usize = 200;
/// Questions to one server at a time.
const AT_ONCE: usize = 4;
/// How long a round waits for the replica; then the next one looks.
const A_WHILE: Duration = Duration::from_secs(4);

/// What came of one access.
type Came = (AccessId, Result<Tended, Fault>);

/// Keeps the servers as the records say.
pub(crate) struct Tend {
    databases: Arc<Databases>,
}

impl Tend {
    pub(crate) fn new(databases: Arc<Databases>) -> Self {
        Self { databases }
    }

    async fn at(&self, target: &TargetName, due: &[&Access]) -> Vec<(AccessId, Result<Tended, Trouble>)> {
        let of = |is: fn(&Access) -> bool| {
            due.iter()
                .copied()
                .filter(|access| is(access))
                .collect::<Vec<_>>()
        };
        let database = match self.databases.at(target) {
            Ok(database) => database,
            Err(trouble) => {
                let same = || Trouble::again(trouble.words.clone());
                return due
                    .iter()
                    .map(|access| (access.id.clone(), Err(same())))
                    .collect();
            }
        };
        let over = of(|access| access.state.why().is_some());
        let opened = of(|access| matches!(access.state, State::Opened { .. }));
        let (over, mut settled) = self.made(over).await;
        let mut came = ending::end(database, &over).await;
        came.extend(unlock(database, &opened).await);
        let mut came: Vec<_> = came
            .into_iter()
            .map(|(id, came)| (id, came.map_err(Trouble::from)))
            .collect();
        came.append(&mut settled);
        for access in of(|access| matches!(access.state, State::Live { .. })) {
            came.push((access.id.clone(), passwd::set(&self.databases, access).await));
        }
        came
    }

    /// Those whose accounts the bot may have made; of the others the server is not asked, and nothing is touched there.
    async fn made<'a>(
        &self,
        over: Vec<&'a Access>,
    ) -> (Vec<&'a Access>, Vec<(AccessId, Result<Tended, Trouble>)>) {
        let (mut made, mut settled) = (Vec::with_capacity(over.len()), Vec::new());
        for access in over {
            let came = match Making::of(&self.databases, access).await {
                Ok(Making::Made) => {
                    made.push(access);
                    continue;
                }
                Ok(Making::Not) => Ok(Tended::Ended),
                Ok(Making::May) => Ok(Tended::NotYet {
                    words: format!("the grant of {} has not stopped yet", access.account),
                }),
                Err(trouble) => Err(trouble),
            };
            settled.push((access.id.clone(), came));
        }
        (made, settled)
    }
}

#[async_trait]
impl Keeper for Tend {
    async fn tend(&self, due: &[Access], _now: Timestamp) -> Vec<(AccessId, Result<Tended, Trouble>)> {
        let mut by_database: BTreeMap<&TargetName, Vec<&Access>> = BTreeMap::new();
        for access in due {
            by_database.entry(&access.database).or_default().push(access);
        }
        let each = by_database.iter().map(|(target, due)| self.at(target, due));
        futures_util::future::join_all(each)
            .await
            .into_iter()
            .flatten()
            .collect()
    }

    async fn look(&self, _now: Timestamp) -> Vec<(TargetName, Result<Vec<Found>, Trouble>)> {
        futures_util::future::join_all(self.databases.iter().map(seen)).await
    }

    fn rooms(&self, database: &TargetName) -> Vec<Room> {
        let found = self.databases.at(database);
        found.map(|database| database.rooms.clone()).unwrap_or_default()
    }
}

/// Which accounts of ours are there.
async fn seen(database: &Database) -> (TargetName, Result<Vec<Found>, Trouble>) {
    let there = database.primary.accounts_like(PREFIX).await;
    let there = there.map_err(|error| database.reading(Side::Primary).failed(error));
    (database.target.clone(), there.map(found).map_err(Trouble::from))
}

/// Names alone, each once: what stands at several hosts is one account to us.
fn found(accounts: Vec<Account>) -> Vec<Found> {
    let names: BTreeSet<String> = accounts.into_iter().map(|account| account.user.into()).collect();
    names.into_iter().map(|account| Found { account }).collect()
}

/// Unlocks what was opened, and says so once the replica has it.
async fn unlock(database: &Database, due: &[&Access]) -> Vec<Came> {
    let mut came = Vec::with_capacity(due.len());
    let mut ours = Vec::new();
    for access in due {
        match user_of(access) {
            Ok(user) => ours.push((access.id.clone(), anywhere(&user))),
            Err(fault) => came.push((access.id.clone(), Err(fault))),
        }
    }
    match unlocked(database, &ours).await {
        Ok(tended) => came.extend(tended.into_iter().map(|(id, tended)| (id, Ok(tended)))),
        Err(fault) => came.extend(ours.into_iter().map(|(id, _)| (id, Err(fault.copied())))),
    }
    came
}

async fn unlocked(
    database: &Database,
    ours: &[(AccessId, Account)],
) -> Result<Vec<(AccessId, Tended)>, Fault> {
    let accounts: Vec<Account> = ours.iter().map(|(_, account)| account.clone()).collect();
    let there = states(database, Side::Primary, &database.primary, &accounts).await?;
    let safe = |account: &&Account| {
        let state = there.get(*account);
        state.is_some_and(|state| state.tls != TlsNeeded::None)
    };
    let (safe, unsafe_): (Vec<&Account>, Vec<&Account>) = accounts.iter().partition(safe);
    let locked = safe.into_iter().filter(|account| there[*account].locked).cloned();
    let locked: Vec<Account> = locked.collect();
    let statements: Vec<Statement> = locked
        .chunks(TOGETHER)
        .map(|some| Statement::Unlock {
            accounts: some.to_vec(),
        })
        .collect();
    let done = database.primary.execute(&statements).await;
    done.map_err(|error| database.changing().failed(error))?;
    let waiting = still(database, &accounts, |_, state| {
        state.is_some_and(|state| !state.locked)
    })
    .await?;
    let tended = |account: &Account| {
        if !there.contains_key(account) {
            Tended::Ended
        } else if unsafe_.contains(&account) {
            Tended::NotYet {
                words: format!(
                    "{} may log in without TLS, and is not unlocked like that",
                    account.user
                ),
            }
        } else if waiting.contains(account) {
            Tended::NotYet {
                words: format!("{}'s replica does not show it yet", database.target),
            }
        } else {
            Tended::Unlocked
        }
    };
    Ok(ours
        .iter()
        .map(|(id, account)| (id.clone(), tended(account)))
        .collect())
}

/// The account of an access, as servers know it.
pub(crate) fn user_of(access: &Access) -> Result<UserName, Fault> {
    let name = UserName::try_from(access.account.clone());
    name.map_err(|error| Fault::for_good(format!("{} is no name of an account: {error}", access.account)))
}

/// How these accounts are on a server; those that are not there are not in it.
async fn states(
    database: &Database,
    side: Side,
    server: &Server,
    accounts: &[Account],
) -> Result<BTreeMap<Account, AccountState>, Fault> {
    let mut states = BTreeMap::new();
    for some in accounts.chunks(AT_ONCE) {
        let each = some.iter().map(|account| state(database, side, server, account));
        let found = futures_util::future::try_join_all(each).await?;
        states.extend(found.into_iter().flatten());
    }
    Ok(states)
}

async fn state(
    database: &Database,
    side: Side,
    server: &Server,
    account: &Account,
) -> Result<Option<(Account, AccountState)>, Fault> {
    let state = server.account(account).await;
    let state = state.map_err(|error| database.reading(side).failed(error))?;
    Ok(state.map(|state| (account.clone(), state)))
}

/// Waits a while for the replica, and says which of these accounts it still does not show as they shall be.
async fn still(
    database: &Database,
    accounts: &[Account],
    is_so: impl Fn(&Account, Option<&AccountState>) -> bool,
) -> Result<BTreeSet<Account>, Fault> {
    let Some(replica) = &database.replica else {
        return Ok(BTreeSet::new());
    };
    let (mut open, mut looks) = (accounts.to_vec(), Looks::within(A_WHILE));
    loop {
        let here = states(database, Side::Replica, replica, &open).await?;
        open.retain(|account| !is_so(account, here.get(account)));
        if open.is_empty() || !looks.again().await {
            return Ok(open.into_iter().collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_at_several_hosts_is_found_once() {
        let account = |host: &str| Account {
            user: "cs_dave".parse().unwrap(),
            host: host.parse().unwrap(),
        };
        let names: Vec<String> = found(vec![account("%"), account("10.%")])
            .into_iter()
            .map(|found| found.account)
            .collect();
        assert_eq!(names, ["cs_dave"]);
    }
}
