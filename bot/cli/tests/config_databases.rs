//! What the configuration says of databases, and what is told when that changes.
#![expect(clippy::panic, reason = "helpers of tests fail as tests do")]

use std::path::Path;

use countersign::config::{Config, ConfigError, Database, Kill, Role};
use countersign_core::message::Room;
use countersign_core::time::Duration;
use secrecy::ExposeSecret as _;

const CA: &str = include_str!("config/valid/certificates/ca.pem");
const TREEHERDER: &str = include_str!("../../../deploy/treeherder.toml");

/// The least that there must be around a database.
const AROUND: &str = r##"
[heroku]
token = { env = "A" }

[github]
token = { env = "A" }

[web]
url = "https://ops.example.org/"
trusted_proxies = ["127.0.0.1"]

[secrets]
key = { env = "A" }

[[irc]]
network = "libera"
servers = ["irc.libera.chat"]

[[app]]
name = "prod"
heroku = "treeherder-prod"
repository = "mozilla/treeherder"
branch = "production"
site = "https://treeherder.mozilla.org/"
rooms = ["#treeherder"]

[[person]]
name = "carol"
"##;

/// Only what must be said.
const DATABASE: &str = r#"
[[database]]
name = "prod-db"
app = "prod"
schema = "treeherder"
primary = "primary.example.org"
user = "countersign"
password = { env = "PASSWORD" }
ca = "ca.pem"
"#;

#[expect(
    clippy::unnecessary_wraps,
    reason = "an environment may lack something, this one does not"
)]
fn env(name: &str) -> Option<String> {
    Some(match name {
        "PASSWORD" => "canary-of-the-database".to_owned(),
        _ => "a5".repeat(32),
    })
}

/// Where `ca.pem` is.
const FOLDER: &str = "tests/config/valid/certificates";

fn parsed(text: &str) -> Result<Config, ConfigError> {
    Config::parse("test.toml", text, Path::new(FOLDER), &env)
}

fn read(database: &str) -> Config {
    parsed(&format!("{AROUND}{database}")).unwrap_or_else(|error| panic!("{error}"))
}

fn names(rooms: &[Room]) -> Vec<&str> {
    rooms.iter().map(|room| room.name.as_str()).collect()
}

#[test]
fn what_is_not_said_has_its_default() {
    let config = read(DATABASE);
    let database = &config.databases[0];
    assert_eq!(database.primary.to_string(), "primary.example.org:3306");
    assert_eq!(database.replica, None);
    assert_eq!(database.kill, Kill::Statement);
    assert_eq!((database.days, database.max_days), (30, 90));
    assert_eq!(database.remind, Duration::from_hours(72));
    assert_eq!(database.password.expose_secret(), "canary-of-the-database");
    assert_eq!(database.ca.certificates().len(), 1);
    assert_eq!(names(&database.rooms), ["#treeherder"], "those of its app");
    assert!(database.accounts.is_empty());
}

#[test]
fn tables_that_are_not_classed_are_those_of_the_page() {
    let tables = &read(DATABASE).databases[0].tables;
    assert_eq!(tables.read.len() + tables.columns.len(), 42);
    assert!(
        tables.read.contains(&"group".to_owned()),
        "the page lost its name"
    );
    assert_eq!(tables.never, ["django_*", "auth_*"]);
    assert_eq!(tables.columns["auth_user"], ["id", "username", "email"]);

    // Whoever classes some classes all.
    let own = read(&format!("{DATABASE}\n[database.tables]\nread = [\"job\"]\n"));
    let tables = &own.databases[0].tables;
    assert_eq!(tables.read, ["job"]);
    assert!(tables.never.is_empty() && tables.columns.is_empty());
}

#[test]
fn a_database_is_a_target_whose_rooms_the_bot_is_in() {
    let config = read(&format!("{DATABASE}rooms = [\"#databases\"]\n"));
    let settings = config.settings();
    let target = settings
        .targets
        .iter()
        .find(|(name, _)| name.as_str() == "prod-db");
    assert_eq!(names(&target.unwrap().1.rooms), ["#databases"]);
    let rooms = config.irc[0].rooms.iter().map(|room| room.name.as_str());
    assert!(rooms.into_iter().any(|room| room == "#databases"));
    assert!(config.for_terminal().databases[0].rooms[0].network.as_str() == "console");
}

#[test]
fn an_app_keeps_its_password_in_database_url_unless_it_is_said_otherwise() {
    let account = "\n[[database.account]]\nname = \"th_admin\"\napp = \"prod\"\n";
    let role = |text: String| read(&text).databases[0].accounts[0].role.clone();
    let var = |role: &Role| match role {
        Role::App { var, .. } => var.clone(),
        Role::Service { .. } => panic!("{role:?}"),
    };
    assert_eq!(var(&role(format!("{DATABASE}{account}"))), "DATABASE_URL");
    assert_eq!(var(&role(format!("{DATABASE}{account}var = \"DB\"\n"))), "DB");
}

#[test]
fn its_password_is_shown_nowhere() {
    let config = read(DATABASE);
    let said = config
        .secrets()
        .iter()
        .any(|secret| secret.expose_secret() == "canary-of-the-database");
    assert!(said, "whoever keeps secrets out of texts is told of it");
    assert!(!format!("{config:?}").contains("canary"));
}

#[test]
fn certificates_that_no_link_can_carry_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let parsed = |number: usize| {
        std::fs::write(folder.path().join("ca.pem"), CA.repeat(number)).unwrap();
        Config::parse("test.toml", &format!("{AROUND}{DATABASE}"), folder.path(), &env)
    };
    let fitting = 48 * 1024 / CA.len();
    parsed(fitting).unwrap();
    let error = parsed(fitting + 1).unwrap_err().to_string();
    assert!(
        error.contains("test.toml:37:6: database.ca: ca.pem has 49 KiB, and people get it in their links: 48 KiB is the most; \
             take the bundle of the region alone"),
        "{error}"
    );
}

#[test]
fn changes_are_told_without_the_primary_and_without_secrets() {
    let old = read(&format!(
        "{DATABASE}\n[[database.account]]\nname = \"redash\"\nowner = \"carol\"\n"
    ));
    let text = DATABASE
        .replace("primary.example.org", "new-primary.example.org")
        .replace("\"PASSWORD\"", "\"ANOTHER\"");
    let new = read(&format!(
        "{text}replica = \"replica.example.org\"\nkill = \"rds\"\ndays = 1\nmax_days = 60\nremind = \"6 h\"\n\
         [database.tables]\nread = [\"job\"]\n[[database.account]]\nname = \"redash\"\napp = \"prod\"\n"
    ));
    let changes = old.changes(&new);
    assert_eq!(changes.len(), 1, "{changes:?}");
    let said = &changes[0];
    for words in [
        "database prod-db: primary: another; replica: none → replica.example.org:3306; password: another; kill: statement → \
         rds; days: 30 → 1; max_days: 90 → 60; remind: 3 d → 6 h; read - ",
        "never - auth_*, django_*; columns - auth_user.email, auth_user.id, auth_user.username; accounts redash of carol \
         → redash of prod by DATABASE_URL",
    ] {
        assert!(said.contains(words), "{said}");
    }
    assert!(!said.contains("primary.example.org"), "{said}");
    assert!(old.changes(&old).is_empty());
    let gone = parsed(AROUND).unwrap();
    assert_eq!(old.changes(&gone), ["database prod-db: gone"]);
    assert_eq!(gone.changes(&old), ["database prod-db: new"]);
}

/// Without the bundle, which everybody fetches for themselves.
fn treeherder() -> Vec<Database> {
    let config = parsed(&TREEHERDER.replace("us-east-1-bundle.pem", "ca.pem"));
    config.unwrap_or_else(|error| panic!("{error}")).databases
}

#[test]
fn the_example_for_treeherder_has_its_instances() {
    let databases = treeherder();
    let shown: Vec<String> = databases
        .iter()
        .map(|database| {
            let app = database.app.as_ref().unwrap();
            let replica = if database.replica.is_some() {
                ", with a replica"
            } else {
                ""
            };
            let accounts: Vec<&str> = database
                .accounts
                .iter()
                .map(|account| account.name.as_str())
                .collect();
            format!("{} of {app}{replica}: {}", database.name, accounts.join(" "))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "prod-db of prod, with a replica: activedata redash th_admin",
            "stage-db of stage: th_admin",
            "dev-db of prototype: th_admin",
        ]
    );
    for database in &databases {
        assert_eq!(database.kill, Kill::Rds);
        assert_eq!(database.schema, "treeherder");
    }
}

#[test]
fn the_example_classes_the_tables_of_the_page() {
    let page = read(DATABASE).databases[0].tables.clone();
    let mut example = treeherder()[0].tables.clone();
    example.read.sort();
    assert_eq!(example, page);
}
