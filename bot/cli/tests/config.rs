//! Configurations that work and configurations that do not, and what people are told about those.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests fail as tests do"
)]

use std::path::{Path, PathBuf};

use countersign::config::{Config, ConfigError, explain};
use countersign_core::id::TargetName;
use countersign_core::policy::Names;
use secrecy::ExposeSecret as _;

/// The commands that the samples may name.
const COMMANDS: &[&str] = &[
    "config", "deploy", "rollback", "help", "ping", "whoami", "more", "links", "phrase", "burn", "reissue",
    "db-list", "db",
];

fn environment(name: &str) -> Option<String> {
    match name {
        "HEROKU_TOKEN" => Some("HRKU-from-the-environment".to_owned()),
        "GITHUB_TOKEN" => Some("ghp_from_the_environment".to_owned()),
        "LIBERA_PASSWORD" => Some("libera-from-the-environment".to_owned()),
        "OPS_ROOM_KEY" => Some("ops-from-the-environment".to_owned()),
        "SEALING_KEY" => Some("5ea1".repeat(16)),
        "OLD_SEALING_KEY" => Some("01d5".repeat(16)),
        "PROD_DB_PASSWORD" | "STAGE_DB_PASSWORD" | "DEV_DB_PASSWORD" => {
            Some("database-from-the-environment".to_owned())
        }
        "AUDIT_KEY" => Some("0123456789abcdef".repeat(4)),
        "TWO_LINES" => Some("first\nsecond".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

/// The paths are relative to the crate, where tests run: they are printed, and lines are wrapped by their length.
fn samples(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new("tests/config").join(kind);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    assert!(!files.is_empty(), "there are no {kind} samples");
    files
}

fn load(path: &Path) -> Result<Config, ConfigError> {
    let name = format!("{}.toml", stem(path));
    let text = std::fs::read_to_string(path).unwrap();
    let config = Config::parse(&name, &text, path.parent().unwrap(), &environment)?;
    config.check_commands(COMMANDS)?;
    Ok(config)
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

fn valid(name: &str) -> Config {
    load(Path::new(name)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn valid_samples_are_valid() {
    for path in samples("valid") {
        if let Err(error) = load(&path) {
            panic!("{error}");
        }
    }
}

#[test]
fn every_key_is_in_a_valid_sample() {
    let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
    let written: String = samples("valid").into_iter().map(read).collect();
    let reference = explain(None).unwrap();
    let keys = reference.lines().filter(|line| !line.starts_with(' '));
    for key in keys.filter_map(|line| Some(line.split_once(": ")?.0)) {
        let name = key.rsplit('.').next().unwrap();
        let is_written = [format!("{name} = "), format!("[{name}]"), format!(".{name}]")]
            .iter()
            .any(|form| written.contains(form));
        assert!(
            is_written,
            "{key} is in none of tests/config/valid: add it to every-key.toml"
        );
    }
}

#[test]
fn invalid_samples_say_where_and_what_to_do() {
    for path in samples("invalid") {
        let report = match load(&path) {
            Ok(_) => panic!("{} is accepted", path.display()),
            Err(error) => error.report(false),
        };
        insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(stem(&path), report);
        });
    }
}

#[test]
fn without_a_terminal_the_error_says_the_same_in_lines() {
    let path = samples("invalid")
        .into_iter()
        .find(|path| stem(path) == "several-at-once")
        .unwrap();
    insta::assert_snapshot!(load(&path).unwrap_err(), @r##"
    the configuration several-at-once.toml cannot be used
      several-at-once.toml:14:10: app.rooms: "treeherder" is not a room; rooms begin with #: did you mean "#treeherder"?
      several-at-once.toml:24:10: rule.roles: nobody has the role deploier; did you mean deployer?
      several-at-once.toml:25:12: rule.targets: there is no app stage; there are: prod
    "##);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Config::load(Path::new("no/such.toml"), &environment).unwrap_err();
    assert_eq!(error.to_string(), "the configuration no/such.toml cannot be read");
}

#[test]
fn secrets_come_from_the_environment_or_from_a_file_without_its_last_newline() {
    let config = valid("tests/config/valid/minimal.toml");
    assert_eq!(config.heroku.token.expose_secret(), "HRKU-from-the-environment");
    let config = valid("tests/config/valid/secrets-from-files.toml");
    assert_eq!(config.heroku.token.expose_secret(), "HRKU-from-a-file");
}

#[test]
fn no_token_shows_in_the_debug_form() {
    let shown = format!("{:?}", valid("tests/config/valid/minimal.toml"));
    assert!(!shown.contains("from-the-environment"), "{shown}");
}

#[test]
fn what_is_absent_has_its_default() {
    let config = valid("tests/config/valid/minimal.toml");
    assert_eq!(config.heroku.url.as_str(), "https://api.heroku.com/");
    assert_eq!(config.github.url.as_str(), "https://api.github.com/");
    let settings = config.settings();
    assert_eq!(
        (settings.names[0].as_str(), settings.prefix.as_str()),
        ("countersign", "!")
    );
    assert_eq!(settings.stale_after.as_secs(), 300);
}

#[test]
fn the_example_for_treeherder_is_what_the_team_has() {
    // With other certificates than those that everybody fetches for themselves.
    let text = include_str!("../../../deploy/treeherder.toml")
        .replace("us-east-1-bundle.pem", "certificates/ca.pem");
    let folder = Path::new("tests/config/valid");
    let config = Config::parse("treeherder.toml", &text, folder, &environment)
        .unwrap_or_else(|error| panic!("{error}"));
    config.check_commands(COMMANDS).unwrap();
    let followed: Vec<&str> = config
        .apps
        .iter()
        .filter(|app| app.followed_only())
        .map(|app| app.name.as_str())
        .collect();
    assert_eq!(followed, ["prototype", "stage"]);

    let settings = config.settings();
    let names: Vec<&str> = settings.targets.keys().map(TargetName::as_str).collect();
    assert_eq!(
        names,
        ["dev-db", "prod", "prod-db", "prototype", "stage", "stage-db"]
    );
    for target in settings.targets.values() {
        let rooms: Vec<&str> = target.rooms.iter().map(|room| room.name.as_str()).collect();
        assert_eq!(rooms, ["#treeherder"]);
        assert_eq!(target.rooms[0].network.as_str(), "libera");
    }
    let people: Vec<&str> = settings
        .directory
        .people()
        .iter()
        .map(|person| person.id.as_str())
        .collect();
    assert_eq!(people, ["alice", "bob", "erin", "carol", "dave"]);
    let rollbacks = settings
        .policy
        .allow
        .iter()
        .find(|rule| rule.name.as_str() == "rollbacks")
        .unwrap();
    assert_eq!(rollbacks.commands, Names::Of(vec!["rollback".to_owned()]));
    assert_eq!(rollbacks.seats[0].count, 1);
}

#[test]
fn the_reference_says_everything() {
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("reference", explain(None).unwrap());
    });
}

#[test]
fn the_reference_of_one_key_has_what_is_below_it() {
    insta::assert_snapshot!(explain(Some("rule.seats")).unwrap(), @r#"
    rule.seats: list; may be absent
        The signatures that a plan needs before it runs. None if absent: asking is enough.
        e.g. seats = [{ count = 1, roles = ["deployer"] }]

    rule.seats.assurance: text; "account" if absent
        How strongly they must prove who they are: account, device, passkey.

    rule.seats.count: number; 1 if absent
        How many.
        e.g. count = 1

    rule.seats.people: list; [] if absent
        Of whom besides: these people.
        e.g. people = ["bob"]

    rule.seats.roles: list; [] if absent
        Of whom: holders of one of these roles.
        e.g. roles = ["deployer"]
    "#);
}

#[test]
fn the_reference_of_a_key_that_there_is_not_names_the_nearest() {
    let error = explain(Some("app.brnch")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the configuration has no key app.brnch; did you mean app.branch?"
    );
}
