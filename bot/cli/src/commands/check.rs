//! `countersign check`: tries everything that the configuration names before the bot is started. One thing that is
//! wrong does not hide the next.

mod clock;
mod databases;
mod finding;
mod folder;
mod keys;
mod networks;
mod services;
mod socket;
mod trust;
mod web;
mod written;

use std::pin::Pin;
use std::sync::Arc;

use countersign_core::time::Clock;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;

use self::finding::{Findings, Printer};
use super::Surroundings;
use crate::args::Check;
use crate::clock::SystemClock;
use crate::config::{Config, ConfigError};

/// Something is wrong; it has been said.
#[derive(Debug, thiserror::Error)]
#[error("something is wrong with what the configuration says or names")]
pub struct Failed;

/// A part of the check.
type Part = Pin<Box<dyn Future<Output = Findings> + Send>>;

pub(super) async fn run(args: &Check, surroundings: Surroundings) -> anyhow::Result<()> {
    let mut printer = Printer::new(args.json);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    match read(args, &surroundings) {
        Err(error) => {
            printer.print(&written::unusable(&error, args.json))?;
            printer.print(&trust::system(true))?;
            let mut rest = Findings::default();
            rest.skip(
                "the rest",
                "cannot be checked before the configuration can be used",
            );
            printer.print(&rest)?;
        }
        Ok(config) => {
            for secret in config.secrets() {
                surroundings.scrubber.learn(secret);
            }
            // All at once, because some wait for others' machines; said in order, as soon as they can be.
            let mut parts: FuturesOrdered<Part> = parts(args, &surroundings, &Arc::new(config), &clock)
                .into_iter()
                .collect();
            while let Some(findings) = parts.next().await {
                printer.print(&findings)?;
            }
        }
    }
    printer.sum_up()
}

fn read(args: &Check, surroundings: &Surroundings) -> Result<Config, ConfigError> {
    let environment = &surroundings.environment;
    Config::load(&args.configured.config, &|name| environment(name))
}

fn parts(
    args: &Check,
    surroundings: &Surroundings,
    config: &Arc<Config>,
    clock: &Arc<dyn Clock>,
) -> Vec<Part> {
    let now = clock.now();
    let mut parts: Vec<Part> = vec![
        ready(written::check(config, args.json, surroundings)),
        ready(trust::check(config, now)),
        ready(databases::authorities(config, now)),
        Box::pin(folder::check(Arc::clone(config))),
        Box::pin(socket::check(config.local.socket.clone())),
    ];
    parts.push(ready(web::certificate(config, now)));
    parts.push(ready(web::addresses(config)));
    parts.push(Box::pin(keys::check(Arc::clone(config))));
    if args.offline {
        parts.push(ready(networks::skipped(config)));
        parts.push(ready(databases::skipped(config)));
        return parts;
    }
    parts.push(Box::pin(web::address(Arc::clone(config))));
    parts.push(Box::pin(services::check(Arc::clone(config), Arc::clone(clock))));
    for database in &config.databases {
        parts.push(Box::pin(databases::check(database.clone(), now)));
    }
    for settings in &config.irc {
        parts.push(Box::pin(networks::check(settings.clone(), Arc::clone(clock))));
    }
    parts
}

fn ready(findings: Findings) -> Part {
    Box::pin(std::future::ready(findings))
}
