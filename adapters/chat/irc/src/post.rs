//! A post on its way: its lines, how far they are said, and who waits for that.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use countersign_core::chat::SendError;
use countersign_core::message::Place;
use countersign_core::reply::{Post, Urgency, plain};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::split::first_piece;

/// How many lines wait to be said: shared by those who bring posts and the one who says them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Load(Arc<AtomicUsize>);

impl Load {
    pub(crate) fn lines(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn carry(&self, lines: usize) -> Carried {
        self.0.fetch_add(lines, Ordering::Relaxed);
        Carried {
            load: self.clone(),
            lines,
        }
    }
}

/// A part of the load, which it is relieved of when the post is gone, however that came.
#[derive(Debug)]
struct Carried {
    load: Load,
    lines: usize,
}

impl Drop for Carried {
    fn drop(&mut self) {
        self.load.0.fetch_sub(self.lines, Ordering::Relaxed);
    }
}

/// The number of a post, in the order in which they came.
pub(crate) type JobId = u64;
/// Posts that are not over.
pub(crate) type Jobs = HashMap<JobId, Job>;

/// A place in a post: so many lines, and so many bytes of the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    line: usize,
    byte: usize,
}

/// A post that is being said, or waits to be.
pub(crate) struct Job {
    pub(crate) place: Place,
    pub(crate) urgency: Urgency,
    /// Since when it could have been said, were the network there.
    pub(crate) since: Instant,
    /// To whom its lines went.
    pub(crate) target: String,
    lines: Vec<String>,
    /// Whether what it says is logged nowhere.
    secret: bool,
    next: Mark,
    confirmed: Mark,
    done: oneshot::Sender<Result<(), SendError>>,
    _carried: Carried,
}

impl fmt::Debug for Job {
    /// Without what it says.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("place", &self.place)
            .field("urgency", &self.urgency)
            .field("lines", &self.lines.len())
            .finish_non_exhaustive()
    }
}

impl Job {
    /// The post in lines, and what tells how it ended. Nothing if it says nothing. An empty line is left out: there is
    /// no such thing on IRC.
    pub(crate) fn new(
        post: &Post,
        load: &Load,
        now: Instant,
    ) -> Option<(Self, oneshot::Receiver<Result<(), SendError>>)> {
        let mut lines = plain(post);
        lines.retain(|line| !line.trim_ascii().is_empty());
        if lines.is_empty() {
            return None;
        }
        let (done, ended) = oneshot::channel();
        let job = Self {
            place: post.place.clone(),
            urgency: post.urgency,
            since: now,
            target: String::new(),
            _carried: load.carry(lines.len()),
            lines,
            secret: post.reply.holds_secret(),
            next: Mark::default(),
            confirmed: Mark::default(),
            done,
        };
        Some((job, ended))
    }

    /// What is said next in a line of `limit` bytes, and whether that is a secret.
    pub(crate) fn say(&mut self, limit: usize) -> Option<(&str, bool)> {
        let line = self.lines.get(self.next.line)?;
        let from = self.next.byte;
        let to = from + first_piece(&line[from..], limit);
        self.next = if to == line.len() {
            Mark {
                line: self.next.line + 1,
                byte: 0,
            }
        } else {
            Mark {
                byte: to,
                ..self.next
            }
        };
        Some((&line[from..to], self.secret))
    }

    /// How far it is said.
    pub(crate) fn mark(&self) -> Mark {
        self.next
    }

    /// The network has it up to there.
    pub(crate) fn confirm(&mut self, mark: Mark) {
        self.confirmed = mark;
    }

    /// What was said and is not known to have arrived is to be said again.
    pub(crate) fn take_back(&mut self) {
        self.next = self.confirmed;
    }

    pub(crate) fn is_begun(&self) -> bool {
        self.next > Mark::default()
    }

    pub(crate) fn is_said(&self) -> bool {
        self.next.line == self.lines.len()
    }

    pub(crate) fn is_confirmed(&self) -> bool {
        self.confirmed.line == self.lines.len()
    }

    /// Nobody waits for it any more, and nobody has read any of it.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.done.is_closed() && !self.is_begun()
    }

    /// Tells whoever waits for it.
    pub(crate) fn end(self, result: Result<(), SendError>) {
        // Whoever does not wait any more has nothing to be told.
        drop(self.done.send(result));
    }
}
