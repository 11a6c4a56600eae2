//! What is particular about MariaDB.

use std::path::Path;
use std::process::Command;

use super::Words;
use crate::support::process::program;

pub(super) const CONFIGURATION: &str =
    "performance-schema = 0\ninnodb-log-file-size = 8M\naria-pagecache-buffer-size = 1M\n";

pub(super) const WORDS: Words = Words {
    replicating: "binlog-format = ROW\nlog-slave-updates = 1\ngtid-strict-mode = 1\n",
    // It is born with more roots than one.
    born: "DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host <> 'localhost'); FLUSH PRIVILEGES;",
    admin_rights: "SLAVE MONITOR",
    reload_tls: "FLUSH LOCAL SSL",
    follow: "CHANGE MASTER TO master_host = '127.0.0.1', master_port = {port}, master_user = '{user}', \
             master_password = '{password}', master_use_gtid = slave_pos, master_connect_retry = 1, master_ssl = 1, \
             master_ssl_verify_server_cert = 0; START SLAVE",
    start: "START SLAVE",
    stop: "STOP SLAVE",
    delay: "STOP SLAVE; CHANGE MASTER TO master_delay = {delay}; START SLAVE",
    status: "SHOW SLAVE STATUS",
    running: ["Slave_IO_Running", "Slave_SQL_Running"],
    behind: "Seconds_Behind_Master",
    position: "SELECT @@gtid_binlog_pos",
    wait: "SELECT MASTER_GTID_WAIT('{position}', 20)",
};

pub(super) fn server() -> Command {
    Command::new(program("MARIADBD"))
}

/// What makes a data folder of which root is master, by the socket and without a password.
pub(super) fn install(data: &Path) -> Command {
    let mut command = Command::new(program("MARIADB_INSTALL_DB"));
    command.args(["--no-defaults", "--skip-test-db", "--skip-name-resolve"]);
    command.arg("--auth-root-authentication-method=normal");
    command.arg(format!("--datadir={}", data.display()));
    command
}

pub(super) fn client() -> (Command, Vec<String>) {
    (Command::new(program("MARIADB")), Vec::new())
}
