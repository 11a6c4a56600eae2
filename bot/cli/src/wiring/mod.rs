//! The one list of concrete types: everything that the bot is made of is named here and nowhere else. A new pack of
//! commands is a line in [`bot`], a new kind of network a few in [`Networks`].

mod databases;
mod networks;
mod secrets;

use std::sync::Arc;

use anyhow::Context as _;
use countersign_apps::{App, Apps, Source};
use countersign_core::audit::Notary;
use countersign_core::bot::Bot;
use countersign_core::chat::Adapter;
use countersign_core::command::Registry;
use countersign_core::context::{Actions, Context};
use countersign_core::id::{CommandPath, ReplicaId};
use countersign_core::operation::Resume;
use countersign_core::random::Random;
use countersign_core::secret::Scrubber;
use countersign_core::speaker::Speaker;
use countersign_core::store::Store;
use countersign_core::time::Clock;
use countersign_github::GitHub;
use countersign_heroku::Heroku;

use crate::config::{self, Config, ConfigError};
use crate::signing::SigningKey;

pub use databases::{classes, is_unclassed, schema, server, user};
pub use networks::{Ears, Networks, rooms};
pub use secrets::openable;

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
    let scrubber = Arc::clone(&parts.scrubber);
    scrubber.learn(&config.heroku.token);
    scrubber.learn(&config.github.token);
    networks::learn(config, &scrubber);
    if let Some(audit) = &config.audit {
        scrubber.learn(&audit.key);
    }
    for key in config.secrets.iter().flat_map(|secrets| &secrets.texts) {
        scrubber.learn(key);
    }
    let links = secrets::links(config, &parts.adapters, &parts.store, &parts.random);
    let settings = Arc::new(config.settings());
    let apps = match &links {
        Some(links) => apps(config, &scrubber)?.with_links(links.clone(), Arc::clone(&settings)),
        None => apps(config, &scrubber)?,
    };
    let apps = Arc::new(apps);
    let databases = databases::databases(config, &apps, &parts, &settings, links.as_ref())?;
    let mut registry = registry(&apps)?;
    if let Some(databases) = &databases {
        countersign_databases::register(&mut registry, databases)?;
    }
    check_commands(config, &registry)?;

    let mut actions = Actions::default();
    actions.add(Arc::new(Resume::retry(Arc::clone(&parts.store))));
    actions.add(Arc::new(Resume::skip(Arc::clone(&parts.store))));
    let of_databases = databases.iter().flat_map(countersign_databases::actions);
    for action in countersign_apps::actions(&apps).into_iter().chain(of_databases) {
        actions.add(action);
    }

    let mut watchers = countersign_apps::watchers(&apps, config.heroku.poll);
    watchers.extend(databases.iter().flat_map(countersign_databases::watchers));
    let context = Context {
        settings,
        store: Arc::clone(&parts.store),
        clock: parts.clock,
        random: parts.random,
        actions,
        scrubber: Arc::clone(&scrubber),
        pages: Arc::default(),
        notary: notary(config, &parts.store)?,
        keeper: databases.as_ref().map(countersign_databases::keeper),
        links,
        replica: parts.replica,
    };
    Ok(Bot::new(
        context,
        registry,
        Speaker::new(parts.adapters, scrubber),
        watchers,
    ))
}

/// Who posts checkpoints of the audit, if they are to be posted.
fn notary(config: &Config, store: &Arc<dyn Store>) -> anyhow::Result<Option<Notary>> {
    let Some((audit, room)) = config
        .audit
        .as_ref()
        .and_then(|audit| Some((audit, audit.room.clone()?)))
    else {
        return Ok(None);
    };
    let signer = Arc::new(SigningKey::of(&audit.key)?);
    Ok(Some(Notary::new(Arc::clone(store), signer, room, audit.every)))
}

/// Every command but those of databases, which there are if there are databases.
pub fn registry(apps: &Arc<Apps>) -> anyhow::Result<Registry> {
    let mut registry = Registry::new();
    countersign_basics::register(&mut registry)?;
    countersign_apps::register(&mut registry, apps)?;
    Ok(registry)
}

/// Checks that rules name only commands and subcommands that there are. Rules may name those of databases before there are any.
pub fn check_commands(config: &Config, registry: &Registry) -> Result<(), ConfigError> {
    let databases = countersign_databases::paths();
    let paths = registry.paths().chain(&databases).map(CommandPath::as_str);
    config.check_commands(&paths.collect::<Vec<_>>())
}

/// The apps, and the services that they are on.
pub fn apps(config: &Config, scrubber: &Arc<Scrubber>) -> anyhow::Result<Apps> {
    let heroku = Heroku::new(config.heroku.client()).context("the Heroku client cannot be made")?;
    let github = GitHub::new(config.github.client()).context("the GitHub client cannot be made")?;
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
        must_be_set: app.must_be_set.clone(),
        plain_config: app.plain_config.clone(),
    })
}
