//! `countersign check` of databases: what the file alone tells, and servers that are not there.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod program;

use std::net::TcpListener;
use std::path::Path;
use std::process::Output;

use program::{countersign, run, said};

const CA: &str = include_str!("config/valid/certificates/ca.pem");

/// A bot that asks nobody but the two servers of its database.
fn configuration(ports: [u16; 2]) -> String {
    let [primary, replica] = ports;
    format!(
        "[heroku]\nurl = \"http://127.0.0.1:9/\"\ntoken = {{ env = \"TOKEN\" }}\n\
         [github]\nurl = \"http://127.0.0.1:9/\"\ntoken = {{ env = \"TOKEN\" }}\n\
         [web]\nurl = \"http://127.0.0.1:9/\"\nlisten = \"127.0.0.1:9\"\n\
         [secrets]\nkey = {{ env = \"SEALING_KEY\" }}\n\
         [[database]]\nname = \"prod-db\"\nschema = \"treeherder\"\nprimary = \"localhost:{primary}\"\n\
         replica = \"localhost:{replica}\"\nuser = \"countersign\"\npassword = {{ env = \"DB_PASSWORD\" }}\nca = \"ca.pem\"\n"
    )
}

fn check(folder: &Path, args: &[&str]) -> Output {
    let mut command = countersign();
    command
        .arg("check")
        .arg("--config")
        .arg(folder.join("bot.toml"))
        .args(args)
        .env("TOKEN", "a-token-that-nobody-takes")
        .env("SEALING_KEY", "5a".repeat(32))
        .env("DB_PASSWORD", "canary-of-the-database")
        .env_remove("RUST_LOG");
    command.output().unwrap()
}

/// The lines about the database.
fn about_database(output: &Output) -> Vec<String> {
    let said = said(output);
    assert!(!said.contains("canary"), "{said}");
    let lines = said.lines().filter(|line| line.contains("prod-db"));
    lines.map(str::to_owned).collect()
}

/// A folder with a configuration and certificates.
fn place(ports: [u16; 2]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("bot.toml"), configuration(ports)).unwrap();
    std::fs::write(folder.path().join("ca.pem"), CA).unwrap();
    folder
}

#[test]
fn offline_only_what_is_written_is_looked_at() {
    let place = place([3306, 3307]);
    let output = check(place.path(), &["--offline"]);
    assert_eq!(
        about_database(&output),
        [
            "ok    prod-db, ca: 1 certificate, the last good until 2126-10-29",
            "skip  prod-db: not asked, because of --offline",
        ]
    );
    let said = said(&output);
    assert!(
        said.contains("ok    configuration: 0 apps, 1 database, 0 people, 0 rules, no network"),
        "{said}"
    );
}

#[test]
fn servers_that_are_not_there_fail_without_being_named() {
    // Nobody listens on ports that were given back.
    let free = || {
        TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
    };
    let ports = [free(), free()];
    let place = place(ports);
    let output = check(place.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let lines = about_database(&output);
    for server in ["primary", "replica"] {
        let begin = format!("FAIL  prod-db, {server}: ");
        let line = lines.iter().find(|line| line.starts_with(&begin)).unwrap();
        assert!(line.contains("the database server can't be reached"), "{line}");
        assert!(
            line.ends_with("; look at the address, and whether this machine may get there"),
            "{line}"
        );
    }
    for port in ports {
        assert!(
            !lines.iter().any(|line| line.contains(&port.to_string())),
            "{lines:?}"
        );
    }
}

#[test]
fn what_people_get_of_the_bundle_is_explained() {
    let explained = said(&run(&["config", "explain", "database.ca"]));
    assert!(explained.contains("People get it with their"), "{explained}");
    assert!(explained.contains("48 KiB at most"), "{explained}");
}
