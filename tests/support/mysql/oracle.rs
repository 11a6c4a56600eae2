//! What is particular about the genuine MySQL. Its folder has all that it needs down to the C library, and its programs are
//! run by the loader from there.

use std::fs::read_dir;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Words;
use crate::support::process::program;

pub(super) const WORDS: Words = Words {
    replicating: "gtid-mode = ON\nenforce-gtid-consistency = ON\nrelay-log-recovery = ON\n",
    born: "",
    admin_rights: "CREATE ROLE, DROP ROLE, APPLICATION_PASSWORD_ADMIN, ROLE_ADMIN, SESSION_VARIABLES_ADMIN, \
                   XA_RECOVER_ADMIN, FLUSH_STATUS, FLUSH_TABLES, FLUSH_USER_RESOURCES",
    reload_tls: "ALTER INSTANCE RELOAD TLS",
    follow: "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = {port}, SOURCE_USER = '{user}', \
             SOURCE_PASSWORD = '{password}', SOURCE_AUTO_POSITION = 1, SOURCE_CONNECT_RETRY = 1, SOURCE_SSL = 1; \
             START REPLICA",
    start: "START REPLICA",
    stop: "STOP REPLICA",
    delay: "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_DELAY = {delay}; START REPLICA",
    status: "SHOW REPLICA STATUS",
    running: ["Replica_IO_Running", "Replica_SQL_Running"],
    behind: "Seconds_Behind_Source",
    position: "SELECT REPLACE(@@global.gtid_executed, '\\n', '')",
    wait: "SELECT WAIT_FOR_EXECUTED_GTID_SET('{position}', 20)",
};

pub(super) fn configuration() -> String {
    let usr = root().join("usr");
    let usr = usr.display();
    format!(
        "basedir = {usr}\nplugin-dir = {usr}/lib/mysql/plugin\nlc-messages-dir = {usr}/share/mysql\n\
         character-sets-dir = {usr}/share/mysql/charsets\nsecure-file-priv = NULL\nmysqlx = 0\n\
         performance-schema = OFF\ninnodb-redo-log-capacity = 8M\n"
    )
}

pub(super) fn server() -> Command {
    its("usr/sbin/mysqld")
}

/// What makes a data folder of which root is master, by the socket and without a password.
pub(super) fn install(config: &Path) -> Command {
    let mut command = server();
    command.arg(format!("--defaults-file={}", config.display()));
    command.arg("--initialize-insecure");
    command
}

/// The client, and what it wants to be told behind everything else.
pub(super) fn client() -> (Command, Vec<String>) {
    let sets = root().join("usr/share/mysql/charsets");
    (
        its("usr/bin/mysql"),
        vec![format!("--character-sets-dir={}", sets.display())],
    )
}

fn root() -> PathBuf {
    PathBuf::from(program("MYSQL_ROOT"))
}

/// A program of it.
fn its(path: &str) -> Command {
    let libraries = root().join("usr/lib");
    let folders = read_dir(&libraries).unwrap_or_else(|error| panic!("{}: {error}", libraries.display()));
    let files = folders
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .flat_map(|folder| read_dir(folder).unwrap())
        .map(|entry| entry.unwrap());
    let is_loader = |name: &str| name.starts_with("ld-linux") && name.contains(".so.");
    let loader = files
        .filter(|file| is_loader(&file.file_name().to_string_lossy()))
        .map(|file| file.path())
        .next()
        .unwrap_or_else(|| panic!("no loader in the folders of {}", libraries.display()));
    let mut command = Command::new(&loader);
    command.arg("--library-path").arg(loader.parent().unwrap());
    command.arg(root().join(path));
    command
}
