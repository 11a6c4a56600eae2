//! Announcements: news for rooms. Each is decided exactly once, by its key, whoever finds it first: the operation
//! that caused it, polling, or a webhook.

use crate::audit::{Entry, Event};
use crate::id::TargetName;
use crate::message::Place;
use crate::operation::Announcement;
use crate::reply::{Post, Reply, plain_line};
use crate::store::{Batch, Write};
use crate::time::Timestamp;

/// The batch that decides an announcement and puts it into the outbox.
pub(crate) fn batch(announcement: &Announcement, now: Timestamp, target: Option<TargetName>) -> Batch {
    let entry = Entry {
        target,
        ..Entry::new(now, Event::Announced, plain_line(&announcement.line))
    };
    let mut batch = Batch::of(Write::Announce {
        key: announcement.key.clone(),
        at: now,
    })
    .record(entry);
    for room in &announcement.rooms {
        let post = Post::to(Place::Room(room.clone()), Reply::line(announcement.line.clone()));
        batch.writes.push(Write::Enqueue(post));
    }
    batch
}
