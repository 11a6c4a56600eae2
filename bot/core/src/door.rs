//! The bot as strangers on the web see it: whoever has the address of a link or a drop box may look at it, open it once
//! or fill it once. Nothing else comes in here, and nobody is known here by name.
//!
//! What is answered is on disk before: an open link was closed, and a guess taken, before a byte leaves (invariants L2
//! and L5).

use countersign_secrets::drop_box::Filling;
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::{AuthProof, LinkProof};

use crate::access;
use crate::audit::Event;
use crate::context::Context;
use crate::drop_box::{self, DropBox};
use crate::link::{self, Attempt, Link, Visitor};
use crate::store::{Batch, Conflict, StoreError, Write};
use crate::time::Timestamp;

/// Lets in who has an address.
#[derive(Clone, Debug)]
pub struct Door {
    context: Context,
}

/// What the page of a link shows before anything is spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkStatus {
    /// The header, as the exact bytes that the content is bound to.
    pub header: String,
    /// `live`, `redeemed`, `expired` or `burned`.
    pub state: &'static str,
    /// When it ended.
    pub at: Option<Timestamp>,
    /// How many wrong phrases it still bears.
    pub attempts_left: u8,
}

/// What the page of a drop box shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoxStatus {
    /// The header, as the exact bytes that what is dropped is bound to.
    pub header: String,
    /// The key to encrypt to: an uncompressed point of P-256.
    pub public_key: [u8; 65],
    /// `open`, `filled`, `closed` or `expired`.
    pub state: &'static str,
    /// Since when it is not open.
    pub at: Option<Timestamp>,
}

/// How a link or a box has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The word for it.
    pub state: &'static str,
    /// When.
    pub at: Timestamp,
}

/// What came of an attempt to open a link.
#[derive(Clone, PartialEq, Eq)]
pub enum Redemption {
    /// It is theirs; it will not be had again.
    Opened {
        /// The nonce that it is locked with.
        nonce: [u8; 12],
        /// What is locked.
        ciphertext: Vec<u8>,
    },
    /// The phrase was wrong; at 0 the link is burned.
    WrongPhrase {
        /// How many more it bears.
        attempts_left: u8,
    },
    /// It has ended.
    Gone(Ending),
    /// There is no such link, or they do not have its address: the same answer.
    NotFound,
}

/// What came of an attempt to fill a box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Filled {
    /// It is in the box.
    Taken {
        /// The digest of what is in it, as hexadecimal digits: the plan will name it.
        sha256: String,
    },
    /// It is not encrypted to this box. Nothing was taken.
    Unreadable,
    /// The box is not open any more.
    Gone(Ending),
    /// There is no such box, or they do not have its address: the same answer.
    NotFound,
}

impl Door {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// What the page of a link shows; nothing to who does not have its address. Changes nothing.
    pub async fn link_status(
        &self,
        path: &PathId,
        proof: &LinkProof,
    ) -> Result<Option<LinkStatus>, StoreError> {
        let now = self.context.now();
        let link = self.context.store.link_at(path).await?;
        Ok(link.filter(|link| link.is_of(proof)).map(|link| {
            let state = link.state_at(now);
            LinkStatus {
                header: link.header,
                state: state.word(),
                at: state.ended(),
                attempts_left: link.attempts_left,
            }
        }))
    }

    /// Tries to open a link. Of any number who try at once, one succeeds.
    pub async fn redeem(
        &self,
        path: &PathId,
        proof: &LinkProof,
        auth: &AuthProof,
        by: &Visitor,
    ) -> Result<Redemption, StoreError> {
        let store = &self.context.store;
        let mut empty = None;
        // A link changes at most as often as it has guesses, and once more; the access that waits for it hardly ever
        // does: nobody goes round here for long.
        loop {
            let Some(link) = store.link_at(path).await? else {
                return Ok(Redemption::NotFound);
            };
            let came = match link.attempt(proof, auth, by, self.context.now()) {
                Attempt::Stranger => return Ok(Redemption::NotFound),
                Attempt::Gone { state, at } => return Ok(Redemption::Gone(Ending { state, at })),
                Attempt::Wrong(next) => {
                    let attempts_left = next.attempts_left;
                    let committed = store.commit(self.guessed(*next, by).await?).await;
                    committed.map(|_| Redemption::WrongPhrase { attempts_left })
                }
                Attempt::Opened(next) => {
                    let Some(ciphertext) = store.link_content(&link.id).await? else {
                        // Somebody was faster in this very instant; or else the store is damaged, and stays so.
                        if empty.replace(link.version) == Some(link.version) {
                            return Err(StoreError::Unreadable {
                                table: "link_contents",
                                key: link.id.to_string(),
                                source: "a live link has nothing in it".into(),
                            });
                        }
                        continue;
                    };
                    let committed = store.commit(self.opened(*next, by).await?).await;
                    committed.map(|_| Redemption::Opened {
                        nonce: link.nonce,
                        ciphertext,
                    })
                }
            };
            match came {
                Err(StoreError::Conflict(Conflict::Link(_) | Conflict::Access(_))) => {}
                other => return other,
            }
        }
    }

    async fn opened(&self, link: Link, by: &Visitor) -> Result<Batch, StoreError> {
        let words = format!("link {} ({}) was opened from {by}", link.id, link.title);
        let record = link.record(self.context.now(), Event::Opened, words);
        let posts = link::opened(&link);
        let followed = self.followed(&link).await?;
        Ok(with_posts(Write::Link(Box::new(link)), posts)
            .record(record)
            .and(followed))
    }

    /// What the end of the link means for the access that waits for it.
    async fn followed(&self, link: &Link) -> Result<Batch, StoreError> {
        access::with_link(&*self.context.store, link, self.context.now()).await
    }

    async fn guessed(&self, link: Link, by: &Visitor) -> Result<Batch, StoreError> {
        let left = link.attempts_left;
        let words = format!(
            "a wrong phrase for link {} ({}) from {by}; {left} more end it",
            link.id, link.title
        );
        let mut batch = Batch::default().record(link.record(self.context.now(), Event::Guessed, words));
        let mut posts = Vec::new();
        if left == 0 {
            let words = format!("link {} ({}) burned itself", link.id, link.title);
            batch = batch.record(link.record(self.context.now(), Event::Burned, words));
            posts = link::guessed_away(&link, by);
            batch = batch.and(self.followed(&link).await?);
        }
        Ok(batch.and(with_posts(Write::Link(Box::new(link)), posts)))
    }

    /// What the page of a drop box shows; nothing to who does not have its address. Changes nothing.
    pub async fn box_status(
        &self,
        path: &PathId,
        proof: &LinkProof,
    ) -> Result<Option<BoxStatus>, StoreError> {
        let now = self.context.now();
        let drop_box = self.context.store.drop_box_at(path).await?;
        Ok(drop_box.filter(|found| found.is_of(proof)).map(|found| {
            let state = found.state_at(now);
            BoxStatus {
                public_key: found.public_key(),
                header: found.header,
                state: state.word(),
                at: state.since(),
            }
        }))
    }

    /// Tries to fill a box. What cannot be read is not taken, so that the form can be sent again.
    pub async fn fill(
        &self,
        path: &PathId,
        proof: &LinkProof,
        content: Filling,
        by: &Visitor,
    ) -> Result<Filled, StoreError> {
        let store = &self.context.store;
        loop {
            let found = store.drop_box_at(path).await?;
            let Some(drop_box) = found.filter(|found| found.is_of(proof)) else {
                return Ok(Filled::NotFound);
            };
            let now = self.context.now();
            let Some(filled) = drop_box.fill(content.clone(), by, now) else {
                let state = drop_box.state_at(now);
                return Ok(Filled::Gone(Ending {
                    state: state.word(),
                    at: state.since().unwrap_or(now),
                }));
            };
            if !self.is_readable(&drop_box, &content) {
                return Ok(Filled::Unreadable);
            }
            let sha256 = hex::encode(content.digest());
            let words = format!(
                "drop box {} ({}) was filled from {by}",
                drop_box.id, drop_box.purpose
            );
            let record = filled.record(now, Event::Filled, words);
            let told = drop_box::filled(&filled, &self.context.settings);
            let batch = with_posts(Write::Box(Box::new(filled)), told.into_iter().collect());
            match store.commit(batch.record(record)).await {
                Ok(_) => return Ok(Filled::Taken { sha256 }),
                Err(StoreError::Conflict(Conflict::Box(_))) => {}
                Err(other) => return Err(other),
            }
        }
    }

    fn is_readable(&self, drop_box: &DropBox, content: &Filling) -> bool {
        let Some(links) = &self.context.links else {
            return false;
        };
        let opened = links.open(drop_box, content);
        opened.is_ok_and(|value| drop_box::is_value(&value))
    }
}

fn with_posts(write: Write, posts: Vec<crate::reply::Post>) -> Batch {
    let mut batch = Batch::of(write);
    batch.writes.extend(posts.into_iter().map(Write::Enqueue));
    batch
}

impl std::fmt::Debug for Redemption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Opened { .. } => f.write_str("Opened"),
            Self::WrongPhrase { attempts_left } => write!(f, "WrongPhrase({attempts_left} left)"),
            Self::Gone(ending) => write!(f, "Gone({ending:?})"),
            Self::NotFound => f.write_str("NotFound"),
        }
    }
}
