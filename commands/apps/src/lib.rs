#![doc = include_str!("../README.md")]

mod app;
mod change;
mod deploy;
mod follow;
mod news;
mod rollback;

mod trouble;
mod words;

use std::sync::Arc;

use countersign_core::command::{Registry, RegistryError};
use countersign_core::operation::Action;

pub use app::{App, Apps, Source};

/// Adds the commands of this crate.
pub fn register(registry: &mut Registry, apps: &Arc<Apps>) -> Result<(), RegistryError> {
    registry.add(deploy::Deploy::new(Arc::clone(apps)))?;
    registry.add(rollback::Rollback::new(Arc::clone(apps)))
}

/// How their plans are executed.
pub fn actions(apps: &Arc<Apps>) -> Vec<Arc<dyn Action>> {
    vec![
        Arc::new(deploy::Ship::push(Arc::clone(apps))),
        Arc::new(deploy::Ship::follow(Arc::clone(apps))),
        Arc::new(rollback::Back::new(Arc::clone(apps))),
    ]
}
