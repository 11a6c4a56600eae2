//! Real database servers, none of ours: a primary and its read-only replica, MariaDB or the genuine MySQL, started for one
//! test in folders and on ports of their own.
//!
//! ```ignore
//! let pair = Pair::start(Flavour::MySql).await;
//! pair.sql(Side::Primary, "CREATE TABLE treeherder.t (id INT)").await; // as root, past all that is tested
//! pair.caught_up().await;                                              // the replica has it too
//! let output = pair.client(&option_file, &["-e", "SELECT 1"]).await;   // the real client of that flavour
//! ```
//!
//! Both servers have what `schema.rs` lists: the schema `treeherder`, the RDS-like account `admin`, `mysql.rds_kill`.
//! `tests/run` installs the programs and says where they are.

mod client;
mod disk;
mod files;
mod mariadb;
mod oracle;
mod pair;
mod schema;
mod server;
mod template;
mod tls;

use std::path::Path;
use std::process::Command;

pub(crate) use files::Files;
pub(crate) use pair::Pair;
pub(crate) use schema::{ADMIN, ADMIN_PASSWORD, SCHEMA, TABLES};
pub(crate) use tls::Cert;

/// Whose servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flavour {
    MariaDb,
    MySql,
}

/// Which of the two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Primary,
    Replica,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Primary, Self::Replica];

    /// What its folder is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
        }
    }
}

/// What the two flavours have different words for.
struct Words {
    /// Lines for the configuration of a server that has a part in replication.
    replicating: &'static str,
    /// What a new data folder needs first.
    born: &'static str,
    /// The rights of the account `admin` that only this flavour has.
    admin_rights: &'static str,
    reload_tls: &'static str,
    /// Follows a primary, beginning at nothing: `{port}`, `{user}`, `{password}`.
    follow: &'static str,
    start: &'static str,
    stop: &'static str,
    /// Carries out everything late: `{delay}` seconds.
    delay: &'static str,
    status: &'static str,
    /// What the status calls its two threads.
    running: [&'static str; 2],
    behind: &'static str,
    /// How far a server is.
    position: &'static str,
    /// Waits until a replica is as far, at most 20 s: `{position}`. Says 0 then; MySQL nothing more than that it was not.
    wait: &'static str,
}

impl Flavour {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::MariaDb => "mariadb",
            Self::MySql => "mysql",
        }
    }

    /// What makes its client speak in clear, whatever the option file says.
    pub(crate) fn without_tls(self) -> &'static [&'static str] {
        match self {
            Self::MariaDb => &["--skip-ssl", "--skip-ssl-verify-server-cert"],
            Self::MySql => &["--ssl-mode=DISABLED"],
        }
    }

    fn words(self) -> &'static Words {
        match self {
            Self::MariaDb => &mariadb::WORDS,
            Self::MySql => &oracle::WORDS,
        }
    }

    fn server(self) -> Command {
        match self {
            Self::MariaDb => mariadb::server(),
            Self::MySql => oracle::server(),
        }
    }

    /// Lines for the configuration of every server of it.
    fn configuration(self) -> String {
        match self {
            Self::MariaDb => mariadb::CONFIGURATION.to_owned(),
            Self::MySql => oracle::configuration(),
        }
    }

    /// Makes a data folder.
    fn install(self, data: &Path, config: &Path) -> Command {
        match self {
            Self::MariaDb => mariadb::install(data),
            Self::MySql => oracle::install(config),
        }
    }

    /// Its client, reading this option file and no other.
    fn client(self, options: Option<&Path>) -> Command {
        let (mut command, last) = match self {
            Self::MariaDb => mariadb::client(),
            Self::MySql => oracle::client(),
        };
        // These have to come first.
        match options {
            Some(file) => command.arg(format!("--defaults-file={}", file.display())),
            None => command.arg("--no-defaults"),
        };
        command.args(last);
        command
    }
}
