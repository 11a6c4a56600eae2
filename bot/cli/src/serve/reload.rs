//! SIGHUP: the configuration is read again. It is taken whole, or not at all, and either way the people who look after
//! the bot are told.

use std::sync::Arc;

use anyhow::ensure;
use countersign_core::audit::{Entry, Event};
use countersign_core::reply::Tone;
use countersign_core::store::Batch;
use countersign_core::text::{count, join};

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
                    "the new configuration was not taken: {}. The old configuration stays in force.",
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
        fits(&self.config, &new)?;
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

/// Whether a bot that runs with the old one can take the new one.
fn fits(old: &Config, new: &Config) -> anyhow::Result<()> {
    ensure!(
        new.bot.data == old.bot.data && new.local.socket == old.local.socket,
        "it has another data folder or another local socket; only a restart changes those"
    );
    let web = old.web_changes(new);
    ensure!(web.is_empty(), "{}, which needs a restart", join(web, " and "));
    if let (Some(old), Some(new)) = (&old.secrets, &new.secrets) {
        // Until the change the bot seals with the old one, whatever was looked at before.
        let (before, after) = (old.keys.current_id(), new.keys.current_id());
        ensure!(
            new.keys.ids().contains(&before),
            "secrets.key would go from {before} to {after}, and what {before} sealed could not be opened any more: add it to \
             secrets.old_keys"
        );
    }
    Ok(())
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

    /// A configuration with this in `[web]` and `[secrets]`; the environment has a key for every letter.
    fn config(web: &str, secrets: &str) -> Config {
        let text = format!(
            "[heroku]\ntoken = {{ env = \"A\" }}\n[github]\ntoken = {{ env = \"A\" }}\n\
             [web]\nurl = \"http://localhost:8480/\"\n{web}\n[secrets]\n{secrets}\n"
        );
        let env = |name: &str| Some(name.to_lowercase().repeat(64));
        Config::parse("test.toml", &text, std::path::Path::new(""), &env).unwrap()
    }

    #[test]
    fn what_needs_a_restart_is_refused_with_the_keys_that_changed() {
        let key = "key = { env = \"A\" }";
        let old = config("", key);
        fits(&old, &config("", key)).unwrap();
        let others = "listen = \"127.0.0.1:8481\"\nadmin = \"127.0.0.1:9480\"";
        assert_eq!(
            fits(&old, &config(others, key)).unwrap_err().to_string(),
            "web.listen would go from 127.0.0.1:8480 to 127.0.0.1:8481 and web.admin would go from none to 127.0.0.1:9480, \
             which needs a restart"
        );
    }

    #[test]
    fn the_key_in_use_stays_among_the_keys() {
        let old = config("", "key = { env = \"A\" }");
        let [a, b] = ["a", "b"].map(|digit| {
            let key = digit.repeat(64).into();
            countersign_secrets::at_rest::SealingKey::of(&key).unwrap().id()
        });
        assert_eq!(
            fits(&old, &config("", "key = { env = \"B\" }"))
                .unwrap_err()
                .to_string(),
            format!(
                "secrets.key would go from {a} to {b}, and what {a} sealed could not be opened any more: add it to \
                 secrets.old_keys"
            )
        );
        let rotated = config("", "key = { env = \"B\" }\nold_keys = [{ env = \"A\" }]");
        fits(&old, &rotated).unwrap();
    }
}
