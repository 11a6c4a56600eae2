//! The databases, the servers that they are on, and the apps whose passwords are changed there.

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use countersign_apps::{Apps, Urls};
use countersign_core::id::TargetName;
use countersign_core::link::Links;
use countersign_core::operation::{Announcement, Progress, Run, Trouble};
use countersign_core::secret::Secret;
use countersign_core::settings::Settings;
use countersign_core::time::Duration;
use countersign_databases::{AppUrls, Class, Classes, Current, Database, Databases, Known, Role, Wanted};
use countersign_mysql::{Column, Kill, Schema, Server, Table, UserName};

use super::Parts;
use crate::config::{self, Config, Endpoint};

/// How long a connection may take, the login included.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);

/// All of them; nothing if there are none.
pub(super) fn databases(
    config: &Config,
    apps: &Arc<Apps>,
    parts: &Parts,
    settings: &Arc<Settings>,
    links: Option<&Links>,
) -> anyhow::Result<Option<Arc<Databases>>> {
    if config.databases.is_empty() {
        return Ok(None);
    }
    for database in &config.databases {
        parts.scrubber.learn(&database.password);
    }
    let all = config
        .databases
        .iter()
        .map(database)
        .collect::<anyhow::Result<_>>()?;
    Ok(Some(Arc::new(Databases::new(
        all,
        Arc::clone(&parts.store),
        Arc::clone(&parts.random),
        Arc::clone(&parts.scrubber),
        Arc::clone(settings),
        links.cloned(),
        Some(Arc::new(OfApps(Urls::new(Arc::clone(apps))))),
    ))))
}

fn database(database: &config::Database) -> anyhow::Result<Database> {
    let replica = database.replica.as_ref();
    Ok(Database {
        target: database.name.clone(),
        app: database.app.clone(),
        rooms: database.rooms.clone(),
        schema: schema(database)?,
        primary: server(database, &database.primary)?,
        replica: replica.map(|at| server(database, at)).transpose()?,
        replica_address: replica.map(|at| (at.host.clone(), at.port)),
        ca: database.ca.clone(),
        ca_expires: database.ca.ends().into_iter().flatten().max(),
        days: database.days,
        max_days: database.max_days,
        remind: database.remind,
        classes: classes(database)?,
        accounts: database
            .accounts
            .iter()
            .map(known)
            .collect::<anyhow::Result<_>>()?,
    })
}

/// One of a database's servers, asked with the bot's account.
pub fn server(database: &config::Database, at: &Endpoint) -> anyhow::Result<Server> {
    Ok(Server::new(countersign_mysql::Settings {
        host: at.host.clone(),
        port: at.port,
        user: user(&database.user)?,
        password: database.password.clone(),
        trust: database.ca.clone(),
        kill: match database.kill {
            config::Kill::Statement => Kill::Statement,
            config::Kill::Rds => Kill::Rds,
        },
        connect_timeout: CONNECTS_WITHIN,
        timeout: ANSWERS_WITHIN,
    }))
}

/// The name of an account.
pub fn user(name: &str) -> anyhow::Result<UserName> {
    name.parse()
        .with_context(|| format!("{name} is no name of an account"))
}

/// The schema of a database.
pub fn schema(database: &config::Database) -> anyhow::Result<Schema> {
    let name = &database.schema;
    name.parse()
        .with_context(|| format!("{name} is no name of a schema"))
}

/// Which tables of a database may be read.
pub fn classes(database: &config::Database) -> anyhow::Result<Classes> {
    let patterns = |texts: &[String]| {
        let patterns = texts
            .iter()
            .map(|text| text.parse().with_context(|| format!("{text} is no pattern")));
        patterns.collect::<anyhow::Result<Vec<_>>>()
    };
    let table = |name: &str| {
        name.parse::<Table>()
            .with_context(|| format!("{name} is no name of a table"))
    };
    let column = |name: &String| {
        name.parse::<Column>()
            .with_context(|| format!("{name} is no name of a column"))
    };
    let tables = &database.tables;
    let columns = tables.columns.iter().map(|(name, columns)| {
        let columns = columns.iter().map(column).collect::<anyhow::Result<Vec<_>>>()?;
        Ok((table(name)?, columns))
    });
    Ok(Classes {
        read: patterns(&tables.read)?,
        never: patterns(&tables.never)?,
        columns: columns.collect::<anyhow::Result<_>>()?,
    })
}

/// Whether nobody has said if a table may be read.
pub fn is_unclassed(classes: &Classes, table: &Table) -> bool {
    classes.of(table) == Class::Unclassified
}

fn known(account: &config::Account) -> anyhow::Result<Known> {
    Ok(Known {
        name: user(&account.name)?,
        role: match &account.role {
            config::Role::Service { owner } => Role::Service { owner: owner.clone() },
            config::Role::App { app, var } => Role::App {
                app: app.clone(),
                var: var.clone(),
            },
        },
    })
}

/// What databases need of apps, by the pack of commands that knows them.
struct OfApps(Urls);

#[async_trait]
impl AppUrls for OfApps {
    async fn url(&self, app: &TargetName, var: &str) -> Result<Option<Secret>, Trouble> {
        self.0.value(app, var).await
    }

    async fn now(&self, app: &TargetName) -> Result<Current, Trouble> {
        let now = self.0.now(app).await?;
        Ok(Current {
            release: now.release,
            newest: now.newest,
        })
    }

    async fn change(&self, app: &TargetName, set: &[Wanted], newest: u64) -> Result<(), Trouble> {
        self.0.change(app, set, newest).await
    }

    async fn holds(&self, app: &TargetName, set: &[Wanted]) -> Result<bool, Trouble> {
        self.0.holds(app, set).await
    }

    async fn made(&self, app: &TargetName, newest: u64, vars: &[&str]) -> Result<Option<u64>, Trouble> {
        self.0.made(app, newest, vars).await
    }

    async fn released(&self, app: &TargetName, release: u64, after: &str) -> Result<Progress, Trouble> {
        self.0.released(app, release, after).await
    }

    async fn live(&self, app: &TargetName, release: u64, run: &Run<'_>) -> Result<Progress, Trouble> {
        self.0.live(app, release, run).await
    }

    async fn rollback_targets(&self, app: &TargetName) -> Result<Vec<String>, Trouble> {
        self.0.rollback_targets(app).await
    }

    fn news(
        &self,
        app: &TargetName,
        release: u64,
        what: &str,
        run: &Run<'_>,
    ) -> Result<Announcement, Trouble> {
        self.0.news(app, release, what, run)
    }
}
