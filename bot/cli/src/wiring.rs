//! The one list of concrete types: everything that the bot is made of is named here and nowhere else. A new pack of
//! commands is a line in [`bot`]; a new adapter is handed in by whoever runs the bot.

use std::sync::Arc;

use anyhow::Context as _;
use countersign_apps::{App, Apps, Source};
use countersign_core::bot::Bot;
use countersign_core::chat::Adapter;
use countersign_core::command::Registry;
use countersign_core::context::{Actions, Context};
use countersign_core::id::ReplicaId;
use countersign_core::operation::Resume;
use countersign_core::random::Random;
use countersign_core::secret::Scrubber;
use countersign_core::speaker::Speaker;
use countersign_core::store::Store;
use countersign_core::time::Clock;
use countersign_github::GitHub;
use countersign_heroku::Heroku;

use crate::config::{self, Config};

/// What differs from one way of running the bot to another.
#[expect(missing_debug_implementations, reason = "its parts are behind traits")]
pub struct Parts {
    /// Everything that must not be lost.
    pub store: Arc<dyn Store>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where ids come from.
    pub random: Arc<dyn Random>,
    /// The networks.
    pub adapters: Vec<Arc<dyn Adapter>>,
    /// What must never be said; it learns the tokens, and what the commands see.
    pub scrubber: Arc<Scrubber>,
    /// Which process this is.
    pub replica: ReplicaId,
}

/// Puts the bot together.
pub fn bot(config: &Config, parts: Parts) -> anyhow::Result<Bot> {
    let scrubber = parts.scrubber;
    scrubber.learn(&config.heroku.token);
    scrubber.learn(&config.github.token);
    let apps = Arc::new(apps(config, &scrubber)?);

    let mut registry = Registry::new();
    countersign_basics::register(&mut registry)?;
    countersign_apps::register(&mut registry, &apps)?;
    let names: Vec<&str> = registry.iter().map(|command| command.spec().name).collect();
    config.check_commands(&names)?;

    let mut actions = Actions::default();
    actions.add(Arc::new(Resume::retry(Arc::clone(&parts.store))));
    actions.add(Arc::new(Resume::skip(Arc::clone(&parts.store))));
    for action in countersign_apps::actions(&apps) {
        actions.add(action);
    }

    let watchers = countersign_apps::watchers(&apps, config.heroku.poll);
    let context = Context {
        settings: Arc::new(config.settings()),
        store: parts.store,
        clock: parts.clock,
        random: parts.random,
        actions,
        scrubber: Arc::clone(&scrubber),
        pages: Arc::default(),
        replica: parts.replica,
    };
    Ok(Bot::new(
        context,
        registry,
        Speaker::new(parts.adapters, scrubber),
        watchers,
    ))
}

fn apps(config: &Config, scrubber: &Arc<Scrubber>) -> anyhow::Result<Apps> {
    let heroku = countersign_heroku::Settings {
        base_url: config.heroku.url.clone(),
        timeout: config.heroku.timeout,
        ..countersign_heroku::Settings::new(config.heroku.token.clone())
    };
    let github = countersign_github::Settings {
        base_url: config.github.url.clone(),
        timeout: config.github.timeout,
        ..countersign_github::Settings::new(config.github.token.clone())
    };
    let heroku = Heroku::new(heroku).context("the Heroku client cannot be made")?;
    let github = GitHub::new(github).context("the GitHub client cannot be made")?;
    let apps = config
        .apps
        .iter()
        .map(|app| self::app(app, config))
        .collect::<anyhow::Result<_>>()?;
    Ok(Apps::new(apps, heroku, github, Arc::clone(scrubber)))
}

fn app(app: &config::App, config: &Config) -> anyhow::Result<App> {
    let wrong = |what: &str| {
        format!(
            "{what} of the app {} is no name that the provider knows",
            app.name
        )
    };
    let source = match &app.deploys_from {
        Some(from) => Source::Pushed {
            from: from.parse().with_context(|| wrong("deploys_from"))?,
        },
        None => Source::Followed,
    };
    let rooms = config
        .settings()
        .targets
        .get(&app.name)
        .map(|target| target.rooms.clone())
        .unwrap_or_default();
    Ok(App {
        target: app.name.clone(),
        heroku: app.heroku.parse().with_context(|| wrong("heroku"))?,
        repository: app.repository.parse().with_context(|| wrong("repository"))?,
        branch: app.branch.parse().with_context(|| wrong("branch"))?,
        source,
        auto_deploy: app.auto_deploy,
        site: app.site.to_string(),
        rooms,
        starts_within: app.starts_within,
        migrations: app.migrations.clone(),
    })
}
