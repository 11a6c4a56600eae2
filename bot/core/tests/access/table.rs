//! What those who play do: grant, renew, revoke, as the commands do it.

use std::sync::Arc;

use countersign_core::access::{self, Access, State, Why};
use countersign_core::store::{AccessesWhere, Batch, Conflict, Store as _, StoreError, Write};
use countersign_core::time::{Duration, Timestamp, after};

use super::made::{self, NAMES, access, operation, over};
use super::server::{Account, Server};
use super::world::World;

/// How long an access lasts.
const LASTS: Duration = Duration::from_hours(4);

/// The bot and its server.
pub(crate) struct Table {
    pub(crate) world: World,
    pub(crate) server: Arc<Server>,
}

impl Table {
    fn now(&self) -> Timestamp {
        self.world.bot.context().now()
    }

    /// What a grant does: the record first, then the locked account, then the link with the record.
    pub(crate) async fn grant(&self, n: u8) -> Result<(), String> {
        let store = &self.world.store;
        let failed = |error: StoreError| error.to_string();
        let name = NAMES[usize::from(n) % 3];
        let (id, running) = (format!("A{n}"), format!("O{n}"));
        let begun = operation(&running.as_str().into());
        store
            .commit(Batch::of(Write::NewOperation(begun)))
            .await
            .map_err(failed)?;
        let record = access(&id, name, &running, self.now(), LASTS);
        store
            .commit(Batch::of(Write::NewAccess(Box::new(record.clone()))))
            .await
            .map_err(failed)?;
        let account = Account {
            locked: true,
            sessions: 0,
            of: Some(record.id.clone()),
        };
        let made = self.server.run(|rows| {
            let is_free = !rows.accounts.contains_key(&record.account);
            if is_free {
                rows.accounts.insert(record.account.clone(), account);
            }
            is_free
        });
        if !made.await.map_err(|trouble| trouble.to_string())? {
            return Err("there is such an account".to_owned());
        }
        let link = made::link(n, &record.id, name, self.now());
        let record = store.access(&record.id).await.map_err(failed)?.unwrap();
        let offered = record.offered(link.id.clone()).ok_or("it is over")?;
        let offer = Batch::of(Write::NewLink {
            link: Box::new(link),
            content: b"a password".to_vec(),
        });
        store
            .commit(offer.write(Write::Access(Box::new(offered))))
            .await
            .map_err(failed)?;
        Ok(())
    }

    pub(crate) async fn over(&self, n: u8, good: bool) {
        let id = format!("O{n}");
        let found = self
            .world
            .store
            .operation(&id.as_str().into())
            .await
            .ok()
            .flatten();
        if let Some(found) = found {
            let end = Write::Operation(over(&found, good));
            self.world.store.commit(Batch::of(end)).await.ok();
        }
    }

    /// One of those that are open, if there is one such.
    async fn one(&self, detail: u64, such: fn(&Access) -> bool) -> Result<Option<Access>, StoreError> {
        let open = AccessesWhere::Open { database: None };
        let mut open = self.world.store.accesses(open).await?;
        open.retain(such);
        let one = usize::try_from(detail).unwrap() % open.len().max(1);
        Ok(open.into_iter().nth(one))
    }

    /// By anything between a second and more than is allowed.
    pub(crate) async fn renew(&self, detail: u64) -> Result<(), StoreError> {
        let Some(access) = self.one(detail, Access::usable).await? else {
            return Ok(());
        };
        let now = self.now();
        let by = match detail % 5 {
            0 => Duration::MAX,
            1 => LASTS * 3,
            _ => Duration::from_secs(detail % 30_000),
        };
        let Ok(ends) = access.renewal(by, now) else {
            return Ok(());
        };
        let latest = access.latest_end.unwrap();
        assert!(
            access
                .renewed(after(latest, Duration::from_millis(1)), None, now)
                .is_err(),
            "L11: not by a millisecond"
        );
        let renewed = access.renewed(ends, None, now).unwrap();
        self.world
            .store
            .commit(Batch::of(Write::Access(Box::new(renewed))))
            .await?;
        Ok(())
    }

    /// Somebody takes one away, again and again until it is done: what is over stays as it is.
    pub(crate) async fn revoke(&self, detail: u64) -> Result<(), StoreError> {
        let Some(mut access) = self.one(detail, |_| true).await? else {
            return Ok(());
        };
        let store = &*self.world.store;
        let why = Why::Revoked { by: "bob".into() };
        while let Some(batch) = access::end(store, &access, why.clone(), self.now()).await? {
            match store.commit(batch).await {
                Ok(_) | Err(StoreError::Conflict(Conflict::Access(_) | Conflict::Link(_))) => {}
                Err(other) => return Err(other),
            }
            access = store.access(&access.id).await?.unwrap();
        }
        assert!(matches!(access.state, State::Ending { .. } | State::Ended { .. }));
        Ok(())
    }
}
