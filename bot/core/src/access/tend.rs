//! What is due about accesses: first what time alone does, then what is to be done at the server. A round is for one
//! database and for some hundred accesses, so that one database that does not answer holds up no other, and a great many
//! that end together are few transactions. What is to end goes first, so that it never waits for unlocking and passwords; and
//! of these only some are done before it is looked whether something is to end. What a crash or somebody else's change makes of a round is made good by the
//! next one: a round begins with what is on disk.

use std::collections::HashMap;

use super::end::{end, followed, writes_link, written};
use super::{Access, Keeper, State, Tended, Why, posts};
use crate::audit::Event;
use crate::context::Context;
use crate::id::{AccessId, LinkId, TargetName};
use crate::operation::Trouble;
use crate::reply::Post;
use crate::store::{AccessesWhere, Batch, Conflict, StoreError, Write};
use crate::time::{Duration, Timestamp, after};
use crate::worker::Fruit;

/// Accesses dealt with in one go.
const BATCH: u32 = 500;
/// Of those that do not end, so many: what is to end meanwhile waits for them.
const OTHERS: usize = 25;
/// A link that should have ended is looked at again after this.
const LATE: Duration = Duration::from_mins(1);

/// A change of one access, and what is said of it.
pub(super) struct Change {
    id: AccessId,
    batch: Batch,
    /// What the database's rooms hear of it, together with that of others.
    news: Option<News>,
}

/// What the rooms of a database hear.
pub(super) enum News {
    /// The server has made trouble for a while.
    Ails(Access),
    /// What it made trouble about is done.
    Mended(Access),
}

/// One round for one database.
pub(crate) async fn tend(context: &Context, database: &TargetName) -> Result<Fruit, StoreError> {
    let Some(keeper) = &context.keeper else {
        return Ok(Fruit::None);
    };
    let now = context.now();
    let due = AccessesWhere::Due {
        database: database.clone(),
        now,
        limit: BATCH,
    };
    let due = context.store.accesses(due).await?;
    if due.is_empty() {
        // What is due and cannot be read must not keep anybody busy.
        let waiting = context.store.waiting_databases(now).await?;
        return Ok(if waiting.contains(database) {
            Fruit::None
        } else {
            Fruit::Borne
        });
    }
    let mut changes = Vec::new();
    let mut at_the_server = Vec::new();
    for access in due {
        match by_time(context, &access, now).await? {
            Some(batch) => changes.push(Change::quiet(access.id, batch)),
            None => at_the_server.push(access),
        }
    }
    if !changes.is_empty() {
        commit(context, &**keeper, database, changes).await?;
        return Ok(Fruit::Borne);
    }
    let (ends, mut others): (Vec<_>, Vec<_>) = at_the_server
        .into_iter()
        .partition(|access| access.state.why().is_some());
    others.truncate(OTHERS);
    if !ends.is_empty() {
        let changes = at(context, &**keeper, ends, now).await?;
        commit(context, &**keeper, database, changes).await?;
    }
    // That may have taken a while.
    let now = context.now();
    let others = unchanged(context, others, now).await?;
    if !others.is_empty() {
        let changes = at(context, &**keeper, others, now).await?;
        commit(context, &**keeper, database, changes).await?;
    }
    Ok(Fruit::Borne)
}

impl Change {
    fn quiet(id: AccessId, batch: Batch) -> Self {
        Self {
            id,
            batch,
            news: None,
        }
    }
}

/// Those that are on disk as they were read, and not past their end: nobody is to get back what was just taken away.
async fn unchanged(context: &Context, read: Vec<Access>, now: Timestamp) -> Result<Vec<Access>, StoreError> {
    let mut unchanged = Vec::new();
    for access in read {
        let stored = context.store.access(&access.id).await?;
        if !access.is_past(now) && stored.as_ref() == Some(&access) {
            unchanged.push(access);
        }
    }
    Ok(unchanged)
}

/// All that came of a round, in one transaction. What others changed meanwhile is left to the next round.
async fn commit(
    context: &Context,
    keeper: &dyn Keeper,
    database: &TargetName,
    mut changes: Vec<Change>,
) -> Result<(), StoreError> {
    while !changes.is_empty() {
        let news: Vec<&News> = changes.iter().filter_map(|change| change.news.as_ref()).collect();
        let posts = posts::rooms(&news, database, &keeper.rooms(database));
        let mut batch = changes
            .iter()
            .map(|change| change.batch.clone())
            .fold(Batch::default(), Batch::and);
        batch.writes.extend(posts.into_iter().map(Write::Enqueue));
        let all = changes.len();
        match context.store.commit(batch).await {
            Err(StoreError::Conflict(Conflict::Access(id))) if changes.iter().any(|one| one.id == id) => {
                changes.retain(|change| change.id != id);
            }
            Err(StoreError::Conflict(Conflict::Link(id))) => {
                changes.retain(|change| !writes_link(&change.batch, &id));
                if changes.len() == all {
                    return Err(StoreError::Conflict(Conflict::Link(id)));
                }
            }
            other => return other.map(|_| ()),
        }
    }
    Ok(())
}

/// What is due by time alone; nothing if it is the server's turn.
async fn by_time(context: &Context, access: &Access, now: Timestamp) -> Result<Option<Batch>, StoreError> {
    let store = &*context.store;
    if access.is_past(now) && access.state.why().is_none() {
        return end(store, access, Why::Expired, now).await;
    }
    match &access.state {
        State::Preparing => {
            if is_being_prepared(context, access).await? {
                return Ok(Some(written(access.looked_at(Access::prepared_until(now)))));
            }
            return end(store, access, access.unprepared(), now).await;
        }
        State::Offered { link } => return Ok(Some(after_its_link(context, access, link, now).await?)),
        State::Live { .. } if access.remind_at.is_some_and(|at| at <= now) => {
            let told = posts::reminder(context, access, now);
            return Ok(Some(with_posts(access.reminded(), told)));
        }
        _ if access.waits_for_the_server() => return Ok(None),
        _ => {}
    }
    let unopened = access.links().next().cloned();
    Ok(match unopened {
        Some(link) => Some(after_its_link(context, access, &link, now).await?),
        // Nothing that time could bring: not looked at again before something is.
        None => Some(written(access.looked_at(after(now, LATE)))),
    })
}

/// Whether an operation is at work on it. One that ended has either offered it or failed.
async fn is_being_prepared(context: &Context, access: &Access) -> Result<bool, StoreError> {
    let Some(id) = &access.operation else {
        return Ok(false);
    };
    let operation = context.store.operation(id).await?;
    Ok(operation.is_some_and(|operation| !operation.state.is_final()))
}

/// Whoever ends a link says so to its access at once; this is for what was missed.
async fn after_its_link(
    context: &Context,
    access: &Access,
    id: &LinkId,
    now: Timestamp,
) -> Result<Batch, StoreError> {
    let Some(link) = context.store.link(id).await? else {
        let next = match access.state {
            State::Offered { .. } => access.to_end(Why::Unopened, now),
            _ => access.password_set(),
        };
        return Ok(next.map_or_else(Batch::default, written));
    };
    Ok(match followed(access, &link, now) {
        Some(next) => written(next),
        None => written(access.looked_at(after(link.expires.max(now), LATE))),
    })
}

/// Has the server do what is due there.
async fn at(
    context: &Context,
    keeper: &dyn Keeper,
    due: Vec<Access>,
    now: Timestamp,
) -> Result<Vec<Change>, StoreError> {
    let results = keeper.tend(&due, now).await;
    let mut results: HashMap<AccessId, Result<Tended, Trouble>> = results.into_iter().collect();
    // That may have taken a while.
    let now = context.now();
    let mut changes = Vec::new();
    for access in due {
        let result = results.remove(&access.id).unwrap_or_else(|| {
            Ok(Tended::NotYet {
                words: "its turn has not come".to_owned(),
            })
        });
        // It was not to end and is not there: whoever is logged in with it still is seen to like any other that ends.
        if matches!(result, Ok(Tended::Ended)) && access.state.why().is_none() {
            let ends = end(&*context.store, &access, Why::Gone, now).await?;
            changes.extend(ends.map(|batch| Change::quiet(access.id, batch)));
        } else {
            changes.push(settled(context, access, result, now));
        }
    }
    Ok(changes)
}

/// What came of it at the server.
fn settled(context: &Context, access: Access, result: Result<Tended, Trouble>, now: Timestamp) -> Change {
    let result = result.map_err(|trouble| trouble.scrubbed(&context.scrubber));
    let done = match &result {
        Ok(Tended::Unlocked) => access.unlocked(now).map(|next| (next, Event::Enabled)),
        Ok(Tended::PasswordSet) => access.password_set().map(|next| (next, Event::Rekeyed)),
        Ok(Tended::Ended) => access.ended(now).map(|next| (next, Event::Removed)),
        Ok(Tended::NotYet { .. }) | Err(_) => None,
    };
    if let Some((next, event)) = done {
        return well(context, &access, next, event, now);
    }
    let next = match result {
        Ok(Tended::NotYet { words }) => access.waiting(format!("{words}."), now),
        Ok(other) => access.ailing(format!("{other:?} is no answer to what was asked."), now),
        Err(trouble) => {
            tracing::warn!(access = %access.id, database = %access.database, %trouble, "the server made trouble");
            access.ailing(trouble.sentence(), now)
        }
    };
    if !next.is_to_be_told(now) {
        return Change::quiet(access.id, written(next));
    }
    let next = next.told();
    Change {
        id: access.id,
        batch: with_posts(next.clone(), posts::ails(context, &next, now)),
        news: Some(News::Ails(next)),
    }
}

fn well(context: &Context, access: &Access, next: Access, event: Event, now: Timestamp) -> Change {
    let title = access.title();
    let (words, told) = match event {
        Event::Enabled => (
            format!("{title} can be used"),
            posts::unlocked(context, &next, now),
        ),
        Event::Rekeyed => (
            format!("{title} has its new password"),
            posts::password_set(context, &next),
        ),
        _ => (format!("{title} is gone"), posts::ended(context, &next)),
    };
    let was_told = access.trouble.as_ref().is_some_and(|trouble| trouble.told);
    Change {
        id: access.id.clone(),
        batch: with_posts(next.clone(), told).record(next.record(now, event, words)),
        news: was_told.then_some(News::Mended(next)),
    }
}

fn with_posts(access: Access, posts: impl IntoIterator<Item = Post>) -> Batch {
    let mut batch = written(access);
    batch.writes.extend(posts.into_iter().map(Write::Enqueue));
    batch
}
