//! Links and accesses end together: whatever becomes of a link that an access waits for becomes of the access in the same
//! transaction, and an access that is over takes its link with it.

use super::{Access, Kind, State, Why};
use crate::audit::Event;
use crate::id::{LinkId, PersonId};
use crate::link::{self, Link};
use crate::store::{Batch, Store, StoreError, Write};
use crate::time::Timestamp;

/// What the end of a link means for the access that waits for it. To be committed with that end; nothing, if none waits.
pub(crate) async fn with_link(store: &dyn Store, link: &Link, now: Timestamp) -> Result<Batch, StoreError> {
    let Some(id) = &link.access else {
        return Ok(Batch::default());
    };
    let Some(access) = store.access(id).await? else {
        return Ok(Batch::default());
    };
    Ok(followed(&access, link, now).map_or_else(Batch::default, written))
}

/// The access after the end of its link, if it was waiting for that.
pub(super) fn followed(access: &Access, link: &Link, now: Timestamp) -> Option<Access> {
    let why = match link.state {
        link::State::Live => return None,
        link::State::Redeemed { .. } => None,
        link::State::Expired { .. } => Some(Why::Unopened),
        link::State::Burned { .. } => Some(Why::Burned),
    };
    if access.waits_for(&link.id) {
        return match why {
            None => access.opened(now),
            Some(why) => access.to_end(why, now),
        };
    }
    let password = access.password.as_ref()?;
    if password.link.as_ref() != Some(&link.id) || password.opened.is_some() {
        return None;
    }
    if why.is_none() {
        access.password_opened(now)
    } else {
        access.password_set()
    }
}

/// Ends an access, and the link that it waits for with it. Nothing, if it is over already (invariant L10). What is done at
/// the server follows.
pub async fn end(
    store: &dyn Store,
    access: &Access,
    why: Why,
    now: Timestamp,
) -> Result<Option<Batch>, StoreError> {
    let Some(next) = access.to_end(why.clone(), now) else {
        return Ok(None);
    };
    let title = access.title();
    let (event, words) = match &why {
        Why::Revoked { by } => (Event::Revoked, format!("{title} was revoked by {by}")),
        Why::Expired => (Event::Expired, format!("the time of {title} is over")),
        Why::Unopened => (Event::Expired, format!("nobody opened the link of {title}")),
        Why::Burned => (Event::Expired, format!("the link of {title} was burned")),
        Why::Failed | Why::Done => (Event::Expired, format!("{title} is not needed any more")),
        Why::Gone => (Event::Strayed, format!("{title} is not at the server any more")),
    };
    let mut record = access.record(now, event, words);
    if let Why::Revoked { by } = &why {
        record.person = Some(by.clone());
    }
    let mut batch = written(next).record(record);
    for id in access.links() {
        let live = store.link(id).await?;
        if let Some(useless) = live.and_then(|link| link.withdrawn(&why, now)) {
            let words = format!("link {id} ({}) was ended: {title} is over", useless.title);
            batch = batch.record(useless.record(now, Event::Burned, words));
            batch.writes.push(Write::Link(Box::new(useless)));
        }
    }
    Ok(Some(batch))
}

/// What becomes of an access whose link was opened by somebody else than it was meant for.
pub(crate) enum Undone {
    /// Nothing that would be ours to undo.
    No,
    /// The account that the link opened ends.
    Ended(Batch),
    /// The new password in the link was not in force yet, and is not set any more.
    Dropped {
        /// Whose it would have been.
        password_of: Box<Access>,
        /// The change.
        batch: Batch,
    },
}

/// Takes away what a link opened of which its recipient says that they did not open it. To be committed with that.
pub(crate) async fn undo(
    store: &dyn Store,
    link: &Link,
    by: &PersonId,
    now: Timestamp,
) -> Result<Undone, StoreError> {
    let access = match &link.access {
        Some(id) => store.access(id).await?,
        None => None,
    };
    let Some(access) = access else {
        return Ok(Undone::No);
    };
    let password = access
        .password
        .as_ref()
        .and_then(|password| password.link.as_ref());
    if password == Some(&link.id)
        && let Some(next) = access.password_set()
    {
        let words = format!(
            "the new password of {} is dropped: {by} did not open its link",
            access.title()
        );
        let batch = written(next).record(access.record(now, Event::Disowned, words));
        return Ok(Undone::Dropped {
            password_of: Box::new(access),
            batch,
        });
    }
    // A later link has brought a new password for what was theirs before.
    let opened_it = access.kind == Kind::Person && access.operation.as_ref() == Some(&link.operation);
    if !opened_it {
        return Ok(Undone::No);
    }
    let ends = end(store, &access, Why::Revoked { by: by.clone() }, now).await?;
    Ok(ends.map_or(Undone::No, Undone::Ended))
}

/// Whether it ends this link, too.
pub(super) fn writes_link(batch: &Batch, id: &LinkId) -> bool {
    let mut writes = batch.writes.iter();
    writes.any(|write| matches!(write, Write::Link(link) if link.id == *id))
}

pub(super) fn written(access: Access) -> Batch {
    Batch::of(Write::Access(Box::new(access)))
}

impl Access {
    fn waits_for(&self, link: &LinkId) -> bool {
        matches!(&self.state, State::Offered { link: offered } if offered == link)
    }

    /// The links that it waits for.
    pub(super) fn links(&self) -> impl Iterator<Item = &LinkId> {
        let offered = match &self.state {
            State::Offered { link } => Some(link),
            _ => None,
        };
        let unopened = self
            .password
            .as_ref()
            .filter(|password| password.opened.is_none());
        offered
            .into_iter()
            .chain(unopened.and_then(|password| password.link.as_ref()))
    }
}
