//! `[[database]]`: the MySQL and MariaDB servers on which people are given accounts.

mod accounts;
mod places;
mod tables;

use std::path::{Path, PathBuf};

use countersign_core::id::TargetName;
use countersign_core::message::Room;
use countersign_core::person::Person;
use countersign_core::secret::Secret;
use countersign_core::text::span as length;
use countersign_core::time::Duration;
use countersign_mysql::Trust;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use self::accounts::AccountSection;
use self::tables::TablesSection;
use super::document::{Key, Problems, did_you_mean};
use super::endpoint::Endpoint;
use super::network::Networks;
use super::secret::{SecretSource, Sources};
use super::{App, check_name, span};

pub use self::accounts::{Account, Role};
pub use self::tables::Tables;

/// What the bot calls the accounts that it makes begins with this: no other account may look like one of them.
const OURS: &str = countersign_core::access::PREFIX;
/// Certificates travel in links, beside everything else that is in them.
const LARGEST_CA: usize = 48 * 1024;
const DAY: Duration = Duration::from_hours(24);

/// A database, with its password fetched.
#[derive(Clone, Debug)]
pub struct Database {
    /// What people call it.
    pub name: TargetName,
    /// The app whose data it has.
    pub app: Option<TargetName>,
    /// The rooms that hear of what happens to access to it.
    pub rooms: Vec<Room>,
    /// The schema that access is given to.
    pub schema: String,
    /// Where accounts are made.
    pub primary: Endpoint,
    /// Where people log in.
    pub replica: Option<Endpoint>,
    /// The bot's own account.
    pub user: String,
    /// Its password.
    pub password: Secret,
    /// Who vouches for the servers.
    pub ca: Trust,
    /// How sessions are ended.
    pub kill: Kill,
    /// How many days access is given for.
    pub days: u32,
    /// How many at most.
    pub max_days: u32,
    /// How long before its end an owner is reminded.
    pub remind: Duration,
    /// Which tables may be read.
    pub tables: Tables,
    /// The accounts that were not made by the bot and are looked after by it.
    pub accounts: Vec<Account>,
}

/// How a server ends a session that is not the bot's own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kill {
    /// `KILL`, for accounts that may.
    #[default]
    Statement,
    /// `CALL mysql.rds_kill`, as on Amazon RDS.
    Rds,
}

/// A MySQL or MariaDB database on which people are given accounts that only read, and on which passwords are changed. It
/// is a target: rules name it. What is handed over needs [web] and [secrets].
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DatabaseSection {
    /// What people call it: `!db show prod-db`. Apps and databases have different names.
    #[schemars(with = "String", example = &"prod-db")]
    name: TargetName,
    /// The app whose data it has: people may say the app's name to `!db` and mean the database.
    #[serde(default)]
    #[schemars(with = "Option<String>", example = &"prod")]
    app: Option<TargetName>,
    /// The rooms that hear what happens to access to it. Those of its app if absent.
    #[serde(default)]
    #[schemars(example = ["#treeherder"])]
    rooms: Option<Vec<String>>,
    /// The schema that access is given to.
    #[schemars(example = &"treeherder")]
    schema: String,
    /// The server that is written to, where accounts are made: a name and a port if it is not 3306. It is never told to
    /// anybody. The name must be one that the server's certificate has.
    #[schemars(example = &"treeherder-prod.abc123.us-east-1.rds.amazonaws.com:3306")]
    primary: String,
    /// Its read-only replica, where people log in. Without one nobody is given access, and passwords can still be
    /// changed.
    #[serde(default)]
    #[schemars(example = &"treeherder-prod-ro.abc123.us-east-1.rds.amazonaws.com:3306")]
    replica: Option<String>,
    /// An account of the bot's own, that may make accounts and give them what they need. Not root, and none of those
    /// below.
    #[schemars(example = &"countersign")]
    user: String,
    /// Where its password is.
    #[schemars(example = serde_json::json!({ "env": "PROD_DB_PASSWORD" }))]
    password: SecretSource,
    /// A file of certificates (PEM): those of the servers must be vouched for by one of them. People get it with their
    /// access, so it has 48 KiB at most: take the bundle of one region. Without TLS nothing is ever sent. A relative path
    /// starts at the folder of the configuration.
    #[schemars(example = &"/etc/countersign/us-east-1-bundle.pem")]
    ca: PathBuf,
    /// How sessions are ended when access is taken away: `statement` is KILL, `rds` is CALL mysql.rds_kill, which
    /// Amazon RDS has instead.
    #[serde(default)]
    #[schemars(schema_with = "kills")]
    kill: Kill,
    /// For how many days access is given if nobody says how many.
    #[serde(default = "days")]
    days: u32,
    /// For how many days at most; no renewal goes further from the day on which it was given.
    #[serde(default = "max_days")]
    max_days: u32,
    /// How long before its end an owner is reminded. A length of time.
    #[serde(default = "remind", with = "span")]
    #[schemars(with = "String")]
    remind: Duration,
    /// Which tables accounts may read. If absent: those that Treeherder's administration page names.
    #[serde(default)]
    tables: Option<TablesSection>,
    /// The accounts that the bot did not make and looks after: those of services and of apps, one
    /// `[[database.account]]` each.
    #[serde(default)]
    account: Vec<AccountSection>,
}

fn days() -> u32 {
    30
}

fn max_days() -> u32 {
    90
}

fn remind() -> Duration {
    DAY * 3
}

fn kills(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": ["statement", "rds"], "default": "statement" })
}

/// What the other sections say.
pub(super) struct Around<'c> {
    pub(super) apps: &'c [App],
    pub(super) people: &'c [Person],
    pub(super) networks: &'c Networks,
}

/// What they are called, also those with which something else is wrong.
pub(super) fn names(written: &[DatabaseSection]) -> Vec<TargetName> {
    written.iter().map(|database| database.name.clone()).collect()
}

/// The databases, each for itself and beside the others.
pub(super) fn resolve(
    written: Vec<DatabaseSection>,
    around: &Around<'_>,
    sources: &mut Sources<'_, '_>,
) -> Vec<Database> {
    check_names(&written, around.apps, sources.problems);
    let databases = written.into_iter().enumerate();
    let databases = databases.map(|(index, section)| {
        let key = Key::of("database").item(index);
        section.resolve(&key, around, sources)
    });
    let databases: Vec<Option<Database>> = databases.collect();
    places::check(&databases, sources.problems);
    databases.into_iter().flatten().collect()
}

/// Access is handed over by links.
pub(super) fn check(databases: usize, links: bool, problems: &mut Problems<'_>) {
    if databases > 0 && !links {
        problems.add(
            &Key::of("database").item(0),
            "access to it could not be handed over: there is no [web] and no [secrets]",
            "add [web] with url, and [secrets] with key; countersign sealing-key makes one",
        );
    }
}

fn check_names(written: &[DatabaseSection], apps: &[App], problems: &mut Problems<'_>) {
    for (index, database) in written.iter().enumerate() {
        let key = Key::of("database").item(index).field("name");
        check_name("a database", database.name.as_str(), &key, problems);
        if written[..index].iter().any(|other| other.name == database.name) {
            problems.add(
                &key,
                format!("there are two databases called {}", database.name),
                "give one of them another name",
            );
        }
        if apps.iter().any(|app| app.name == database.name) {
            problems.add(
                &key,
                format!("{} is an app", database.name),
                format!("give the database another name, like \"{}-db\"", database.name),
            );
        }
    }
}

impl DatabaseSection {
    /// The database; nothing if it is not known where it is, or whom to believe that it is there.
    fn resolve(self, key: &Key, around: &Around<'_>, sources: &mut Sources<'_, '_>) -> Option<Database> {
        self.check_user(key, sources.problems);
        self.check_days(key, sources.problems);
        if !tables::is_name(&self.schema) {
            sources.problems.add(
                &key.field("schema"),
                format!("{:?} is not the name of a schema", self.schema),
                "write the name of one, like \"treeherder\"",
            );
        }
        let rooms = self.rooms(key, around, sources.problems);
        let primary = endpoint(&self.primary, &key.field("primary"), sources.problems);
        let replica = self.replica.as_deref();
        let replica = replica.map(|replica| endpoint(replica, &key.field("replica"), sources.problems));
        let password = sources.fetch(&self.password, &key.field("password"));
        let ca = trust(&self.ca, &key.field("ca"), sources);
        let tables = self
            .tables
            .map(|tables| tables.resolve(&key.field("tables"), sources.problems));
        let accounts = accounts::resolve(self.account, &self.user, key, around, sources.problems);
        Some(Database {
            name: self.name,
            app: self.app,
            rooms,
            schema: self.schema,
            primary: primary?,
            replica: match replica {
                Some(replica) => Some(replica?),
                None => None,
            },
            user: self.user,
            password,
            ca: ca?,
            kill: self.kill,
            days: self.days,
            max_days: self.max_days,
            remind: self.remind,
            tables: tables.unwrap_or_default(),
            accounts,
        })
    }

    fn check_user(&self, key: &Key, problems: &mut Problems<'_>) {
        let at = key.field("user");
        if !accounts::is_plain(&self.user) {
            problems.add(
                &at,
                format!("{:?} is no plain name of an account", self.user),
                accounts::PLAIN,
            );
        } else if self.user.starts_with(OURS) {
            problems.add(
                &at,
                format!(
                    "{} looks like an account that the bot gave to somebody",
                    self.user
                ),
                "those begin with cs_; make the bot's own account under another name",
            );
        }
    }

    fn check_days(&self, key: &Key, problems: &mut Problems<'_>) {
        let (days, max) = (self.days, self.max_days);
        if days == 0 {
            problems.add(&key.field("days"), "access for 0 days is none", "write 1 or more");
        } else if days > max {
            problems.add(
                &key.field("days"),
                format!("{} is more than max_days, which is {max}", length(DAY * days)),
                format!("write {max} or less, or a larger max_days"),
            );
        } else if self.remind >= DAY * days {
            problems.add(
                &key.field("remind"),
                format!(
                    "access for {} would be reminded of at once: remind is {}",
                    length(DAY * days),
                    length(self.remind)
                ),
                "write a shorter time, like \"1 d\" or \"6 h\"",
            );
        }
    }

    /// Those of its own, or of its app.
    fn rooms(&self, key: &Key, around: &Around<'_>, problems: &mut Problems<'_>) -> Vec<Room> {
        let app = self.app.as_ref();
        let app = app.and_then(|name| app_called(name, &key.field("app"), around, problems));
        match &self.rooms {
            Some(rooms) => around.networks.rooms(rooms, &key.field("rooms"), problems),
            None => app.map(|app| app.rooms.clone()).unwrap_or_default(),
        }
    }
}

/// The app of this name, or nothing and a problem.
fn app_called<'c>(
    name: &TargetName,
    key: &Key,
    around: &Around<'c>,
    problems: &mut Problems<'_>,
) -> Option<&'c App> {
    let found = around.apps.iter().find(|app| app.name == *name);
    if found.is_none() {
        let known: Vec<&str> = around.apps.iter().map(|app| app.name.as_str()).collect();
        problems.add(
            key,
            format!("there is no app {name}"),
            did_you_mean(name.as_str(), &known),
        );
    }
    found
}

fn endpoint(written: &str, key: &Key, problems: &mut Problems<'_>) -> Option<Endpoint> {
    let found = Endpoint::parse(written, places::PORT);
    if found.is_none() {
        problems.add(
            key,
            format!("{written:?} is not the address of a server"),
            "write a name or an address and a port, like \"db.example.org:3306\" or \"[::1]:3306\"",
        );
    }
    found
}

/// The certificates of a file, which are small enough for a link; nothing and a problem if there are none.
fn trust(path: &Path, key: &Key, sources: &mut Sources<'_, '_>) -> Option<Trust> {
    let read = std::fs::read(sources.folder.join(path)).map_err(|error| {
        format!("cannot be read ({error}); make it a file of certificates that this user may read")
    });
    let found = read.and_then(|bundle| Trust::of_pem(&bundle).map_err(|error| format!("has {error}")));
    match found {
        Err(wrong) => sources.problems.say(key, format!("{} {wrong}", path.display())),
        Ok(trust) if trust.pem().len() > LARGEST_CA => sources.problems.add(
            key,
            format!(
                "{} has {} KiB, and people get it in their links: 48 KiB is the most",
                path.display(),
                trust.pem().len().div_ceil(1024)
            ),
            "take the bundle of the region alone, or only the certificates that vouch for the two servers",
        ),
        Ok(trust) => return Some(trust),
    }
    None
}
