//! Certificate and key as they stand in files, and the checks before they are used.

use std::path::Path;
use std::sync::Arc;

use countersign_core::time::Timestamp;
use rustls::client::verify_server_name;
use rustls::crypto::aws_lc_rs;
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Certificate, validity};
use crate::error::CertificateError;
use crate::settings::TlsFiles;

/// SHA-256 of what the files held.
pub(super) type Digest = [u8; 32];

/// The two files' bytes.
pub(super) struct Pair {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Pair {
    pub(super) fn read(files: &TlsFiles) -> Result<Self, CertificateError> {
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: Zeroizing::new(read(&files.key)?),
        })
    }

    pub(super) fn digest(&self) -> Digest {
        let digest = Sha256::new()
            .chain_update(Sha256::digest(&self.certificate))
            .chain_update(Sha256::digest(&*self.key));
        digest.finalize().into()
    }

    /// Whether the pair can be shown to people who open `host` now.
    pub(super) fn check(
        &self,
        files: &TlsFiles,
        host: &str,
        now: Timestamp,
    ) -> Result<Certificate, CertificateError> {
        let path = || files.certificate.clone();
        let unreadable = || CertificateError::NoCertificate { path: path() };
        let chain = CertificateDer::pem_slice_iter(&self.certificate)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|_| unreadable())?;
        let own = chain.first().ok_or_else(unreadable)?.clone();
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| CertificateError::NoKey {
            path: files.key.clone(),
        })?;
        let (from, until) = validity::of(&own).ok_or_else(unreadable)?;
        let parsed = ParsedCertificate::try_from(&own).map_err(|_| unreadable())?;
        let ours = ServerName::try_from(host).is_ok_and(|name| verify_server_name(&parsed, &name).is_ok());
        if !ours {
            let host = host.to_owned();
            return Err(CertificateError::OtherHost { path: path(), host });
        }
        if now >= until {
            return Err(CertificateError::Expired {
                path: path(),
                at: until,
            });
        }
        if now < from {
            return Err(CertificateError::NotYet {
                path: path(),
                at: from,
            });
        }
        let pair = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
        let pair = pair.map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => CertificateError::OtherKey {
                certificate: path(),
                key: files.key.clone(),
            },
            source => CertificateError::Unusable { path: path(), source },
        })?;
        Ok(Certificate {
            pair: Arc::new(pair),
            expires: until,
        })
    }
}

fn read(path: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(path).map_err(|source| CertificateError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// What stands for files that cannot be read, for this reason.
pub(super) fn digest_of(error: &CertificateError) -> Digest {
    Sha256::digest(error.to_string()).into()
}
