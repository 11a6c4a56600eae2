//! Making a connection: name, address, TCP, TLS.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Duration, timeout};
use tokio_rustls::TlsConnector;

use crate::prompt::Prompt;
use crate::settings::{Server, Settings};
use crate::tls::{TlsError, connector};

/// Bytes both ways.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection.
pub(crate) type Stream = Box<dyn Duplex>;

/// What makes connections.
#[async_trait]
pub(crate) trait Dial: Send {
    /// Connects to one server. It has several addresses perhaps: `attempt` says which of them to try first.
    async fn dial(&mut self, server: &Server, attempt: usize) -> Result<Stream, DialError>;
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DialError {
    /// It would be open to whoever is on the way.
    #[error(
        "{host} is not on this machine and TLS is off, so commands and passwords could be read and changed on the way: turn \
         TLS on"
    )]
    Open {
        /// The server.
        host: String,
    },
    /// There can be no encryption.
    #[error("the encryption cannot be set up")]
    Tls(#[source] TlsError),
    /// The name is none that a certificate could be for.
    #[error("{host} is no name of a server: correct it in the configuration")]
    Name {
        /// The name.
        host: String,
    },
    /// The name has no address.
    #[error("{host} is not found: is its name right, and do other names work on this machine?")]
    Lookup {
        /// The name.
        host: String,
        /// What the lookup said.
        #[source]
        source: io::Error,
    },
    /// No connection.
    #[error("{host} port {port} cannot be connected to")]
    Connect {
        /// The server.
        host: String,
        /// Its port.
        port: u16,
        /// What the last address said.
        #[source]
        source: io::Error,
    },
    /// A connection, but no encryption.
    #[error(
        "{host} port {port} was reached but not trusted: either the certificate is not the right one or the port has no TLS"
    )]
    Handshake {
        /// The server.
        host: String,
        /// Its port.
        port: u16,
        /// What is wrong.
        #[source]
        source: io::Error,
    },
}

impl DialError {
    /// Whether trying again is of no use until somebody does something.
    pub(crate) fn is_lasting(&self) -> bool {
        match self {
            Self::Open { .. } | Self::Tls(_) | Self::Name { .. } => true,
            Self::Handshake { source, .. } => source.kind() == io::ErrorKind::InvalidData,
            Self::Lookup { .. } | Self::Connect { .. } => false,
        }
    }

    /// The error and what caused it, in one line.
    pub(crate) fn words(&self) -> String {
        let mut words = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            words = format!("{words}: {error}");
            cause = error.source();
        }
        words
    }
}

/// Connects to real servers.
pub(crate) struct Dialer {
    settings: Arc<Settings>,
    patience: Duration,
    /// Kept as long as it works: reading the system's certificates takes a while.
    tls: Option<TlsConnector>,
}

impl Dialer {
    /// Connects to the servers of this network; `patience` for each address and each handshake.
    pub(crate) fn new(settings: Arc<Settings>, patience: Duration) -> Self {
        Self {
            settings,
            patience,
            tls: None,
        }
    }

    async fn connector(&mut self, server: &Server) -> Result<Option<TlsConnector>, DialError> {
        if self.tls.is_none() {
            let settings = Arc::clone(&self.settings);
            let made = tokio::task::spawn_blocking(move || connector(&settings)).await;
            self.tls = made
                .map_err(|error| no_connection(server, io::Error::other(error)))?
                .map_err(DialError::Tls)?;
        }
        if self.tls.is_none() && !server.is_loopback() {
            return Err(DialError::Open {
                host: server.host.clone(),
            });
        }
        Ok(self.tls.clone())
    }

    async fn tcp(&self, server: &Server, attempt: usize, open: bool) -> Result<Prompt, DialError> {
        let found = async { Ok(lookup_host((server.host.as_str(), server.port)).await?.collect()) };
        let mut addresses: Vec<SocketAddr> =
            self.in_time(found).await.map_err(|source| DialError::Lookup {
                host: server.host.clone(),
                source,
            })?;
        if open {
            addresses = near(server, addresses)?;
        }
        let first = attempt % addresses.len().max(1);
        addresses.rotate_left(first);
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match self.in_time(TcpStream::connect(address)).await {
                Ok(stream) => {
                    return Prompt::new(stream).map_err(|error| no_connection(server, error));
                }
                Err(error) => {
                    tracing::debug!(%address, %error, "not connected");
                    last = error;
                }
            }
        }
        Err(no_connection(server, last))
    }

    async fn in_time<T>(&self, work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
        timeout(self.patience, work)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

/// Those addresses that are on this machine: a name alone, `localhost` too, may lead anywhere.
fn near(server: &Server, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, DialError> {
    addresses.retain(|address| address.ip().to_canonical().is_loopback());
    if addresses.is_empty() {
        return Err(DialError::Open {
            host: server.host.clone(),
        });
    }
    Ok(addresses)
}

fn no_connection(server: &Server, source: io::Error) -> DialError {
    DialError::Connect {
        host: server.host.clone(),
        port: server.port,
        source,
    }
}

#[async_trait]
impl Dial for Dialer {
    async fn dial(&mut self, server: &Server, attempt: usize) -> Result<Stream, DialError> {
        let connector = self.connector(server).await?;
        let stream = self.tcp(server, attempt, connector.is_none()).await?;
        let Some(connector) = connector else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(server.host.clone()).map_err(|_| DialError::Name {
            host: server.host.clone(),
        })?;
        match self.in_time(connector.connect(name, stream)).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(source) => {
                // Perhaps the system trusts other certificates by now.
                self.tls = None;
                Err(DialError::Handshake {
                    host: server.host.clone(),
                    port: server.port,
                    source,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_only_addresses_on_this_machine_are_connected_to_whatever_their_name() {
        let server = Server {
            host: "localhost".to_owned(),
            port: 6667,
        };
        let near = |addresses: &[&str]| {
            let addresses = addresses.iter().map(|address| address.parse().unwrap());
            near(&server, addresses.collect()).map(|near| near.len())
        };
        assert!(matches!(
            near(&["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.2]:1"]),
            Ok(3)
        ));
        assert!(matches!(near(&["192.0.2.1:1", "127.0.0.1:1"]), Ok(1)));
        for elsewhere in [
            "192.0.2.1:1",
            "[2001:db8::1]:1",
            "0.0.0.0:1",
            "[::ffff:192.0.2.1]:1",
        ] {
            let error = near(&[elsewhere]).unwrap_err();
            assert!(
                error.is_lasting() && error.words().contains("turn TLS on"),
                "{elsewhere}"
            );
        }
    }
}
