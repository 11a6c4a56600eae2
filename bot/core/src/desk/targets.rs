//! Locks and holds.

use super::{Desk, answered};
use crate::audit::{self, Event};
use crate::command::{Ask, Outcome};
use crate::id::TargetName;
use crate::refusal::Refusal;
use crate::reply::Reply;
use crate::requests;
use crate::store::{Conflict, Lock, OperationsWhere, StoreError, Write};
use crate::text::{ago, span};
use crate::time::{Duration, after};

impl Desk {
    /// Reserves a target.
    pub async fn lock(
        &self,
        ask: &Ask<'_>,
        target: &TargetName,
        reason: String,
        time: Option<Duration>,
    ) -> Result<Outcome, Refusal> {
        let Some(person) = ask.person else {
            return Err(
                Refusal::new("I can't tell who you are").hint(format!("Type {}", ask.type_("whoami")))
            );
        };
        let lock = Lock {
            target: target.clone(),
            holder: person.id.clone(),
            reason: reason.clone(),
            since: ask.now,
            until: time.map(|time| after(ask.now, time)),
            place: ask.message.place.clone(),
        };
        let reply = self.locked(ask, target, time).await?;
        let entry = entry(ask, target, Event::Locked, format!("locked {target}: {reason}"));
        let batch = answered(ask, reply).write(Write::Lock(lock)).record(entry);
        match self.context.store.commit(batch).await {
            Ok(_) => Ok(Outcome::Said),
            Err(StoreError::Conflict(Conflict::Locked(lock))) => {
                let words = format!(
                    "{target} was locked by {} {} (\"{}\")",
                    lock.holder,
                    ago(lock.since, ask.now),
                    lock.reason
                );
                Err(Refusal::new(words).hint(format!("Ask {}.", lock.holder)))
            }
            Err(other) => Err(other.into()),
        }
    }

    /// What a lock means, and what it does not stop.
    async fn locked(
        &self,
        ask: &Ask<'_>,
        target: &TargetName,
        time: Option<Duration>,
    ) -> Result<Reply, Refusal> {
        let how_long = time
            .map(|time| format!(" for {}", span(time)))
            .unwrap_or_default();
        let unlock = ask.type_(&format!("unlock {target}"));
        let open = self.context.store.operations(OperationsWhere::Open).await?;
        let running = open
            .iter()
            .find(|operation| operation.plan.target.as_ref() == Some(target));
        let but = running.map(|operation| {
            let cancel = ask.type_(&format!("cancel {}", operation.id));
            format!(
                " Op {} is under way there and goes on; {cancel} stops it.",
                operation.id
            )
        });
        Ok(Reply::line(format!(
            "{target} is yours{how_long}: nobody else changes it. {unlock} ends that.{}",
            but.unwrap_or_default()
        )))
    }

    /// Ends a reservation, also somebody else's: that is told in the room where it was taken.
    pub async fn unlock(&self, ask: &Ask<'_>, target: &TargetName) -> Result<Outcome, Refusal> {
        let lock = self
            .context
            .store
            .locks()
            .await?
            .into_iter()
            .find(|lock| lock.target == *target);
        let (Some(lock), Some(person)) = (lock, ask.person) else {
            return Err(not_locked(target));
        };
        let own = lock.holder == person.id;
        let reply = if own {
            Reply::line(format!("{target} is free again."))
        } else {
            Reply::line(format!(
                "{target} is free again; {} had locked it (\"{}\").",
                lock.holder, lock.reason
            ))
        };
        let mut batch = answered(ask, reply).write(Write::Unlock {
            target: target.clone(),
            since: lock.since,
        });
        batch = batch.record(entry(
            ask,
            target,
            Event::Unlocked,
            format!(
                "unlocked {target}, which {} had locked: {}",
                lock.holder, lock.reason
            ),
        ));
        if !own {
            let words = format!("{}: {} took your lock off {target}.", lock.holder, person.id);
            batch = batch.write(Write::Enqueue(crate::reply::Post::to(
                lock.place.clone(),
                Reply::line(words),
            )));
        }
        match self.context.store.commit(batch).await {
            Ok(_) => Ok(Outcome::Said),
            Err(StoreError::Conflict(Conflict::NotLocked(_))) => Err(not_locked(target)),
            Err(other) => Err(other.into()),
        }
    }

    /// Ends a hold.
    pub async fn release_hold(
        &self,
        ask: &Ask<'_>,
        target: &TargetName,
        why: String,
    ) -> Result<Outcome, Refusal> {
        let entry = entry(
            ask,
            target,
            Event::Released,
            format!("released the hold on {target}: {why}"),
        );
        let deploy = ask.type_(&format!("deploy {target}"));
        let reply = Reply::line(format!(
            "{target} is not held any more; {deploy} is free to ship again."
        ));
        let batch = answered(ask, reply)
            .write(Write::ReleaseHold(target.clone()))
            .record(entry);
        match self.context.store.commit(batch).await {
            Ok(_) => Ok(Outcome::Said),
            Err(StoreError::Conflict(Conflict::NotHeld(_))) => {
                Err(Refusal::new(format!("{target} is not held")))
            }
            Err(other) => Err(other.into()),
        }
    }
}

fn not_locked(target: &TargetName) -> Refusal {
    Refusal::new(format!("{target} is not locked"))
}

fn entry(ask: &Ask<'_>, target: &TargetName, event: Event, words: String) -> audit::Entry {
    audit::Entry {
        target: Some(target.clone()),
        ..requests::entry(ask, event, words)
    }
}
