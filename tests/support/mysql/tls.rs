//! An authority, and certificates of it for the servers of a pair.

use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};

use crate::support::process::Home;

/// In this time a certificate of [`Cert::Expired`] has expired, and servers have read it before.
pub(super) const SOON: Duration = Duration::from_secs(3);

/// What certificate the servers show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cert {
    /// For localhost and 127.0.0.1.
    Good,
    /// For the same, until just now: MySQL takes none that has expired already.
    Expired,
    /// For somebody else's name.
    OtherName,
    /// For the right name, of an authority that nobody knows.
    OtherAuthority,
}

/// The files of one authority.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

const FOLDER: &str = "tls";

impl Authority {
    /// Makes one, with a good certificate.
    pub(super) fn new(home: &Home) -> Self {
        home.folder(FOLDER);
        let (issuer, pem) = authority("Nobody's databases");
        home.write("tls/ca.pem", &pem);
        let made = Self { issuer, pem };
        made.shows(home, Cert::Good);
        made
    }

    /// Writes the certificate that the servers read when they are told to.
    pub(super) fn shows(&self, home: &Home, cert: Cert) {
        let names = match cert {
            Cert::OtherName => ["elsewhere.example.org", "127.0.0.9"],
            Cert::Good | Cert::Expired | Cert::OtherAuthority => ["localhost", "127.0.0.1"],
        };
        let mut params = CertificateParams::new(names.map(str::to_owned).to_vec()).unwrap();
        params.distinguished_name.push(DnType::CommonName, names[0]);
        if cert == Cert::Expired {
            params.not_before = date_time_ymd(2019, 1, 1);
            params.not_after =
                date_time_ymd(1970, 1, 1) + (SystemTime::now() + SOON).duration_since(UNIX_EPOCH).unwrap();
        }
        let key = KeyPair::generate().unwrap();
        // MySQL shows nothing that it does not believe itself, so it is told whom to believe.
        let signed = if cert == Cert::OtherAuthority {
            let (issuer, pem) = authority("Somebody else");
            home.write("tls/issuer.pem", &pem);
            params.signed_by(&key, &issuer).unwrap()
        } else {
            home.write("tls/issuer.pem", &self.pem);
            params.signed_by(&key, &self.issuer).unwrap()
        };
        home.write("tls/server.pem", &signed.pem());
        home.write("tls/server.key", &key.serialize_pem());
    }

    pub(super) fn ca(home: &Home) -> PathBuf {
        home.at("tls/ca.pem")
    }

    /// Lines for a server's configuration.
    pub(super) fn configuration(home: &Home) -> String {
        let tls = home.at(FOLDER);
        let tls = tls.display();
        format!("ssl-ca = {tls}/issuer.pem\nssl-cert = {tls}/server.pem\nssl-key = {tls}/server.key\n")
    }
}

fn authority(name: &str) -> (Issuer<'static, KeyPair>, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}
