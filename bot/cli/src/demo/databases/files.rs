//! What the servers of a pair find in their folder.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};

pub(super) const PRIMARY: &str = "primary";
pub(super) const REPLICA: &str = "replica";

/// Some of the tables that Treeherder has. Nobody has classed the last one yet.
const TABLES: [&str; 8] = [
    "group",
    "job",
    "job_log",
    "performance_alert",
    "push",
    "repository",
    "django_session",
    "webhook",
];

/// What the demo's Heroku has in the DATABASE_URL of prod.
const OF_THE_APP: (&str, &str) = ("th_admin", "canary-prod-database-2");

pub(super) fn data(home: &Path, name: &str) -> PathBuf {
    home.join(name)
}

pub(super) fn ca(home: &Path) -> PathBuf {
    home.join("ca.pem")
}

/// An authority, and a certificate of it for this machine.
pub(super) fn certificates(home: &Path) -> anyhow::Result<()> {
    let mut params = CertificateParams::new(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "Databases of the demo");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_after = date_time_ymd(2100, 1, 1);
    let key = KeyPair::generate()?;
    write(&ca(home), &params.self_signed(&key)?.pem())?;
    let issuer = Issuer::new(params, key);
    let names = ["localhost", "127.0.0.1"].map(str::to_owned).to_vec();
    let key = KeyPair::generate()?;
    let certificate = CertificateParams::new(names)?.signed_by(&key, &issuer)?;
    write(&home.join("server.pem"), &certificate.pem())?;
    write(&home.join("server.key"), &key.serialize_pem())
}

/// What the servers carry out before anybody can come: both begin the same, then one follows the other. The passwords are
/// the bot's, the follower's and that of the services.
pub(super) fn statements(home: &Path, passwords: &[String; 3], port: u16) -> anyhow::Result<()> {
    let [password, followers, services] = passwords;
    let (app, app_password) = OF_THE_APP;
    let mut both = format!(
        "SET SESSION sql_log_bin = 0;\n\
         CREATE USER 'countersign'@'%' IDENTIFIED BY '{password}' REQUIRE SSL;\n\
         GRANT SELECT, PROCESS, CREATE USER, CONNECTION ADMIN, SLAVE MONITOR ON *.* TO 'countersign'@'%' WITH GRANT OPTION;\n\
         CREATE USER 'follower'@'%' IDENTIFIED BY '{followers}';\n\
         GRANT REPLICATION SLAVE ON *.* TO 'follower'@'%';\n\
         CREATE DATABASE treeherder CHARACTER SET utf8mb4;\n\
         CREATE TABLE treeherder.auth_user (id INT PRIMARY KEY, username VARCHAR(50), email VARCHAR(80), password VARCHAR(128));\n\
         INSERT INTO treeherder.auth_user VALUES (1, 'alice', 'alice@example.org', 'nobody may read this');\n\
         CREATE USER '{app}'@'%' IDENTIFIED BY '{app_password}' REQUIRE SSL;\n\
         GRANT ALL ON treeherder.* TO '{app}'@'%';\n"
    );
    for table in TABLES {
        writeln!(
            both,
            "CREATE TABLE treeherder.`{table}` (id INT PRIMARY KEY, name VARCHAR(50));"
        )?;
        writeln!(
            both,
            "INSERT INTO treeherder.`{table}` VALUES (1, 'one'), (2, 'two');"
        )?;
    }
    // As Treeherder's page says it, which gives the whole of auth_user: !db access refresh finds that.
    for service in ["activedata", "redash"] {
        writeln!(
            both,
            "CREATE USER '{service}'@'%' IDENTIFIED BY '{services}' REQUIRE SSL;"
        )?;
        writeln!(both, "GRANT SELECT ON treeherder.job TO '{service}'@'%';")?;
        writeln!(
            both,
            "GRANT SELECT, SELECT (id, username, email) ON treeherder.auth_user TO '{service}'@'%';"
        )?;
    }
    write(&home.join("primary.sql"), &both)?;
    let follow = format!(
        "CHANGE MASTER TO master_host = '127.0.0.1', master_port = {port}, master_user = 'follower', \
         master_password = '{followers}', master_use_gtid = slave_pos, master_connect_retry = 1;\n\
         START SLAVE;\n"
    );
    write(&home.join("replica.sql"), &(both + &follow))
}

/// What a server is started with.
pub(super) fn options(home: &Path, name: &str, port: u16) -> Vec<String> {
    let data = data(home, name);
    let at = |file: &str| home.join(file).display().to_string();
    let mut options = vec![
        "--no-defaults".to_owned(),
        format!("--datadir={}", data.display()),
        format!("--socket={}", at(&format!("{name}.sock"))),
        format!("--pid-file={}", at(&format!("{name}.pid"))),
        format!("--log-error={}", at(&format!("{name}.log"))),
        format!("--init-file={}", at(&format!("{name}.sql"))),
        format!("--ssl-cert={}", at("server.pem")),
        format!("--ssl-key={}", at("server.key")),
        format!("--port={port}"),
        format!("--log-bin={}", data.join("bin").display()),
        format!("--relay-log={}", data.join("relay").display()),
    ];
    let fixed = [
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        "--binlog-format=ROW",
        "--gtid-strict-mode=1",
        "--log-slave-updates=1",
        "--innodb-buffer-pool-size=16M",
        "--performance-schema=0",
    ];
    options.extend(fixed.map(str::to_owned));
    let more: &[&str] = if name == REPLICA {
        &["--server-id=2", "--read-only=1"]
    } else {
        &["--server-id=1"]
    };
    options.extend(more.iter().map(|option| (*option).to_owned()));
    options
}

/// The server wants to hear it from root that it is to be root.
pub(super) fn owner(home: &Path) -> anyhow::Result<Option<&'static str>> {
    Ok((home.metadata()?.uid() == 0).then_some("--user=root"))
}

/// A folder, and what is in it.
pub(super) fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            fs::copy(entry.path(), &to)?;
        }
    }
    Ok(())
}

/// What a server wrote last, for whoever has to find out why it does not run.
pub(super) fn last_words(home: &Path, name: &str) -> String {
    let log = fs::read_to_string(home.join(format!("{name}.log"))).unwrap_or_default();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("[ERROR]")).collect();
    match lines.last() {
        Some(line) => format!("the demo's {name} cannot be had: {line}"),
        None => format!("the demo's {name} cannot be had"),
    }
}

/// The folder is its owner's alone, and so is what is in it.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(file, text).with_context(|| format!("{} cannot be written", file.display()))
}
