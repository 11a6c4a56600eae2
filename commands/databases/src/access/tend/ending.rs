//! The end of accounts, of many at once: locked on the primary, seen on the replica, their sessions ended on both, dropped,
//! seen to be gone. Nothing is dropped before the replica shows the lock: whoever is logged in there would stay.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::access::{Access, PREFIX, Tended};
use countersign_core::id::AccessId;
use countersign_mysql::{Account, Server, Statement, UserName};

use super::{A_WHILE, Came, TOGETHER, still, user_of};
use crate::databases::{Database, Side};
use crate::replica::Looks;
use crate::trouble::Fault;

/// So many names are looked up one by one; more are filtered out of all that have our prefix.
const FEW: usize = 8;
/// How often sessions are looked for and ended in one round.
const SWEEPS: u32 = 3;

/// Names of accounts, and the accounts of that name at a server.
type There = BTreeMap<UserName, Vec<Account>>;

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
    let mut waits = BTreeMap::new();
    let there = those(database, Side::Primary, &database.primary, users).await?;
    let accounts: Vec<Account> = there.values().flatten().cloned().collect();
    change(database, &accounts, |accounts| Statement::Lock { accounts }).await?;
    // Before the replica is waited for: that may take long.
    sweep(database, Side::Primary, &database.primary, users).await?;
    let unlocked = still(database, &accounts, |state| {
        state.is_none_or(|state| state.locked)
    })
    .await?;
    for account in unlocked {
        let words = format!("{}'s replica does not show the lock yet", database.target);
        waits.insert(account.user, words);
    }
    for (side, server) in database.servers() {
        for user in sweep(database, side, server, users).await? {
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
    Ok(waits)
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

/// Ends their sessions; says whose are still there.
async fn sweep(
    database: &Database,
    side: Side,
    server: &Server,
    users: &BTreeSet<UserName>,
) -> Result<BTreeSet<UserName>, Fault> {
    let failed = |error| database.reading(side).failed(error);
    let users: Vec<UserName> = users.iter().cloned().collect();
    let mut sessions = server.sessions(&users).await.map_err(failed)?;
    for _ in 0..SWEEPS {
        if sessions.is_empty() {
            break;
        }
        server.kill(&sessions).await.map_err(failed)?;
        sessions = server.sessions(&users).await.map_err(failed)?;
    }
    Ok(sessions.into_iter().map(|session| session.user).collect())
}

/// Looks for them on both servers, a while on the replica; says who is still where.
async fn verified(database: &Database, users: &BTreeSet<UserName>) -> Result<Vec<(Side, UserName)>, Fault> {
    let mut left = Vec::new();
    for (side, server) in database.servers() {
        let (mut still, mut looks) = (users.clone(), Looks::within(A_WHILE));
        loop {
            let there = those(database, side, server, &still).await?;
            still.retain(|user| there.contains_key(user));
            if still.is_empty() || !looks.again().await {
                break;
            }
        }
        left.extend(still.into_iter().map(|user| (side, user)));
    }
    Ok(left)
}

/// The accounts of these names at a server, whatever their hosts.
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
    let mut there = There::new();
    for account in accounts
        .into_iter()
        .filter(|account| users.contains(&account.user))
    {
        there.entry(account.user.clone()).or_default().push(account);
    }
    Ok(there)
}
