//! TLS on the public listener: which certificate is shown, and how a new one takes over.

mod files;
pub mod validity;

use std::sync::Arc;

use arc_swap::ArcSwap;
use countersign_core::time::{Clock, Timestamp};
use rustls::crypto::aws_lc_rs;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{DEFAULT_VERSIONS, ServerConfig};
use tokio_rustls::TlsAcceptor;

use crate::error::{CertificateError, causes};
use crate::metrics::Metrics;
use crate::settings::{Settings, TlsFiles};
use files::Pair;

/// A certificate that is good for our host and now.
#[derive(Debug)]
struct Certificate {
    pair: Arc<CertifiedKey>,
    expires: Timestamp,
}

/// The certificate in use. It is looked up for each handshake, so that a new one needs no new listener.
#[derive(Debug)]
struct Shown(ArcSwap<CertifiedKey>);

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.load_full())
    }
}

/// Whether the certificate can be shown to people who open the public URL now, and until when. For the check before the
/// start; nothing is kept.
///
/// # Errors
/// What is wrong with the files.
pub fn certificate(settings: &Settings, now: Timestamp) -> Result<Option<Timestamp>, CertificateError> {
    let Some(files) = &settings.tls else {
        return Ok(None);
    };
    let certificate = Pair::read(files)?.check(files, &settings.host(), now)?;
    Ok(Some(certificate.expires))
}

/// Keeps the certificate in use that of the files.
#[derive(Debug)]
pub(crate) struct Keeper {
    files: TlsFiles,
    host: String,
    clock: Arc<dyn Clock>,
    shown: Arc<Shown>,
    in_use: files::Digest,
    /// What was told not to be of use, so that each is told once.
    told: Option<files::Digest>,
}

impl Keeper {
    /// Reads the files and checks them.
    pub(crate) fn start(
        files: TlsFiles,
        host: String,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> Result<(Self, TlsAcceptor), CertificateError> {
        let pair = Pair::read(&files)?;
        let in_use = pair.digest();
        let certificate = pair.check(&files, &host, clock.now())?;
        metrics.certificate(certificate.expires);
        let shown = Arc::new(Shown(ArcSwap::new(certificate.pair)));
        let unusable = |source| CertificateError::Unusable {
            path: files.certificate.clone(),
            source,
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(DEFAULT_VERSIONS)
            .map_err(unusable)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let keeper = Self {
            files,
            host,
            clock,
            shown,
            in_use,
            told: None,
        };
        Ok((keeper, TlsAcceptor::from(Arc::new(config))))
    }

    /// Looks at the files for ever.
    pub(crate) async fn keep(mut self, metrics: Arc<Metrics>) {
        loop {
            tokio::time::sleep(self.files.look_every).await;
            let looked = tokio::task::spawn_blocking(move || {
                let outcome = self.look();
                (self, outcome)
            });
            let Ok((keeper, outcome)) = looked.await else {
                return;
            };
            self = keeper;
            match outcome {
                Ok(None) => {}
                Ok(Some(expires)) => {
                    metrics.certificate(expires);
                    tracing::info!(%expires, "a new certificate is in use");
                }
                Err(error) => {
                    metrics.reloads_failed.inc();
                    tracing::error!(
                        why = causes(&error),
                        "the new certificate is not used, the old one stays"
                    );
                }
            }
        }
    }

    /// Takes over what is new and good, and says until when it is. What cannot be used is told once, but looked at
    /// again: it may only have been valid too early.
    fn look(&mut self) -> Result<Option<Timestamp>, CertificateError> {
        let pair = Pair::read(&self.files);
        let digest = pair.as_ref().map_or_else(files::digest_of, Pair::digest);
        if digest == self.in_use {
            self.told = None;
            return Ok(None);
        }
        match pair.and_then(|pair| pair.check(&self.files, &self.host, self.clock.now())) {
            Ok(certificate) => {
                self.in_use = digest;
                self.told = None;
                self.shown.0.store(certificate.pair);
                Ok(Some(certificate.expires))
            }
            Err(_) if self.told == Some(digest) => Ok(None),
            Err(error) => {
                self.told = Some(digest);
                Err(error)
            }
        }
    }
}
