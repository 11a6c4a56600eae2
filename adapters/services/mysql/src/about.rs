//! What a server says of itself, and of what it copies.

use std::time::Duration;

use crate::{
    error::Result,
    flavour::{Flavour, Version},
    rows::Cells,
    server::Server,
    wire::Wire,
};

/// What a server says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Whose it is.
    pub flavour: Flavour,
    /// Its version.
    pub version: Version,
    /// It takes no changes from accounts like ours.
    pub read_only: bool,
    /// It takes none from anybody. MariaDB has no such thing.
    pub super_read_only: bool,
    /// Its number among the servers that copy one another.
    pub server_id: u64,
    /// Its own id, unlike any other's; MariaDB may have none.
    pub server_uuid: Option<String>,
    /// The version of TLS that this answer came over: `TLSv1.3`.
    pub tls_version: String,
    /// The cipher that this answer came over.
    pub tls_cipher: String,
    /// The modes that our sessions are in.
    pub sql_mode: String,
    /// What the machine calls itself. On RDS that is an internal name.
    pub host_name: String,
}

/// The state of a replica.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replication {
    /// It gets changes from its source.
    pub io: bool,
    /// It applies them.
    pub sql: bool,
    /// How far behind it is; `None` while it can't know.
    pub behind: Option<Duration>,
    /// The host that it copies. Not for people: it is the primary's.
    pub source: String,
    /// What stopped it. Only the number of the error, since the text quotes statements and hosts.
    pub error: Option<String>,
}

impl Server {
    /// What the server says of itself.
    pub async fn about(&self) -> Result<About> {
        let mut lease = self.lease().await?;
        let about = about(&mut lease.wire).await?;
        lease.give_back();
        Ok(about)
    }

    /// How its copying goes; `None` for a server that is no replica.
    pub async fn replication(&self) -> Result<Option<Replication>> {
        let mut lease = self.lease().await?;
        let replication = replication(&mut lease.wire).await?;
        lease.give_back();
        Ok(replication)
    }
}

async fn about(wire: &mut Wire) -> Result<About> {
    // A variable that this server does not have is left out, not an error.
    let variables = named_values(
        wire,
        "SHOW GLOBAL VARIABLES WHERE Variable_name IN \
         ('read_only', 'super_read_only', 'innodb_read_only', 'server_id', 'server_uuid', 'server_uid', 'hostname')",
    )
    .await?;
    let value = |name: &str| find(&variables, name);
    let is_on = |name| value(name).is_some_and(|value| !matches!(value.as_str(), "OFF" | "0" | ""));
    let tls = tls(wire).await?;
    Ok(About {
        flavour: wire.make.flavour,
        version: wire.make.version,
        read_only: is_on("read_only") || is_on("innodb_read_only"),
        super_read_only: is_on("super_read_only"),
        server_id: value("server_id").and_then(|id| id.parse().ok()).unwrap_or(0),
        server_uuid: value("server_uuid").or_else(|| value("server_uid")),
        tls_version: tls.0,
        tls_cipher: tls.1,
        sql_mode: wire.sql_mode.clone(),
        host_name: value("hostname").unwrap_or_default(),
    })
}

/// The version of TLS and the cipher of a session; empty without TLS.
pub(crate) async fn tls(wire: &mut Wire) -> Result<(String, String)> {
    let sql = "SHOW SESSION STATUS WHERE Variable_name IN ('Ssl_version', 'Ssl_cipher')";
    let status = named_values(wire, sql).await?;
    let value = |name| find(&status, name).unwrap_or_default();
    Ok((value("Ssl_version"), value("Ssl_cipher")))
}

fn find(values: &[(String, String)], name: &str) -> Option<String> {
    let found = values.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(found.1.clone())
}

async fn named_values(wire: &mut Wire, sql: &str) -> Result<Vec<(String, String)>> {
    let rows = wire.rows(sql).await?;
    rows.into_iter()
        .map(|row| Ok((row.text(0)?, row.text(1)?)))
        .collect()
}

async fn replication(wire: &mut Wire) -> Result<Option<Replication>> {
    let sql = match wire.make.flavour {
        Flavour::MariaDb => "SHOW ALL SLAVES STATUS",
        Flavour::MySql if wire.make.says_replica() => "SHOW REPLICA STATUS",
        Flavour::MySql => "SHOW SLAVE STATUS",
    };
    let rows = wire.rows(sql).await?;
    // One with several sources is as good as the worst of them.
    let channels = rows.into_iter().map(|row| channel(&row));
    Ok(channels.reduce(|one, other| Replication {
        io: one.io && other.io,
        sql: one.sql && other.sql,
        behind: one.behind.zip(other.behind).map(|(one, other)| one.max(other)),
        source: one.source,
        error: one.error.or(other.error),
    }))
}

/// Reads one row. MySQL changed the names of its columns in 8.0.22.
fn channel(row: &Cells) -> Replication {
    let either = |new: &str, old: &str| row.named(new).or_else(|| row.named(old));
    let runs = |new, old| either(new, old).as_deref() == Some("Yes");
    let trouble = |column, doing| {
        let number = row.named(column).filter(|number| number != "0")?;
        Some(format!("error {number} while {doing}"))
    };
    Replication {
        io: runs("Replica_IO_Running", "Slave_IO_Running"),
        sql: runs("Replica_SQL_Running", "Slave_SQL_Running"),
        behind: either("Seconds_Behind_Source", "Seconds_Behind_Master")
            .and_then(|seconds| seconds.parse().ok())
            .map(Duration::from_secs),
        source: either("Source_Host", "Master_Host").unwrap_or_default(),
        error: trouble("Last_IO_Errno", "getting changes")
            .or_else(|| trouble("Last_SQL_Errno", "applying changes")),
    }
}
