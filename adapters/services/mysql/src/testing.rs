//! What the tests of several files need.

use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use secrecy::SecretString;

use crate::{Kill, Settings, Trust};

/// A bundle of one CA that signs nothing.
pub(crate) fn trust() -> Trust {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    Trust::of_pem(ca.pem().as_bytes()).unwrap()
}

/// A server on loopback; the password is a canary.
pub(crate) fn settings(port: u16) -> Settings {
    Settings {
        host: "localhost".to_owned(),
        port,
        user: "admin".parse().unwrap(),
        password: SecretString::from("CANARY"),
        trust: trust(),
        kill: Kill::Statement,
        connect_timeout: Duration::from_secs(5),
        timeout: Duration::from_secs(5),
    }
}
