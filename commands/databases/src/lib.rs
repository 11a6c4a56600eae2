#![doc = include_str!("../README.md")]

mod access;
mod args;
mod authority;
mod classes;
mod databases;
mod db;
mod intended;
mod list;
mod passwd;
mod refresh;
mod replica;
mod show;
mod trouble;
mod words;

use std::sync::Arc;

use countersign_core::access::Keeper;
use countersign_core::command::{self, Registry, RegistryError};
use countersign_core::id::CommandPath;
use countersign_core::operation::Action;
use countersign_core::watch::Watcher;

pub use classes::{Class, Classes, Pattern, PatternError};
pub use databases::{Database, Databases, Known, Role};
pub use passwd::{AppUrls, Current, Wanted};
pub use replica::BEHIND;

/// Adds the command of this crate.
pub fn register(registry: &mut Registry, databases: &Arc<Databases>) -> Result<(), RegistryError> {
    registry.add(db::Db::new(Arc::clone(databases)))
}

/// What rules may name of it, also before there are any databases.
pub fn paths() -> Vec<CommandPath> {
    command::paths::<args::Args>(db::NAME)
}

/// How its plans are executed.
pub fn actions(databases: &Arc<Databases>) -> Vec<Arc<dyn Action>> {
    let mut actions: Vec<Arc<dyn Action>> = vec![
        Arc::new(access::Hand::new(Arc::clone(databases))),
        Arc::new(access::Check::new(Arc::clone(databases))),
        Arc::new(access::Renew::new(Arc::clone(databases))),
        Arc::new(access::Revoke::new(Arc::clone(databases))),
        Arc::new(refresh::Refresh::new(Arc::clone(databases))),
    ];
    actions.extend(passwd::actions(databases));
    actions
}

/// What tells that the certificates which vouch for the servers come to their end.
pub fn watchers(databases: &Arc<Databases>) -> Vec<Arc<dyn Watcher>> {
    authority::Authority::all(databases)
}

/// What does at the servers what the records of accesses say.
pub fn keeper(databases: &Arc<Databases>) -> Arc<dyn Keeper> {
    Arc::new(access::Tend::new(Arc::clone(databases)))
}
