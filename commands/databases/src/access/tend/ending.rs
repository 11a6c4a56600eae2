//! The end of accounts, of many at once: locked on the primary, seen on the replica, their sessions ended on both, dropped,
//! seen to be gone. Nothing is dropped before the replica shows the account as the primary has it: whoever is logged in
//! there would stay. A replica that is behind may show a lock of before, and let somebody in until it has caught up; so
//! sessions are looked for once more when nothing is left to log in with. And nothing is called gone while the server is still
//! at something that was asked of it before: that may be what makes the account.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::access::{Access, PREFIX, Tended};
use countersign_core::id::AccessId;
use countersign_mysql::{Account, Server, Session, Statement, UserName};

use super::super::going::goes;
use super::{A_WHILE, Came, TOGETHER, states, still, user_of};
use crate::databases::{Database, Side};
use crate::replica::Looks;
use crate::trouble::Fault;

/// So many names are looked up one by one; more are filtered out of all that have our prefix.
const FEW: usize = 8;
/// How often sessions are looked for and ended in one round.
const SWEEPS: u32 = 3;

/// What there is at a server.
#[derive(Default)]
struct There {
    /// Names of accounts, and the accounts of that name that go.
    going: BTreeMap<UserName, Vec<Account>>,
    /// Names that somebody else's accounts have too. Servers do not tell whose account a session is with, so that the
    /// sessions of these hold nothing up.
    shared: BTreeSet<UserName>,
}

/// What ending sessions found.
#[derive(Default)]
struct Swept {
    /// Who had any.
    found: BTreeSet<UserName>,
    /// Who still has.
    left: BTreeSet<UserName>,
}

/// Ends them. What does not work for all is tried for each half, so that one holds up no other.
pub(super) async fn end(database: &Database, due: &[&Access]) -> Vec<Came> {
    let mut came = Vec::with_capacity(due.len());
    let mut ours: BTreeMap<UserName, AccessId> = BTreeMap::new();
    for access in due {
        match user_of(access) {
            Ok(user) => {
                ours.insert(user, access.id.clone());
            }
            Err(fault) => came.push((access.id.clone(), Err(fault))),
        }
    }
    let mut lots = vec![ours.keys().cloned().collect::<BTreeSet<UserName>>()];
    while let Some(mut users) = lots.pop() {
        let ended = together(database, &users).await;
        if matches!(&ended, Err(fault) if users.len() > 1 && !fault.may_pass())
            && let Some(middle) = users.iter().nth(users.len() / 2).cloned()
        {
            lots.push(users.split_off(&middle));
            lots.push(users);
            continue;
        }
        let each = users.iter().filter_map(|user| {
            let came = match &ended {
                Ok(waits) => Ok(tended(waits.get(user))),
                Err(fault) => Err(fault.copied()),
            };
            Some((ours.get(user)?.clone(), came))
        });
        came.extend(each);
    }
    came
}

fn tended(waits: Option<&String>) -> Tended {
    match waits {
        None => Tended::Ended,
        Some(words) => Tended::NotYet { words: words.clone() },
    }
}

/// Ends them together, and says what those that are not gone yet wait for.
async fn together(
    database: &Database,
    users: &BTreeSet<UserName>,
) -> Result<BTreeMap<UserName, String>, Fault> {
    if users.is_empty() {
        return Ok(BTreeMap::new());
    }
    if let Some(fault) = database.open().await? {
        return Err(fault);
    }
    let mut waits = BTreeMap::new();
    let there = those(database, Side::Primary, &database.primary, users).await?;
    let accounts: Vec<Account> = there.going.values().flatten().cloned().collect();
    change(database, &accounts, |accounts| Statement::Lock { accounts }).await?;
    // Before the replica is waited for: that may take long.
    sweep(database, Side::Primary, &database.primary, users).await?;
    let locked = states(database, Side::Primary, &database.primary, &accounts).await?;
    let behind = still(database, &accounts, |account, here| {
        arrived(locked.get(account), here)
    })
    .await?;
    for account in behind {
        let words = format!("{}'s replica does not show the lock yet", database.target);
        waits.insert(account.user, words);
    }
    for (side, server) in database.servers() {
        let left = sweep(database, side, server, users).await?.left;
        for user in left.difference(&there.shared).cloned() {
            let words = format!("a session on {}'s {side} does not end", database.target);
            waits.entry(user).or_insert(words);
        }
    }
    let ready = |account: &&Account| !waits.contains_key(&account.user);
    let ready: Vec<Account> = accounts.iter().filter(ready).cloned().collect();
    change(database, &ready, |accounts| Statement::Drop { accounts }).await?;
    let dropped: BTreeSet<UserName> = users
        .iter()
        .filter(|user| !waits.contains_key(*user))
        .cloned()
        .collect();
    for (side, user) in verified(database, &dropped).await? {
        let words = format!("{}'s {side} still has it", database.target);
        waits.insert(user, words);
    }
    let gone: BTreeSet<UserName> = dropped.difference(&there.shared).cloned().collect();
    for (side, server) in database.servers() {
        for user in sweep(database, side, server, &gone).await?.found {
            let words = format!("a session on {}'s {side} was ended only now", database.target);
            waits.entry(user).or_insert(words);
        }
    }
    Ok(waits)
}

/// Whether the replica has an account just as the primary has it, password and lock. What is not there on the primary has
/// nothing to arrive.
fn arrived<T: PartialEq>(there: Option<&T>, here: Option<&T>) -> bool {
    there.is_none() || here == there
}

/// One statement for some hundred accounts.
async fn change(
    database: &Database,
    accounts: &[Account],
    statement: impl Fn(Vec<Account>) -> Statement,
) -> Result<(), Fault> {
    let statements: Vec<Statement> = accounts
        .chunks(TOGETHER)
        .map(|some| statement(some.to_vec()))
        .collect();
    let done = database.primary.execute(&statements).await;
    done.map_err(|error| database.changing().failed(error))
}

/// Ends their sessions.
async fn sweep(
    database: &Database,
    side: Side,
    server: &Server,
    users: &BTreeSet<UserName>,
) -> Result<Swept, Fault> {
    if users.is_empty() {
        return Ok(Swept::default());
    }
    let failed = |error| database.reading(side).failed(error);
    let users: Vec<UserName> = users.iter().cloned().collect();
    let mut sessions = server.sessions(&users).await.map_err(failed)?;
    let whose = |sessions: &[Session]| sessions.iter().map(|session| session.user.clone()).collect();
    let found = whose(&sessions);
    for _ in 0..SWEEPS {
        if sessions.is_empty() {
            break;
        }
        server.kill(&sessions).await.map_err(failed)?;
        sessions = server.sessions(&users).await.map_err(failed)?;
    }
    Ok(Swept {
        found,
        left: whose(&sessions),
    })
}

/// Looks for them on both servers, a while on the replica; says who is still where.
async fn verified(database: &Database, users: &BTreeSet<UserName>) -> Result<Vec<(Side, UserName)>, Fault> {
    let mut left = Vec::new();
    for (side, server) in database.servers() {
        let (mut still, mut looks) = (users.clone(), Looks::within(A_WHILE));
        loop {
            let there = those(database, side, server, &still).await?;
            still.retain(|user| there.going.contains_key(user));
            if still.is_empty() || !looks.again().await {
                break;
            }
        }
        left.extend(still.into_iter().map(|user| (side, user)));
    }
    Ok(left)
}

/// The accounts of these names at a server.
async fn those(
    database: &Database,
    side: Side,
    server: &Server,
    users: &BTreeSet<UserName>,
) -> Result<There, Fault> {
    let failed = |error| database.reading(side).failed(error);
    let ours = |user: &&UserName| user.as_str().starts_with(PREFIX);
    let mut accounts = Vec::new();
    let prefixed = users.iter().filter(ours).count();
    if prefixed > FEW {
        accounts = server.accounts_like(PREFIX).await.map_err(failed)?;
    }
    for user in users.iter().filter(|user| prefixed <= FEW || !ours(user)) {
        accounts.extend(server.accounts_of(user).await.map_err(failed)?);
    }
    accounts.retain(|account| users.contains(&account.user));
    Ok(sorted(accounts))
}

fn sorted(accounts: Vec<Account>) -> There {
    let mut there = There::default();
    for account in accounts {
        let user = account.user.clone();
        if goes(&account) {
            there.going.entry(user).or_default().push(account);
        } else {
            there.shared.insert(user);
        }
    }
    there
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_that_is_behind_has_not_arrived_whatever_lock_it_shows() {
        assert!(arrived(Some(&"locked"), Some(&"locked")));
        assert!(arrived(None, Some(&"locked")), "it is gone from the primary");
        for here in [None, Some(&"unlocked"), Some(&"locked, another password")] {
            assert!(!arrived(Some(&"locked"), here), "{here:?}");
        }
    }

    #[test]
    fn what_somebody_else_has_under_the_same_name_is_left_alone() {
        let account = |user: &str, host: &str| Account {
            user: user.parse().unwrap(),
            host: host.parse().unwrap(),
        };
        let there = sorted(vec![
            account("activedata", "%"),
            account("activedata", "10.%"),
            account("cs_dave", "10.%"),
        ]);
        let going: Vec<String> = there.going.values().flatten().map(ToString::to_string).collect();
        assert_eq!(going, ["activedata@%", "cs_dave@10.%"]);
        let shared: Vec<&str> = there.shared.iter().map(UserName::as_str).collect();
        assert_eq!(shared, ["activedata"]);
    }
}
