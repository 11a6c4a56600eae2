//! SIGHUP: the configuration is read again. It is taken whole, or not at all, and either way the people who look after
//! the bot are told.

use std::sync::Arc;

use anyhow::ensure;
use countersign_core::audit::{Entry, Event};
use countersign_core::reply::Tone;
use countersign_core::store::Batch;
use countersign_core::text::count;

use super::work::Work;
use super::{Serve, tell};
use crate::config::{Config, ConfigError};
use crate::wiring;

/// Changes that are told in chat; the log has all.
const TOLD: usize = 5;

impl Serve {
    pub(super) async fn reload(&mut self) {
        match self.try_reload().await {
            Ok(changes) => {
                for change in &changes {
                    tracing::info!("configuration reloaded: {change}");
                }
                let words = format!("configuration reloaded by SIGHUP: {}.", summary(&changes));
                tracing::info!("{words}");
                self.record(&changes).await;
                tell(&*self.store, &self.config.bot.tell, &words, Tone::Good).await;
            }
            Err(error) => {
                tracing::error!("the new configuration was not taken: {error:#}");
                let words = format!(
                    "the new configuration was not taken: {}; the old one goes on.",
                    in_short(&error)
                );
                tell(&*self.store, &self.config.bot.tell, &words, Tone::Bad).await;
            }
        }
    }

    /// Roles and rules may be others now: that belongs to what must be proven afterwards.
    async fn record(&self, changes: &[String]) {
        let words = format!("took another configuration: {}", changes.join("; "));
        let entry = Entry::new(self.clock.now(), Event::Reloaded, words);
        if let Err(error) = self.store.commit(Batch::default().record(entry)).await {
            tracing::error!(%error, "that another configuration was taken is not recorded");
        }
    }

    async fn try_reload(&mut self) -> anyhow::Result<Vec<String>> {
        let new = Config::load(&self.path, &*self.surroundings.environment)?;
        ensure!(
            new.bot.data == self.config.bot.data && new.local.socket == self.config.local.socket,
            "it has another data folder or another local socket; only a restart changes those"
        );
        ensure!(
            same(&self.config, &new),
            "it has another [web]; only a restart changes that"
        );
        wiring::openable(&new, &*self.store).await?;
        // If a bot cannot be made of it, nothing must have changed: so one is made on trial, with the networks of now.
        drop(self.make_bot(&new)?);
        let changes = self.config.changes(&new);
        self.networks.change(&self.config, &new).await;
        let bot = Arc::new(self.make_bot(&new)?);
        if let Some(web) = &self.web {
            web.turn_to(&bot, self.networks.adapters());
        }
        // What is being dealt with keeps the old bot.
        self.bot = bot;
        self.config = new;
        self.work = Some(match self.work.take() {
            Some(work) => work.hand_over(&self.bot),
            None => Work::start(&self.bot, self.pace()),
        });
        Ok(changes)
    }
}

/// Whether the web side is the same.
fn same(old: &Config, new: &Config) -> bool {
    format!("{:?}", old.web) == format!("{:?}", new.web)
}

fn summary(changes: &[String]) -> String {
    if changes.is_empty() {
        return "nothing is different".to_owned();
    }
    let told = changes.iter().take(TOLD).cloned().collect::<Vec<_>>().join(" · ");
    match changes.len().saturating_sub(TOLD) {
        0 => told,
        more => format!("{told} · {}, see the log", count(more, "more change")),
    }
}

fn in_short(error: &anyhow::Error) -> String {
    match error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Wrong { problems, .. }) => {
            format!("{}, see the log", count(problems.len(), "problem"))
        }
        Some(ConfigError::Read { .. }) => "its file cannot be read, see the log".to_owned(),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_in_one_line() {
        let changes: Vec<String> = (1..=7).map(|n| format!("person p{n}: new")).collect();
        assert_eq!(summary(&[]), "nothing is different");
        assert_eq!(summary(&changes[..2]), "person p1: new · person p2: new");
        assert_eq!(
            summary(&changes),
            "person p1: new · person p2: new · person p3: new · person p4: new · person p5: new · 2 more changes, see the log"
        );
    }
}
