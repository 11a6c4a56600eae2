//! What is on disk, and what a write makes of it.

use std::collections::BTreeMap;

use countersign_core::access::Access;
use countersign_core::approval::Request;
use countersign_core::audit;
use countersign_core::drop_box::DropBox;
use countersign_core::id::{AccessId, BoxId, LinkId, OperationId, RequestId};
use countersign_core::link::{self, Link};
use countersign_core::operation::Operation;
use countersign_core::reply::Post;
use countersign_core::store::{Conflict, Write};

/// What is on disk.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Disk {
    pub(crate) links: BTreeMap<LinkId, Link>,
    pub(crate) contents: BTreeMap<LinkId, Vec<u8>>,
    pub(crate) boxes: BTreeMap<BoxId, DropBox>,
    pub(crate) requests: BTreeMap<RequestId, Request>,
    pub(crate) operations: BTreeMap<OperationId, Operation>,
    pub(crate) accesses: BTreeMap<AccessId, Access>,
    /// The accesses, oldest first.
    pub(crate) made: Vec<AccessId>,
    pub(crate) posts: BTreeMap<u64, Post>,
    pub(crate) audit: Vec<audit::Entry>,
    posted: u64,
}

impl Disk {
    pub(super) fn write(&mut self, write: Write) -> Result<(), Conflict> {
        match write {
            Write::NewLink { link, content } => {
                if self
                    .links
                    .values()
                    .any(|other| other.id == link.id || other.path == link.path)
                {
                    return Err(Conflict::Link(link.id));
                }
                self.contents.insert(link.id.clone(), content);
                self.links.insert(link.id.clone(), *link);
            }
            Write::Link(mut link) => {
                if self
                    .links
                    .get(&link.id)
                    .is_none_or(|old| old.version != link.version)
                {
                    return Err(Conflict::Link(link.id));
                }
                link.version += 1;
                if link.state != link::State::Live {
                    self.contents.remove(&link.id);
                }
                self.links.insert(link.id.clone(), *link);
            }
            Write::ForgetLink(id) => {
                self.contents.remove(&id);
                self.links.remove(&id);
            }
            Write::NewBox(drop_box) => {
                self.boxes.insert(drop_box.id.clone(), *drop_box);
            }
            Write::Box(mut drop_box) => {
                if self
                    .boxes
                    .get(&drop_box.id)
                    .is_none_or(|old| old.version != drop_box.version)
                {
                    return Err(Conflict::Box(drop_box.id));
                }
                drop_box.version += 1;
                self.boxes.insert(drop_box.id.clone(), *drop_box);
            }
            Write::EmptyBox { id, at } => {
                if let Some(drop_box) = self.boxes.get_mut(&id) {
                    *drop_box = drop_box.emptied(at);
                    drop_box.version += 1;
                }
            }
            Write::ForgetBox(id) => {
                self.boxes.remove(&id);
            }
            Write::NewRequest(request) => {
                self.requests.insert(request.id.clone(), request);
            }
            Write::Request(mut request) => {
                if self
                    .requests
                    .get(&request.id)
                    .is_none_or(|old| old.version != request.version)
                {
                    return Err(Conflict::Request(request.id));
                }
                request.version += 1;
                self.requests.insert(request.id.clone(), request);
            }
            Write::Enqueue(post) => {
                self.posted += 1;
                self.posts.insert(self.posted, post);
            }
            Write::Sent(id) => {
                self.posts.remove(&id);
            }
            other => self.write_access(other)?,
        }
        Ok(())
    }

    fn write_access(&mut self, write: Write) -> Result<(), Conflict> {
        match write {
            Write::NewOperation(operation) => {
                self.operations.insert(operation.id.clone(), operation);
            }
            Write::Operation(mut operation) => {
                if self
                    .operations
                    .get(&operation.id)
                    .is_none_or(|old| old.version != operation.version)
                {
                    return Err(Conflict::Operation(operation.id));
                }
                operation.version += 1;
                self.operations.insert(operation.id.clone(), operation);
            }
            Write::NewAccess(access) => {
                let taken = |other: &Access| {
                    let is_same = other.database == access.database && other.account == access.account;
                    other.id == access.id || is_same && !other.state.is_final()
                };
                if self.accesses.values().any(taken) {
                    return Err(Conflict::Access(access.id));
                }
                self.made.push(access.id.clone());
                self.accesses.insert(access.id.clone(), *access);
            }
            Write::Access(mut access) => {
                if self
                    .accesses
                    .get(&access.id)
                    .is_none_or(|old| old.version != access.version)
                {
                    return Err(Conflict::Access(access.id));
                }
                access.version += 1;
                self.accesses.insert(access.id.clone(), *access);
            }
            // No rule of links, boxes or accesses reads the rest.
            _ => {}
        }
        Ok(())
    }
}
