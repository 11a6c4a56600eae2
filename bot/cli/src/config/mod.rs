//! The configuration: one TOML file, checked whole before anything starts.
//!
//! One file per section, each key with its default and unit in its doc comment; the reference that
//! `countersign config explain` prints is made of those. A [`Config`] that was made is consistent: every role,
//! person and target that a rule names exists, every account is one person's. Whatever is wrong is told with file,
//! line and column, and what to do.
//!
//! Secrets are named by where they are, never written down, and only ever come out as
//! [`Secret`](countersign_core::secret::Secret). The environment is a parameter.

mod address;
mod app;
mod bot;
mod document;
mod error;
mod github;
mod heroku;
mod person;
mod reference;
mod rule;
mod secret;
mod span;

use std::collections::BTreeMap;
use std::path::Path;

use countersign_core::id::TargetName;
use countersign_core::message::Room;
use countersign_core::person::{Directory, Person};
use countersign_core::policy::Policy;
use countersign_core::settings::{Settings, Target};
use schemars::JsonSchema;
use serde::Deserialize;

use self::document::{Document, Key, Problems};
use self::heroku::HerokuSection;
use self::person::PersonSection;
use self::rule::{ForbidSection, Known, RuleSection};
use self::secret::Sources;

pub use self::app::App;
pub use self::bot::Bot;
pub use self::error::{ConfigError, Problem};
pub use self::github::Github;
pub use self::heroku::Heroku;
pub use self::reference::{NoSuchKey, explain, schema};
pub use self::secret::Environment;

/// The only network so far.
pub const CONSOLE: &str = "console";

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
    /// The apps that plans can act on: one `[[app]]` each.
    #[serde(default)]
    app: Vec<App>,
    /// The people whom the bot knows: one `[[person]]` each.
    #[serde(default)]
    person: Vec<PersonSection>,
    /// What is allowed: one `[[rule]]` each; the first that matches decides. What no rule allows is refused.
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
        let written: Sections = document.read()?;
        let mut problems = Problems::of(&document);
        let mut sources = Sources {
            folder,
            env,
            problems: &mut problems,
        };
        let heroku = written.heroku.resolve(&mut sources);
        let github = written.github.resolve(&mut sources);
        written.bot.check(&mut problems);
        app::check(&written.app, &mut problems);
        let people: Vec<Person> = written.person.into_iter().map(Person::from).collect();
        let directory = person::directory(&people, &mut problems);
        let known = Known::of(&written.app, &people);
        let policy = Policy {
            forbid: rule::build(
                "forbid",
                written.forbid.into_iter().map(RuleSection::from),
                &known,
                &mut problems,
            ),
            allow: rule::build("rule", written.rule, &known, &mut problems),
        };
        if problems.is_empty() {
            rule::check(&policy, &directory, &mut problems);
        }
        problems.done()?;
        Ok(Self {
            bot: written.bot,
            heroku,
            github,
            apps: written.app,
            directory,
            policy,
            document,
        })
    }

    /// Checks that rules name only commands that there are.
    pub fn check_commands(&self, known: &[&str]) -> Result<(), ConfigError> {
        let mut problems = Problems::of(&self.document);
        rule::check_commands(&self.policy, known, &mut problems);
        problems.done()
    }

    /// What core needs of it.
    pub fn settings(&self) -> Settings {
        Settings {
            prefix: self.bot.prefix.clone(),
            name: self.bot.name.clone(),
            directory: self.directory.clone(),
            policy: self.policy.clone(),
            targets: self.apps.iter().map(target).collect::<BTreeMap<_, _>>(),
            stale_after: self.bot.stale_after,
        }
    }
}

fn target(app: &App) -> (TargetName, Target) {
    let rooms = app.rooms.iter().map(|name| Room {
        network: CONSOLE.into(),
        name: name.clone(),
    });
    let target = Target {
        rooms: rooms.collect(),
    };
    (app.name.clone(), target)
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

/// A room: a channel, as the network writes it.
fn check_room(room: &str, key: &Key, problems: &mut Problems<'_>) {
    if !room.starts_with('#') {
        problems.add(
            key,
            format!("{room:?} is not a room"),
            format!("rooms begin with #: did you mean \"#{room}\"?"),
        );
    }
}
