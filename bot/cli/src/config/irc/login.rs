//! How the bot proves who it is on an IRC network.

use std::path::Path;

use countersign_core::secret::Secret;
use countersign_irc::Login;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use secrecy::ExposeSecret as _;

use super::{IrcSection, one_word};
use crate::config::document::Key;
use crate::config::secret::{SecretSource, Sources};

impl IrcSection {
    pub(super) fn login(&self, key: &Key, sources: &mut Sources<'_, '_>) -> Login {
        let mut wrong = |field: &str, words: &str, help: &str| {
            sources.problems.add(&key.field(field), words, help);
            Login::None
        };
        match (&self.account, &self.password, &self.certificate, &self.key) {
            (None, None, None, None) => Login::None,
            (Some(account), Some(password), None, None) => {
                if account.is_empty() || !one_word(account) {
                    wrong(
                        "account",
                        "this is not an account",
                        "write one word: what services call it",
                    );
                }
                Login::Password {
                    account: account.clone(),
                    password: line(sources, password, &key.field("password")),
                }
            }
            (None, None, Some(path), Some(private)) => {
                if !self.tls {
                    wrong(
                        "certificate",
                        "without TLS no certificate can be shown",
                        "log in with account and password",
                    );
                }
                certificate(path, private, key, sources)
            }
            (_, Some(_), Some(_), _) => wrong(
                "certificate",
                "the bot logs in with a password or with a certificate",
                "leave one of them out",
            ),
            (Some(_), None, None, _) => wrong(
                "account",
                "there is no password for it",
                "write password = { env = \"NAME\" } or { file = \"PATH\" }",
            ),
            (None, Some(_), ..) => wrong(
                "password",
                "nothing says whose it is",
                "write account = \"…\" with the bot's services account",
            ),
            (_, _, Some(_), None) => wrong(
                "certificate",
                "there is no key for it",
                "write key = { file = \"PATH\" }",
            ),
            (_, _, None, Some(_)) => wrong(
                "key",
                "there is no certificate for it",
                "write certificate = \"PATH\"",
            ),
            (Some(_), _, Some(_), Some(_)) => wrong(
                "account",
                "with a certificate services know whose account it is",
                "leave account out",
            ),
        }
    }
}

/// A secret that goes into a line of IRC.
pub(super) fn line(sources: &mut Sources<'_, '_>, source: &SecretSource, key: &Key) -> Secret {
    let secret = sources.fetch(source, key);
    if secret.expose_secret().contains(char::is_control) {
        sources.problems.add(
            key,
            "it has a line break or another control character in it",
            "IRC has no way to send that; look at where the secret is",
        );
    }
    secret
}

/// A certificate and its key, of which TLS can make use.
fn certificate(path: &Path, private: &SecretSource, key: &Key, sources: &mut Sources<'_, '_>) -> Login {
    let chain = sources.certificates(path, &key.field("certificate"));
    let private = sources.fetch(private, &key.field("key"));
    let pem = private.expose_secret();
    if chain.is_empty() || pem.is_empty() {
        return Login::None;
    }
    let help = "the key was made with the certificate, and begins with -----BEGIN PRIVATE KEY-----";
    match fits(&chain, pem) {
        Some(true) => {}
        Some(false) => sources.problems.add(
            &key.field("key"),
            format!("it is not the key of the certificate in {}", path.display()),
            help,
        ),
        None => sources
            .problems
            .add(&key.field("key"), "this is no private key (PEM)", help),
    }
    Login::Certificate { chain, key: private }
}

/// Whether the key is the one of the certificate; nothing if it is no key.
fn fits(chain: &str, pem: &str) -> Option<bool> {
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).ok()?;
    let key = any_supported_type(&key).ok()?;
    let chain = CertificateDer::pem_slice_iter(chain.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .ok()?;
    Some(CertifiedKey::new(chain, key).keys_match().is_ok())
}

/// Whether a PEM text has certificates, and all of them can be read.
pub(in crate::config) fn has_certificates(pem: &str) -> bool {
    let found: Result<Vec<CertificateDer<'_>>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    found.is_ok_and(|found| !found.is_empty())
}
