//! Whether the replica is one. What people are given works on the primary too, so this has to be sure.

use countersign_core::text::span;
use countersign_databases::BEHIND;
use countersign_mysql::{About, Replication, Server};

use super::words;
use crate::commands::check::finding::Findings;
use crate::config::Database;

pub(super) async fn check(
    database: &Database,
    primary: &About,
    server: &Server,
    replica: &About,
    findings: &mut Findings,
) {
    let about = format!("{}, replica", database.name);
    match server.replication().await {
        Ok(replication) => evidence(&about, primary, replica, replication.as_ref(), findings),
        Err(error) => findings.fail(about, words(&error, database)),
    }
}

fn evidence(
    about: &str,
    primary: &About,
    replica: &About,
    replication: Option<&Replication>,
    findings: &mut Findings,
) {
    let before = findings.failures();
    let same_id = primary.server_uuid.is_some() && primary.server_uuid == replica.server_uuid;
    if same_id || primary.server_id == replica.server_id {
        findings.fail(
            about,
            format!(
                "it is the primary, or looks like it (both have the server id {}); correct the address",
                replica.server_id
            ),
        );
    }
    if !replica.read_only {
        findings.fail(
            about,
            "it is not read-only; set read_only there, or correct the address",
        );
    }
    let Some(replication) = replication else {
        findings.fail(
            about,
            "it follows no other server; correct the address, or start its replication",
        );
        return;
    };
    let reason = replication
        .error
        .as_ref()
        .map(|error| format!(" ({error})"))
        .unwrap_or_default();
    match (replication.io && replication.sql, replication.behind) {
        (false, _) => findings.fail(
            about,
            format!("its replication has stopped{reason}; start it again"),
        ),
        (true, None) => findings.warn(about, "it does not say how far behind the primary it is"),
        (true, Some(behind)) if behind > BEHIND => findings.warn(
            about,
            format!(
                "it is {} behind the primary; above {} no access is handed out",
                span(behind),
                span(BEHIND)
            ),
        ),
        (true, Some(behind)) if findings.failures() == before => findings.ok(
            about,
            format!("it is one: read-only, and {} behind the primary", span(behind)),
        ),
        (true, Some(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::time::Duration;
    use countersign_mysql::{Flavour, Version};

    use super::*;

    fn server(id: u64, read_only: bool) -> About {
        About {
            flavour: Flavour::MySql,
            version: Version(8, 0, 36),
            read_only,
            super_read_only: false,
            server_id: id,
            server_uuid: Some(format!("uuid-{id}")),
            tls_version: "TLSv1.3".to_owned(),
            tls_cipher: String::new(),
            sql_mode: String::new(),
            host_name: String::new(),
        }
    }

    fn following(behind: Option<u64>) -> Replication {
        Replication {
            io: true,
            sql: true,
            behind: behind.map(Duration::from_secs),
            source: "primary.example.org".to_owned(),
            error: None,
        }
    }

    fn found(replica: &About, replication: Option<&Replication>) -> String {
        let mut findings = Findings::default();
        evidence(
            "prod-db, replica",
            &server(1, false),
            replica,
            replication,
            &mut findings,
        );
        findings.text().replace("prod-db, replica: ", "")
    }

    #[test]
    fn a_replica_is_read_only_and_follows_the_primary() {
        let found = found(&server(2, true), Some(&following(Some(1))));
        assert_eq!(found, "ok    it is one: read-only, and 1 s behind the primary\n");
    }

    #[test]
    fn what_speaks_against_it_is_said_each_for_itself() {
        let fine = following(Some(0));
        let replica = server(2, true);
        assert_eq!(
            found(&server(1, true), Some(&fine)),
            "FAIL  it is the primary, or looks like it (both have the server id 1); correct the address\n"
        );
        assert_eq!(
            found(&server(2, false), None),
            "FAIL  it is not read-only; set read_only there, or correct the address\n\
             FAIL  it follows no other server; correct the address, or start its replication\n"
        );
        let stopped = Replication {
            sql: false,
            error: Some("error 1062 while applying changes".to_owned()),
            ..following(None)
        };
        assert_eq!(
            found(&replica, Some(&stopped)),
            "FAIL  its replication has stopped (error 1062 while applying changes); start it again\n"
        );
        assert_eq!(
            found(&replica, Some(&following(Some(61)))),
            "warn  it is 1 min 1 s behind the primary; above 1 min no access is handed out\n"
        );
        assert_eq!(
            found(&replica, Some(&following(None))),
            "warn  it does not say how far behind the primary it is\n"
        );
    }
}
