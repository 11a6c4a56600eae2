//! The databases: whether their servers are the right ones and can be trusted, whether the bot may do there what it has to,
//! and whether the replica is one. Where a primary is, is never said.

mod accounts;
mod certificate;
mod replica;
mod rights;

use std::error::Error as _;

use countersign_core::text::{count, list, span};
use countersign_core::time::{Duration, Timestamp, between};
use countersign_mysql::{About, Error, Kind, Server, TlsTrouble, Trust};
use futures_util::future::join;

use super::finding::Findings;
use crate::config::{Config, Database, Endpoint};
use crate::wiring;

/// So long before a certificate ends it is said.
const SOON: Duration = Duration::from_hours(30 * 24);

/// Until when the certificates of the configuration vouch for anything.
pub(super) fn authorities(config: &Config, now: Timestamp) -> Findings {
    let mut findings = Findings::default();
    for database in &config.databases {
        authority(
            &format!("{}, ca", database.name),
            &database.ca,
            now,
            &mut findings,
        );
    }
    findings
}

fn authority(about: &str, ca: &Trust, now: Timestamp, findings: &mut Findings) {
    let ends: Vec<Timestamp> = ca.ends().into_iter().flatten().collect();
    let all = count(ca.certificates().len(), "certificate");
    let Some(last) = ends.iter().max() else {
        findings.warn(about, format!("{all}; until when they are good cannot be read"));
        return;
    };
    let ended = ends.iter().filter(|end| **end <= now).count();
    let mut words = vec![all];
    words.extend((ended > 0).then(|| format!("{ended} of them ended")));
    words.extend((ca.unusable() > 0).then(|| format!("{} more cannot be read", ca.unusable())));
    let (words, left, date) = (list(words), between(now, *last), date(*last));
    if *last <= now {
        findings.fail(
            about,
            format!(
                "{words}: the last ended on {date}, so no server can be trusted; get the bundle of today"
            ),
        );
    } else if left < SOON {
        findings.warn(
            about,
            format!(
                "{words}: the last ends in {}, on {date}; get a newer bundle before",
                span(left)
            ),
        );
    } else {
        findings.ok(about, format!("{words}, the last good until {date}"));
    }
}

/// What is not asked.
pub(super) fn skipped(config: &Config) -> Findings {
    let mut findings = Findings::default();
    if !config.databases.is_empty() {
        let names = list(config.databases.iter().map(|database| &database.name));
        findings.skip(names, "not asked, because of --offline");
    }
    findings
}

/// Asks the servers of a database.
pub(super) async fn check(database: Database, now: Timestamp) -> Findings {
    let name = &database.name;
    let primary = one(
        format!("{name}, primary"),
        &database,
        Some(&database.primary),
        now,
    );
    let replica = one(
        format!("{name}, replica"),
        &database,
        database.replica.as_ref(),
        now,
    );
    let ((mut findings, primary), (of_replica, replica)) = join(primary, replica).await;
    if let Some((server, about)) = &primary {
        rights::check(&database, server, about, &mut findings).await;
        accounts::check(&database, server, &mut findings).await;
    }
    findings.append(of_replica);
    match (&database.replica, primary, replica) {
        (None, ..) => findings.ok(
            name,
            "it has no replica, so nobody is given access; passwords can be changed",
        ),
        (Some(_), Some((_, primary)), Some((server, about))) => {
            replica::check(&database, &primary, &server, &about, &mut findings).await;
        }
        // What is wrong with them has been said.
        (Some(_), ..) => {}
    }
    findings
}

/// One server: whether it is the one that it should be, and lets the bot in.
async fn one(
    about: String,
    database: &Database,
    at: Option<&Endpoint>,
    now: Timestamp,
) -> (Findings, Option<(Server, About)>) {
    let mut findings = Findings::default();
    let Some(at) = at else { return (findings, None) };
    let server = match wiring::server(database, at) {
        Ok(server) => server,
        Err(error) => {
            findings.fail(about, format!("{error:#}"));
            return (findings, None);
        }
    };
    match server.about().await {
        Ok(found) => {
            findings.ok(
                &about,
                format!(
                    "{} {}, by {} as {}",
                    found.flavour, found.version, found.tls_version, database.user
                ),
            );
            certificate::check(&about, at, &database.ca, now, &mut findings).await;
            (findings, Some((server, found)))
        }
        Err(error) => {
            findings.fail(about, words(&error, database));
            (findings, None)
        }
    }
}

/// What went wrong, and what to do.
fn words(error: &Error, database: &Database) -> String {
    let user = &database.user;
    let hint = match error.kind() {
        Kind::Unreachable => "look at the address, and whether this machine may get there".to_owned(),
        Kind::Tls(TlsTrouble::UnknownIssuer) => {
            "get the bundle that vouches for it, and name it in ca".to_owned()
        }
        Kind::Tls(TlsTrouble::OtherName) => "write the name that the certificate is for".to_owned(),
        Kind::Tls(TlsTrouble::Expired) => "have it renewed".to_owned(),
        Kind::Tls(TlsTrouble::NotOffered) => "turn TLS on there; nothing was sent without it".to_owned(),
        Kind::Denied => format!("look too whether {user} may come from here"),
        Kind::NotAllowed => format!("give it to {user}"),
        Kind::Locked | Kind::Expired => format!("mend the account {user}"),
        Kind::TooManyConnections => "try again when there are fewer, or allow more".to_owned(),
        _ => return format!("{error}{}", cause(error)),
    };
    format!("{error}{}; {hint}", cause(error))
}

/// What is beneath it: "connection refused".
fn cause(error: &Error) -> String {
    let mut beneath = error.source();
    while let Some(next) = beneath.and_then(|cause| cause.source()) {
        beneath = Some(next);
    }
    beneath.map_or_else(String::new, |cause| format!(" ({cause})"))
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Good from November 2026 on, for a hundred years.
    const PEM: &str = include_str!("../../../tests/config/valid/certificates/ca.pem");

    fn found(bundle: &str, now: &str) -> String {
        let mut findings = Findings::default();
        let trust = Trust::of_pem(bundle.as_bytes()).unwrap();
        authority("prod-db, ca", &trust, now.parse().unwrap(), &mut findings);
        findings.text()
    }

    #[test]
    fn the_end_of_the_last_certificate_is_said_before_it_comes() {
        assert_eq!(
            found(PEM, "2030-01-01T00:00:00Z"),
            "ok    prod-db, ca: 1 certificate, the last good until 2126-10-29\n"
        );
        assert_eq!(
            found(PEM, "2126-10-20T00:00:00Z"),
            "warn  prod-db, ca: 1 certificate: the last ends in 9 d 14 h, on 2126-10-29; get a newer bundle before\n"
        );
        assert_eq!(
            found(PEM, "2126-11-01T00:00:00Z"),
            "FAIL  prod-db, ca: 1 certificate, 1 of them ended: the last ended on 2126-10-29, so no server can be \
             trusted; get the bundle of today\n"
        );
    }

    #[test]
    fn trap_06_certificates_that_cannot_be_read_do_not_spoil_the_bundle() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(
            found(&format!("{broken}{PEM}"), "2030-01-01T00:00:00Z"),
            "ok    prod-db, ca: 1 certificate, 1 more cannot be read, the last good until 2126-10-29\n"
        );
    }
}
