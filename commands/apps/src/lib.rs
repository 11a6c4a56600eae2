#![doc = include_str!("../README.md")]

mod app;
mod change;
mod config;
mod deploy;
mod deployed;
mod facts;
mod follow;
mod list;
mod news;
mod releases;
mod rollback;
mod trouble;
mod urls;
mod watch;
mod words;

use std::sync::Arc;

use countersign_core::command::{Registry, RegistryError};
use countersign_core::operation::Action;
use countersign_core::time::Duration;
use countersign_core::watch::Watcher;

pub use app::{App, Apps, Source};
pub use urls::{Now, Urls, Wanted};

/// Adds the commands of this crate.
pub fn register(registry: &mut Registry, apps: &Arc<Apps>) -> Result<(), RegistryError> {
    registry.add(list::List::new(Arc::clone(apps)))?;
    registry.add(deployed::Deployed::new(Arc::clone(apps)))?;
    registry.add(releases::Releases::new(Arc::clone(apps)))?;
    registry.add(deploy::Deploy::new(Arc::clone(apps)))?;
    registry.add(rollback::Rollback::new(Arc::clone(apps)))?;
    registry.add(config::Config::new(Arc::clone(apps)))
}

/// How their plans are executed.
pub fn actions(apps: &Arc<Apps>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(deploy::Ship::push(Arc::clone(apps))),
        Arc::new(deploy::Ship::follow(Arc::clone(apps))),
        Arc::new(rollback::Back::new(Arc::clone(apps))),
        Arc::new(config::Hand::new(Arc::clone(apps))),
        Arc::new(config::Change::set(Arc::clone(apps))),
        Arc::new(config::Change::unset(Arc::clone(apps))),
    ]
}

/// What tells of releases that others made. Each looks this often.
pub fn watchers(apps: &Arc<Apps>, every: Duration) -> Vec<Arc<dyn Watcher>> {
    let watch = |app: &App| -> Arc<dyn Watcher> { Arc::new(watch::Watch::new(Arc::clone(apps), app, every)) };
    apps.iter().map(watch).collect()
}
