//! Bob, Carol, a bot, and a database: what the stories are about.

use std::sync::Arc;

use countersign_core::access::{self, Access, Why};
use countersign_core::link::Visitor;
use countersign_core::reply::plain;
use countersign_core::store::{Batch, Store as _, Write};
use countersign_core::time::Duration;
use countersign_secrets::path_id::PathId;

use super::made::{self, auth, link, operation, over, proof};
use super::memory::Disk;
use super::server::{Account, Hand, Rows, Server};
use super::world::{World, at};

pub(crate) const DAY: i64 = 24 * 3600;
pub(crate) const MONTH: Duration = Duration::from_hours(30 * 24);

pub(crate) struct Team {
    pub(crate) world: World,
    pub(crate) server: Arc<Server>,
}

impl Team {
    pub(crate) fn new() -> Self {
        let server = Arc::new(Server::default());
        let hand = Hand(Arc::clone(&server));
        Self {
            world: World::keeping(1, Some(Arc::new(hand))),
            server,
        }
    }

    pub(crate) fn rows(&self, change: impl FnOnce(&mut Rows)) {
        change(&mut self.server.0.lock().unwrap());
    }

    pub(crate) async fn writes(&self, writes: impl IntoIterator<Item = Write>) {
        let mut batch = Batch::default();
        batch.writes.extend(writes);
        self.world.store.commit(batch).await.unwrap();
    }

    pub(crate) fn record(&self, id: &str) -> Access {
        self.world.store.disk().accesses[id].clone()
    }

    /// The next change of a record, as a command would write it.
    pub(crate) async fn changes(&self, id: &str, change: impl FnOnce(&Access) -> Access) {
        let next = change(&self.record(id));
        self.writes([Write::Access(Box::new(next))]).await;
    }

    /// Everything that is due so many seconds after the beginning is done; what was said, to whom.
    pub(crate) async fn hears_at(&self, seconds: i64) -> Vec<String> {
        self.world.clock.set(at(seconds));
        self.world.store.disk.lock().unwrap().posts.clear();
        self.world.works().await;
        self.said()
    }

    pub(crate) fn said(&self) -> Vec<String> {
        let posts = self.world.store.disk().posts;
        let said = posts.into_values().flat_map(|post| {
            let to = post.place.to_string();
            let lines = plain(&post);
            lines.into_iter().map(move |line| format!("[{to}] {line}"))
        });
        said.collect()
    }

    /// Carol's account is made and locked, and its password is in a link.
    pub(crate) async fn offers(&self) {
        let access = made::access("A1", "carol", "7F3K", at(0), MONTH);
        let account = Account {
            locked: true,
            sessions: 0,
            of: Some(access.id.clone()),
        };
        self.rows(|rows| {
            rows.accounts.insert("cs_carol".into(), account);
        });
        let link = link(1, &access.id, "carol", at(0));
        let offered = access.offered(link.id.clone()).unwrap();
        self.writes([
            Write::NewOperation(over(&operation(&"7F3K".into()), true)),
            Write::NewAccess(Box::new(offered)),
            Write::NewLink {
                link: Box::new(link),
                content: b"a password".to_vec(),
            },
        ])
        .await;
    }

    pub(crate) async fn opens(&self) {
        let by = Visitor {
            peer: "10.2.3.4".into(),
            agent: String::new(),
        };
        let door = self.world.bot.door();
        door.redeem(&PathId([1; 16]), &proof(1), &auth(1), &by)
            .await
            .unwrap();
    }

    /// Carol has an account that can be used.
    pub(crate) async fn grants(&self) {
        self.offers().await;
        self.opens().await;
        self.hears_at(0).await;
        assert!(self.record("A1").usable());
    }

    pub(crate) async fn ends(&self, id: &str, why: Why) -> bool {
        let store = &*self.world.store;
        let now = self.world.bot.context().now();
        let batch = access::end(store, &self.record(id), why, now).await.unwrap();
        match batch {
            Some(batch) => store.commit(batch).await.is_ok(),
            None => false,
        }
    }
}

pub(crate) fn by_bob() -> Why {
    Why::Revoked { by: "bob".into() }
}

/// An access that was there before the story begins.
pub(crate) fn puts(disk: &mut Disk, access: Access) {
    disk.made.push(access.id.clone());
    disk.accesses.insert(access.id.clone(), access);
}
