//! The configuration: one TOML file, checked whole before anything starts.
//!
//! One file per section, each key with its default and unit in its doc comment; the reference that
//! `countersign config explain` prints is made of those. A [`Config`] that was made is consistent: every role,
//! person and target that a rule names exists, every account is one person's. Whatever is wrong is told with file,
//! line and column, and what to do.
//!
//! Secrets are named by where they are, never written down, and only ever come out as
//! [`Secret`]. The environment is a parameter.

mod address;
mod app;
mod audit;
mod bot;
mod changes;
mod database;
mod document;
mod endpoint;
mod error;
mod github;
mod heroku;
mod irc;
mod local;
mod mask;
mod network;
mod person;
mod places;
mod reference;
mod rule;
mod secret;
mod secrets;
mod span;
mod web;

use std::collections::BTreeMap;
use std::path::Path;

use countersign_core::id::TargetName;
use countersign_core::message::Room;
use countersign_core::person::{Directory, Person};
use countersign_core::policy::{Names, Policy};
use countersign_core::secret::Secret;
use countersign_core::settings::{Settings, Target, TargetKind};
use schemars::JsonSchema;
use serde::Deserialize;

use self::database::DatabaseSection;
use self::document::{Document, Key, Problems};
use self::heroku::HerokuSection;
use self::irc::IrcSection;
use self::local::LocalSection;
use self::network::Networks;
use self::person::PersonSection;
use self::rule::{ForbidSection, Known, RuleSection};
use self::secret::Sources;

pub use self::app::App;
pub use self::audit::Audit;
pub use self::bot::Bot;
pub use self::changes::IrcChange;
pub use self::database::{Account, Database, Kill, Role, Tables};
pub use self::endpoint::Endpoint;
pub use self::error::{ConfigError, Problem};
pub use self::github::Github;
pub use self::heroku::Heroku;
pub use self::local::Local;
pub use self::network::{CONSOLE, LOCAL};
pub use self::places::Places;
pub use self::reference::{NoSuchKey, explain, schema};
pub use self::secret::Environment;
pub use self::secrets::Secrets;

/// What the configuration says.
#[derive(Debug)]
pub struct Config {
    /// The bot itself.
    pub bot: Bot,
    /// Where the apps run.
    pub heroku: Heroku,
    /// Where their code is.
    pub github: Github,
    /// The apps, in the order of the file.
    pub apps: Vec<App>,
    /// The databases, in the order of the file.
    pub databases: Vec<Database>,
    /// The IRC networks, each with every room that the bot is in there.
    pub irc: Vec<countersign_irc::Settings>,
    /// The way in for people on this machine.
    pub local: Local,
    /// Checkpoints of the audit, if they are wanted.
    pub audit: Option<Audit>,
    /// The pages, if secrets are to be handed over.
    pub web: Option<countersign_web::Settings>,
    /// How secrets are kept; there if the pages are.
    pub secrets: Option<Secrets>,
    directory: Directory,
    policy: Policy,
    document: Document,
}

/// The file as it is written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "The configuration of countersign")]
struct Sections {
    #[serde(default)]
    bot: Bot,
    heroku: HerokuSection,
    github: github::GithubSection,
    /// The IRC networks that the bot is on: one `[[irc]]` each.
    #[serde(default)]
    irc: Vec<IrcSection>,
    #[serde(default)]
    local: LocalSection,
    audit: Option<audit::AuditSection>,
    web: Option<web::WebSection>,
    secrets: Option<secrets::SecretsSection>,
    /// The apps that plans can act on: one `[[app]]` each.
    #[serde(default)]
    app: Vec<App>,
    /// The databases on which people are given accounts: one `[[database]]` each.
    #[serde(default)]
    database: Vec<DatabaseSection>,
    /// The people whom the bot knows: one `[[person]]` each.
    #[serde(default)]
    person: Vec<PersonSection>,
    /// What is allowed: one `[[rule]]` each; the first in the file that matches decides, also where a later one is
    /// more exact. What no rule allows is refused.
    #[serde(default)]
    rule: Vec<RuleSection>,
    /// What is forbidden whatever the rules allow: one `[[forbid]]` each.
    #[serde(default)]
    forbid: Vec<ForbidSection>,
}

impl Config {
    /// Reads and checks a file.
    pub fn load(path: &Path, env: &Environment<'_>) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&name, &text, path.parent().unwrap_or(Path::new("")), env),
            Err(source) => Err(ConfigError::Read { name, source }),
        }
    }

    /// Checks a text. `name` is what errors call it; relative paths in it start at `folder`.
    pub fn parse(name: &str, text: &str, folder: &Path, env: &Environment<'_>) -> Result<Self, ConfigError> {
        let document = Document::new(name, text);
        let mut written: Sections = document.read()?;
        let mut problems = Problems::of(&document);
        let networks = Networks::new(written.irc.iter().map(|irc| irc.network.clone()).collect());
        written.bot.check(&mut problems);
        written.bot.resolve(folder, &networks, &mut problems);
        app::check(&written.app, &mut problems);
        app::resolve(&mut written.app, &networks, &mut problems);
        secrets::check(written.web.is_some(), written.secrets.is_some(), &mut problems);
        database::check(
            written.database.len(),
            written.web.is_some() || written.secrets.is_some(),
            &mut problems,
        );
        let people: Vec<Person> = written.person.into_iter().map(Person::from).collect();
        let web = written.web.map(|web| web.resolve(folder, &mut problems));
        let mut sources = Sources {
            folder,
            env,
            problems: &mut problems,
        };
        let heroku = written.heroku.resolve(&mut sources);
        let github = written.github.resolve(&mut sources);
        let audit = written.audit.map(|audit| audit.resolve(&networks, &mut sources));
        let secrets = written.secrets.and_then(|secrets| secrets.resolve(&mut sources));
        let around = database::Around {
            apps: &written.app,
            people: &people,
            networks: &networks,
        };
        let named_databases = database::names(&written.database);
        let databases = database::resolve(written.database, &around, &mut sources);
        let named = rooms(&written.app, &databases, &written.bot, audit.as_ref());
        let irc = irc::resolve(written.irc, &written.bot.name, &named, &networks, &mut sources);
        let directory = person::directory(&people, &networks, &mut problems);
        let known = Known::of(&written.app, &named_databases, &people, &networks);
        let policy = rule::policy(written.forbid, written.rule, &known, &mut problems);
        if problems.is_empty() {
            rule::check(&policy, &directory, &mut problems);
        }
        problems.done()?;
        Ok(Self {
            local: written.local.resolve(folder, &written.bot.data),
            bot: written.bot,
            heroku,
            github,
            apps: written.app,
            databases,
            irc,
            audit,
            web,
            secrets,
            directory,
            policy,
            document,
        })
    }

    /// The same people, apps and rules in a terminal: every room is one of the console's, and everybody has the
    /// account of their own name there. No other network is left.
    #[must_use]
    pub fn for_terminal(mut self) -> Self {
        let here = |room: &mut Room| room.network = CONSOLE.into();
        self.apps.iter_mut().flat_map(|app| &mut app.rooms).for_each(here);
        self.databases
            .iter_mut()
            .flat_map(|database| &mut database.rooms)
            .for_each(here);
        self.bot.tell.iter_mut().for_each(here);
        for rule in self.policy.forbid.iter_mut().chain(&mut self.policy.allow) {
            if let Names::Of(rooms) = &mut rule.rooms {
                for room in rooms {
                    *room = network::bare(room).to_owned();
                }
            }
        }
        self.directory = person::in_terminal(&self.directory);
        self.irc.clear();
        self.audit = None;
        self
    }

    /// Every secret that it names, for whoever keeps them out of texts.
    pub fn secrets(&self) -> Vec<&Secret> {
        let tokens = [&self.heroku.token, &self.github.token];
        let key = self.audit.iter().map(|audit| &audit.key);
        let sealing = self.secrets.iter().flat_map(|secrets| &secrets.texts);
        let networks = self.irc.iter().flat_map(irc::secrets);
        let databases = self.databases.iter().map(|database| &database.password);
        tokens
            .into_iter()
            .chain(key)
            .chain(sealing)
            .chain(networks)
            .chain(databases)
            .collect()
    }

    /// Checks that rules name only commands and subcommands that there are.
    pub fn check_commands(&self, known: &[&str]) -> Result<(), ConfigError> {
        let mut problems = Problems::of(&self.document);
        rule::check_commands(&self.policy, known, &mut problems);
        problems.done()
    }

    /// What is probably not meant, though it can be: a line each.
    pub fn doubts(&self) -> Vec<String> {
        let findings = self.policy.check(&self.directory).into_iter();
        findings
            .filter(|finding| !finding.is_error)
            .map(|finding| format!("the rule {} {}", finding.rule, finding.words))
            .collect()
    }

    /// What core needs of it.
    pub fn settings(&self) -> Settings {
        let apps = self.apps.iter();
        let apps = apps.map(|app| target(TargetKind::App, &app.name, &app.rooms));
        let databases = self.databases.iter();
        let databases =
            databases.map(|database| target(TargetKind::Database, &database.name, &database.rooms));
        Settings {
            prefix: self.bot.prefix.clone(),
            names: std::iter::once(&self.bot.name)
                .chain(self.irc.iter().map(|network| &network.nick))
                .cloned()
                .collect(),
            directory: self.directory.clone(),
            policy: self.policy.clone(),
            targets: apps.chain(databases).collect::<BTreeMap<_, _>>(),
            stale_after: self.bot.stale_after,
        }
    }
}

/// The rooms that the sections other than `[[irc]]` name: the bot is in each of them.
fn rooms(apps: &[App], databases: &[Database], bot: &Bot, audit: Option<&Audit>) -> Vec<Room> {
    let told = bot.tell.iter().chain(audit.and_then(|audit| audit.room.as_ref()));
    let apps = apps.iter().flat_map(|app| &app.rooms);
    let databases = databases.iter().flat_map(|database| &database.rooms);
    apps.chain(databases).chain(told).cloned().collect()
}

fn target(kind: TargetKind, name: &TargetName, rooms: &[Room]) -> (TargetName, Target) {
    let rooms = rooms.to_vec();
    (name.clone(), Target { kind, rooms })
}

/// A name that people type: one word.
fn check_name(what: &str, name: &str, key: &Key, problems: &mut Problems<'_>) {
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        problems.add(
            key,
            format!("{name:?} is not a name for {what}"),
            "people type it: one word, without spaces",
        );
    }
}
