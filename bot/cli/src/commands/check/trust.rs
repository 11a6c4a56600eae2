//! Whom encrypted connections trust, and until when certificates are good.

use countersign_core::text::{count, span};
use countersign_core::time::{Duration, Timestamp, between};
use countersign_irc::{Login, Tls};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::finding::Findings;
use crate::config::Config;

/// So long before a certificate ends it is said.
const SOON: Duration = Duration::from_hours(30 * 24);

pub(super) fn check(config: &Config, now: Timestamp) -> Findings {
    let encrypted = |address: &url::Url| address.scheme() == "https";
    let needed = encrypted(&config.heroku.url)
        || encrypted(&config.github.url)
        || config.irc.iter().any(|irc| irc.tls == Tls::System);
    let mut findings = system(needed);
    for irc in &config.irc {
        if let Tls::Own(pem) = &irc.tls {
            certificates(&format!("{}, ca", irc.network), pem, now, &mut findings);
        }
        if let Login::Certificate { chain, .. } = &irc.login {
            certificates(
                &format!("{}, certificate", irc.network),
                chain,
                now,
                &mut findings,
            );
        }
    }
    findings
}

/// The certificates that the operating system trusts, and whether something needs them.
pub(super) fn system(needed: bool) -> Findings {
    let mut findings = Findings::default();
    let found = rustls_native_certs::load_native_certs();
    let (usable, unusable) = RootCertStore::empty().add_parsable_certificates(found.certs);
    for error in &found.errors {
        findings.warn(
            "TLS",
            format!("certificates of the operating system cannot be read: {error}"),
        );
    }
    let help = "install the system's package of them, often called ca-certificates";
    match (usable, needed) {
        (0, true) => findings.fail(
            "TLS",
            format!("the operating system trusts no certificates; {help}"),
        ),
        (0, false) => findings.warn(
            "TLS",
            format!("the operating system trusts no certificates; {help}"),
        ),
        _ if unusable > 0 => findings.ok(
            "TLS",
            format!(
                "the operating system trusts {}; {unusable} more cannot be used",
                count(usable, "certificate")
            ),
        ),
        _ => findings.ok(
            "TLS",
            format!("the operating system trusts {}", count(usable, "certificate")),
        ),
    }
    findings
}

/// A file of certificates of the configuration.
fn certificates(about: &str, pem: &str, now: Timestamp, findings: &mut Findings) {
    let mut usable = 0;
    let mut first_end: Option<Timestamp> = None;
    for (index, certificate) in CertificateDer::pem_slice_iter(pem.as_bytes())
        .flatten()
        .enumerate()
    {
        let which = index + 1;
        let Some((begin, end)) = countersign_web::validity::of(&certificate) else {
            findings.fail(
                about,
                format!("certificate {which} in the file is none; replace the file"),
            );
            continue;
        };
        if end <= now {
            findings.fail(
                about,
                format!(
                    "certificate {which} in the file ended on {}; replace it",
                    date(end)
                ),
            );
        } else if begin > now {
            findings.fail(
                about,
                format!(
                    "certificate {which} in the file begins on {} only; look at the clock",
                    date(begin)
                ),
            );
        } else {
            usable += 1;
            first_end = Some(first_end.map_or(end, |first| first.min(end)));
        }
    }
    let Some(end) = first_end else { return };
    let left = between(now, end);
    if left < SOON {
        findings.warn(
            about,
            format!(
                "a certificate in the file ends in {}, on {}; replace it before",
                span(left),
                date(end)
            ),
        );
    } else {
        findings.ok(
            about,
            format!("{}, good until {}", count(usable, "certificate"), date(end)),
        );
    }
}

fn date(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Good from November 2026 on, for a hundred years.
    const PEM: &str = include_str!("../../../tests/config/valid/certificates/ca.pem");

    fn found(pem: &str, now: &str) -> String {
        let mut findings = Findings::default();
        certificates("libera, ca", pem, now.parse().unwrap(), &mut findings);
        findings.text()
    }

    #[test]
    fn the_end_of_a_certificate_is_said_before_it_comes() {
        assert_eq!(
            found(PEM, "2030-01-01T00:00:00Z"),
            "ok    libera, ca: 1 certificate, good until 2126-10-29\n"
        );
        assert_eq!(
            found(PEM, "2126-10-20T00:00:00Z"),
            "warn  libera, ca: a certificate in the file ends in 9 d 14 h, on 2126-10-29; replace it before\n"
        );
        assert_eq!(
            found(PEM, "2126-11-01T00:00:00Z"),
            "FAIL  libera, ca: certificate 1 in the file ended on 2126-10-29; replace it\n"
        );
        assert_eq!(
            found(PEM, "2020-01-01T00:00:00Z"),
            "FAIL  libera, ca: certificate 1 in the file begins on 2026-11-22 only; look at the clock\n"
        );
    }

    #[test]
    fn what_is_no_certificate_is_said() {
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert_eq!(
            found(&format!("{PEM}{pem}"), "2030-01-01T00:00:00Z"),
            "FAIL  libera, ca: certificate 2 in the file is none; replace the file\n\
             ok    libera, ca: 1 certificate, good until 2126-10-29\n"
        );
    }
}
