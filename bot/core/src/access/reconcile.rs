//! Records and accounts are compared now and then: an account that nobody knows is told of and can be revoked, a record
//! whose account is not there any more ends (invariant L9): the keeper makes sure that nobody is logged in with it.

use std::collections::{BTreeMap, BTreeSet};

use super::end::{end, writes_link};
use super::{Access, Found, Keeper, Kind, NewAccess, PREFIX, State, UNDER_WAY, Why, posts};
use crate::audit::Event;
use crate::context::Context;
use crate::id::{AccessId, TargetName};
use crate::operation::Trouble;
use crate::store::{AccessesWhere, Batch, Conflict, StoreError, Write};
use crate::text::visible;
use crate::time::{Duration, Timestamp, after};

/// How often.
pub(crate) const EVERY: Duration = Duration::from_mins(5);
/// Looks in vain in a row before the rooms hear of it.
const TELL_AFTER: u32 = 3;
/// How often an id is drawn before it is the store's fault that all are taken.
const DRAWS: usize = 8;

/// How often in a row a look at a database has failed.
pub(crate) type Blind = BTreeMap<TargetName, u32>;

/// Looks at every database, and sees to what does not fit.
pub(crate) async fn reconcile(context: &Context, blind: &mut Blind) -> Result<(), StoreError> {
    let Some(keeper) = &context.keeper else {
        return Ok(());
    };
    // What changed after this may not be at the server yet, or not in the records that are read below.
    let began = context.now();
    for (database, found) in keeper.look(began).await {
        match found {
            Ok(found) => {
                if blind.remove(&database).is_some_and(|failed| failed >= TELL_AFTER) {
                    say(context, posts::sees(&database, &keeper.rooms(&database))).await?;
                }
                compare(context, &**keeper, &database, &found, began).await?;
            }
            Err(trouble) => cannot_look(context, &**keeper, blind, database, trouble).await?,
        }
    }
    Ok(())
}

async fn cannot_look(
    context: &Context,
    keeper: &dyn Keeper,
    blind: &mut Blind,
    database: TargetName,
    trouble: Trouble,
) -> Result<(), StoreError> {
    let trouble = trouble.scrubbed(&context.scrubber);
    let rooms = keeper.rooms(&database);
    let failed = blind.entry(database.clone()).or_default();
    *failed += 1;
    tracing::warn!(%database, failed, %trouble, "accounts cannot be compared with their records");
    if *failed == TELL_AFTER {
        say(context, posts::blind(&database, &trouble.sentence(), &rooms)).await?;
    }
    Ok(())
}

async fn say(context: &Context, posts: Vec<crate::reply::Post>) -> Result<(), StoreError> {
    let mut batch = Batch::default();
    batch.writes.extend(posts.into_iter().map(Write::Enqueue));
    context.store.commit(batch).await?;
    Ok(())
}

/// What does not fit at one database.
#[derive(Default)]
struct Misfits {
    /// Accounts that nobody knows.
    strays: Vec<Access>,
    /// Accounts that were gone once and are there again.
    back: Vec<Access>,
    /// Records of accounts that are not there, and their end.
    gone: Vec<(Access, Batch)>,
}

async fn compare(
    context: &Context,
    keeper: &dyn Keeper,
    database: &TargetName,
    found: &[Found],
    began: Timestamp,
) -> Result<(), StoreError> {
    let open = AccessesWhere::Open {
        database: Some(database.clone()),
    };
    let open = context.store.accesses(open).await?;
    let there: BTreeSet<&str> = found.iter().map(|found| found.account.as_str()).collect();
    let known: BTreeSet<&str> = open.iter().map(|access| access.account.as_str()).collect();
    let now = context.now();
    let mut misfits = Misfits::default();
    let is_gone = |access: &&Access| !there.contains(access.account.as_str()) && is_missed(access, began);
    for access in open.iter().filter(is_gone) {
        if let Some(ends) = end(&*context.store, access, Why::Gone, now).await? {
            misfits.gone.push((access.clone(), ends));
        }
    }
    for account in there.difference(&known) {
        if account.starts_with(PREFIX) {
            unknown(context, database, account, began, &mut misfits).await?;
        }
    }
    settle(context, keeper, database, misfits, now).await
}

/// Whether its account must be at the server. The names of services do not begin with our prefix: nobody looks for them.
fn is_missed(access: &Access, began: Timestamp) -> bool {
    let should_be_there = matches!(access.state, State::Opened { .. } | State::Live { .. });
    should_be_there && access.account.starts_with(PREFIX) && after(access.changed, UNDER_WAY) <= began
}

/// An account without a record that is not over.
async fn unknown(
    context: &Context,
    database: &TargetName,
    account: &str,
    began: Timestamp,
    misfits: &mut Misfits,
) -> Result<(), StoreError> {
    let named = AccessesWhere::Named {
        database: database.clone(),
        account: account.to_owned(),
        limit: 1,
    };
    let last = context.store.accesses(named).await?.into_iter().next();
    match last {
        // It was made, or ended, while the servers were looked at.
        Some(last) if !last.state.is_final() || after(last.changed, UNDER_WAY) > began => {}
        Some(last) if last.state.why() == Some(&Why::Gone) && last.kind != Kind::Stray => {
            let now = context.now();
            let again = Access::found(NewAccess {
                id: AccessId::draw(&*context.random),
                ..as_it_was(last)
            });
            misfits.back.push(Access {
                state: State::Live { since: now },
                changed: now,
                ..again
            });
        }
        _ => misfits.strays.push(stray(context, database, account)),
    }
    Ok(())
}

/// What was decided about it holds: its owner, its end and its latest end.
fn as_it_was(last: Access) -> NewAccess {
    NewAccess {
        id: last.id,
        database: last.database,
        account: last.account,
        kind: last.kind,
        owner: last.owner,
        requester: last.requester,
        request: last.request,
        operation: last.operation,
        asked_in: last.asked_in,
        tables: last.tables,
        made: last.made,
        ends: last.ends,
        latest_end: last.latest_end,
        remind_at: None,
    }
}

fn stray(context: &Context, database: &TargetName, account: &str) -> Access {
    Access::found(NewAccess {
        id: AccessId::draw(&*context.random),
        database: database.clone(),
        account: account.to_owned(),
        kind: Kind::Stray,
        owner: None,
        requester: None,
        request: None,
        operation: None,
        asked_in: None,
        tables: None,
        made: context.now(),
        ends: None,
        latest_end: None,
        remind_at: None,
    })
}

/// All of it in one transaction. What somebody else changed meanwhile is left for the next time.
async fn settle(
    context: &Context,
    keeper: &dyn Keeper,
    database: &TargetName,
    mut misfits: Misfits,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut draws = 0;
    while !misfits.is_empty() {
        let batch = misfits.batch(context, keeper, database, now);
        match context.store.commit(batch).await {
            Err(StoreError::Conflict(Conflict::Access(id))) => {
                draws += 1;
                if !misfits.without(&id) || draws > DRAWS {
                    return Err(StoreError::Conflict(Conflict::Access(id)));
                }
            }
            Err(StoreError::Conflict(Conflict::Link(id))) => {
                let all = misfits.gone.len();
                misfits.gone.retain(|(_, ends)| !writes_link(ends, &id));
                if misfits.gone.len() == all {
                    return Err(StoreError::Conflict(Conflict::Link(id)));
                }
            }
            other => return other.map(|_| ()),
        }
    }
    Ok(())
}

impl Misfits {
    fn is_empty(&self) -> bool {
        self.strays.is_empty() && self.back.is_empty() && self.gone.is_empty()
    }

    /// Leaves one out, if it is among them.
    fn without(&mut self, id: &AccessId) -> bool {
        let all = self.gone.len();
        self.gone.retain(|(access, _)| access.id != *id);
        let mut left_out = self.gone.len() < all;
        for some in [&mut self.strays, &mut self.back] {
            let before = some.len();
            some.retain(|access| access.id != *id);
            left_out |= some.len() < before;
        }
        left_out
    }

    fn batch(&self, context: &Context, keeper: &dyn Keeper, database: &TargetName, now: Timestamp) -> Batch {
        let rooms = keeper.rooms(database);
        let mut batch = Batch::default();
        for (_, ends) in &self.gone {
            batch = batch.and(ends.clone());
        }
        let gone: Vec<&Access> = self.gone.iter().map(|(access, _)| access).collect();
        for (access, how) in self
            .strays
            .iter()
            .map(|access| (access, "has no record"))
            .chain(self.back.iter().map(|access| (access, "is there again")))
        {
            let words = format!("{} on {database} {how}", visible(&access.account));
            batch = batch
                .write(Write::NewAccess(Box::new(access.clone())))
                .record(access.record(now, Event::Strayed, words));
        }
        let posts = posts::strays(&self.strays, database, &rooms, &context.settings.prefix)
            .into_iter()
            .chain(posts::back(&self.back, database, &rooms))
            .chain(posts::gone(&gone, database, &rooms));
        batch.writes.extend(posts.map(Write::Enqueue));
        batch
    }
}
