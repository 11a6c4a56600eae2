//! Whom to believe that a server is the one it says: a bundle of CA certificates.

use std::fmt;

use jiff::Timestamp;
use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::validity;

/// The certificates of a bundle that can be used.
///
/// They are added one by one, so that a single one that can't be read does not spoil the rest.
#[derive(Clone)]
pub struct Trust {
    certificates: Vec<CertificateDer<'static>>,
    pem: String,
    unusable: usize,
}

/// A bundle without a certificate that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    /// There is no certificate in it.
    #[error(
        "no certificate in it; it must be a file of PEM blocks that begin with -----BEGIN CERTIFICATE-----"
    )]
    Empty,
    /// There are some, but none is understood.
    #[error("none of its {0} certificates can be read; get the bundle again")]
    Unusable(usize),
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

impl Trust {
    /// Reads a bundle: PEM blocks, with any text between.
    pub fn of_pem(bundle: &[u8]) -> Result<Self, TrustError> {
        let bundle = String::from_utf8_lossy(bundle);
        let mut trust = Self {
            certificates: Vec::new(),
            pem: String::new(),
            unusable: 0,
        };
        for block in bundle.split(BEGIN).skip(1) {
            let body = block.split(END).next().unwrap_or_default();
            let pem = format!("{BEGIN}{body}{END}\n").replace('\r', "");
            match usable(&pem) {
                Some(certificate) => {
                    trust.certificates.push(certificate);
                    trust.pem.push_str(&pem);
                }
                None => trust.unusable += 1,
            }
        }
        match (trust.certificates.is_empty(), trust.unusable) {
            (false, _) => Ok(trust),
            (true, 0) => Err(TrustError::Empty),
            (true, unusable) => Err(TrustError::Unusable(unusable)),
        }
    }

    /// The certificates, at least one.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// How many certificates of the bundle could not be read.
    pub fn unusable(&self) -> usize {
        self.unusable
    }

    /// The part of the bundle that can be used, as PEM, to be handed on.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// When each certificate ends, in their order; `None` where that can't be read.
    ///
    /// Whether an old one matters depends on which of them the server's certificate is signed with.
    pub fn ends(&self) -> Vec<Option<Timestamp>> {
        self.certificates
            .iter()
            .map(|certificate| validity::end(certificate))
            .collect()
    }
}

fn usable(pem: &str) -> Option<CertificateDer<'static>> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    RootCertStore::empty().add(certificate.clone()).ok()?;
    Some(certificate)
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trust({} certificates)", self.certificates.len())
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};

    use super::*;

    fn ca(last_year: i32) -> String {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(last_year, 2, 3);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
    }

    /// RDS bundles have held certificates that no library of today reads.
    #[test]
    fn trap_06_one_bad_certificate_does_not_spoil_the_bundle() {
        let (first, second) = (ca(2040), ca(2061));
        let broken = format!("{BEGIN}\nbm8gY2VydGlmaWNhdGU=\n{END}\n");
        let garbled = format!("{BEGIN}\n***\n{END}\n");
        let bundle = format!("# Amazon\r\n{first}{broken}{garbled}\n\nmore\n{second}");
        let trust = Trust::of_pem(bundle.as_bytes()).unwrap();

        assert_eq!(trust.certificates().len(), 2);
        assert_eq!(trust.unusable(), 2);
        assert_eq!(
            Trust::of_pem(trust.pem().as_bytes())
                .unwrap()
                .certificates()
                .len(),
            2
        );
        assert_eq!(Trust::of_pem(trust.pem().as_bytes()).unwrap().unusable(), 0);
        let ends: Vec<_> = trust
            .ends()
            .into_iter()
            .map(|end| end.unwrap().to_string())
            .collect();
        assert_eq!(ends, ["2040-02-03T00:00:00Z", "2061-02-03T00:00:00Z"]);
    }

    #[test]
    fn a_bundle_without_certificates_says_what_is_missing() {
        assert_eq!(Trust::of_pem(b"").unwrap_err(), TrustError::Empty);
        let broken = format!("{BEGIN}\nbm8=\n{END}\n");
        let error = Trust::of_pem(broken.as_bytes()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "none of its 1 certificates can be read; get the bundle again"
        );
    }
}
