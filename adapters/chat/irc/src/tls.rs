//! Whom an encrypted connection trusts, and how the bot identifies itself on one.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::ExposeSecret as _;
use tokio_rustls::TlsConnector;

use crate::settings::{Login, Settings, Tls};

/// Why there can be no encrypted connection, whatever the server does.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// The operating system trusts nobody.
    #[error(
        "the operating system has no certificates to trust: install its package of them (often ca-certificates), or name a \
         file of your own"
    )]
    NothingTrusted,
    /// A file of certificates is none.
    #[error("{what} has no certificate in it that can be read")]
    Certificates {
        /// Which file.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: Option<pem::Error>,
    },
    /// The bot's key is none.
    #[error("the key of the bot's certificate cannot be read: it has to be PEM, without a pass phrase")]
    Key(#[source] pem::Error),
    /// Certificate and key do not belong together, or the like.
    #[error("the certificates cannot be used")]
    Unusable(#[source] rustls::Error),
}

/// What makes encrypted connections; `None` where they are not encrypted. It reads the disk.
pub(crate) fn connector(settings: &Settings) -> Result<Option<TlsConnector>, TlsError> {
    let trusted = match &settings.tls {
        Tls::Off => return Ok(None),
        Tls::System => system()?,
        Tls::Own(pem) => own(pem)?,
    };
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unusable)?
        .with_root_certificates(trusted);
    let config = match &settings.login {
        Login::Certificate { chain, key } => {
            let chain = certificates("the file of the bot's certificate", chain)?;
            let key = PrivateKeyDer::from_pem_slice(key.expose_secret().as_bytes()).map_err(TlsError::Key)?;
            config
                .with_client_auth_cert(chain, key)
                .map_err(TlsError::Unusable)?
        }
        Login::None | Login::Password { .. } => config.with_no_client_auth(),
    };
    Ok(Some(TlsConnector::from(Arc::new(config))))
}

/// Those that the operating system trusts. One that cannot be used does not spoil the others.
fn system() -> Result<RootCertStore, TlsError> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "certificates of the operating system cannot be read");
    }
    let mut trusted = RootCertStore::empty();
    let (_, unusable) = trusted.add_parsable_certificates(found.certs);
    if unusable > 0 {
        tracing::debug!(unusable, "certificates of the operating system are left out");
    }
    if trusted.is_empty() {
        return Err(TlsError::NothingTrusted);
    }
    Ok(trusted)
}

fn own(pem: &str) -> Result<RootCertStore, TlsError> {
    let mut trusted = RootCertStore::empty();
    for certificate in certificates("the file of certificates to trust", pem)? {
        trusted.add(certificate).map_err(TlsError::Unusable)?;
    }
    Ok(trusted)
}

fn certificates(what: &'static str, pem: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(certificates) if certificates.is_empty() => Err(TlsError::Certificates { what, source: None }),
        Ok(certificates) => Ok(certificates),
        Err(source) => Err(TlsError::Certificates {
            what,
            source: Some(source),
        }),
    }
}
