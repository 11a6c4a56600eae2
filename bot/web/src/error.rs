//! Why the web side does not start, in words for whoever runs the bot.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use countersign_core::time::Timestamp;
use url::Url;

/// Why [`crate::Web::start`] did not.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The public URL cannot stand before links.
    #[error("the public URL {url} can't be used: {why}")]
    PublicUrl {
        /// The URL, without a name or password.
        url: Box<Url>,
        /// What to do.
        why: &'static str,
    },
    /// https without a certificate, and without a proxy that could have one.
    #[error(
        "nobody speaks TLS for {url}; name under trusted_proxies the proxy that does (what stands unnamed before the bot \
         makes all visitors look like one), or a certificate and its key"
    )]
    NobodySpeaksTls {
        /// The public URL.
        url: Box<Url>,
    },
    /// Plain HTTP for the whole network.
    #[error(
        "{listen} would speak plain HTTP to everybody; listen on 127.0.0.1, or name a certificate and its key"
    )]
    PlainForAll {
        /// The address.
        listen: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("can't listen on {address}: {}", bind_words(source))]
    Address {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

fn read_words(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there",
        io::ErrorKind::PermissionDenied => "this user may not; give it to the user that the bot runs as",
        _ => "the system refused",
    }
}

/// An error and what is beneath it, in one line for the log.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut words = error.to_string();
    let mut beneath = error.source();
    while let Some(error) = beneath {
        words.push_str(": ");
        words.push_str(&error.to_string());
        beneath = error.source();
    }
    words
}

fn bind_words(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "another program listens there; stop it, or choose another port",
        io::ErrorKind::PermissionDenied => {
            "this user may not; choose a port from 1024 up, or give the service CAP_NET_BIND_SERVICE"
        }
        io::ErrorKind::AddrNotAvailable => "this machine has no such address",
        _ => "the system refused",
    }
}

/// What is wrong with a certificate or its key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The file is not there, or this user may not read it.
    #[error("can't read {path}: {}", read_words(source), path = path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file has no certificate in it, or a damaged one.
    #[error("{path} has no certificate that can be read; it must be PEM, the server's own first", path = path.display())]
    NoCertificate {
        /// Which file.
        path: PathBuf,
    },
    /// The file has no private key in it, or a damaged one.
    #[error("{path} has no private key that can be read; it must be PEM and not encrypted", path = path.display())]
    NoKey {
        /// Which file.
        path: PathBuf,
    },
    /// The key is not the certificate's.
    #[error("the key in {key} is not that of the certificate in {certificate}", key = key.display(), certificate = certificate.display())]
    OtherKey {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// The certificate is for other hosts.
    #[error("the certificate in {path} is not for {host}, the host of the public URL", path = path.display())]
    OtherHost {
        /// The certificate's file.
        path: PathBuf,
        /// The host of the public URL.
        host: String,
    },
    /// It was valid.
    #[error("the certificate in {path} expired at {at}; put a new one there", path = path.display())]
    Expired {
        /// The certificate's file.
        path: PathBuf,
        /// When.
        at: Timestamp,
    },
    /// It will be valid.
    #[error("the certificate in {path} is valid from {at} only; is the clock right?", path = path.display())]
    NotYet {
        /// The certificate's file.
        path: PathBuf,
        /// When.
        at: Timestamp,
    },
    /// TLS cannot use it.
    #[error("TLS can't use the certificate in {path}", path = path.display())]
    Unusable {
        /// The certificate's file.
        path: PathBuf,
        /// What rustls said.
        source: rustls::Error,
    },
}
