//! Takes connections in, as long as there is room.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use crate::StartError;
use crate::connection::speak;
use crate::guests::{Full, Guest, Guests};
use crate::peer::{Peer, is_trusted};
use crate::site::Site;

/// How long to wait when the system has no more sockets to give.
const BREATH: Duration = Duration::from_millis(100);

/// One address that is listened on.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: TcpListener,
    at: SocketAddr,
}

impl Listener {
    /// From here on clients are not turned away by the system.
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self, StartError> {
        let failed = |source| StartError::Address { address, source };
        let socket = TcpListener::bind(address).await.map_err(failed)?;
        let at = socket.local_addr().map_err(failed)?;
        Ok(Self { socket, at })
    }

    /// The address, with the port that the system chose if it was to choose.
    pub(crate) fn at(&self) -> SocketAddr {
        self.at
    }

    /// Takes connections in until `stop` says so; then those that are there may end what they are at, and are cut when
    /// nobody waits for this any more.
    pub(crate) async fn run(
        self,
        site: Arc<Site>,
        tls: Option<TlsAcceptor>,
        mut stop: watch::Receiver<bool>,
    ) {
        let guests = Guests::new(site.connections);
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break,
                Some(_) = connections.join_next() => continue,
                accepted = self.socket.accept() => accepted,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(site = site.name, why = %error, "a connection could not be taken in");
                    sleep(BREATH).await;
                    continue;
                }
            };
            let peer = Peer(address.ip().to_canonical());
            match guests.come(peer, is_trusted(peer.0, &site.trusted)) {
                Ok(guest) => {
                    let host = host(stream, guest, peer, Arc::clone(&site), tls.clone(), stop.clone());
                    connections.spawn(host);
                }
                Err(Full(limit)) => site.metrics.refused(limit),
            }
        }
        drop(self.socket);
        while connections.join_next().await.is_some() {}
    }
}

/// One connection from the handshake to its end.
async fn host(
    stream: TcpStream,
    _guest: Guest,
    peer: Peer,
    site: Arc<Site>,
    tls: Option<TlsAcceptor>,
    stop: watch::Receiver<bool>,
) {
    let _open = Open::new(&site);
    // Replies are small and written whole: waiting for more to send only makes them late.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(why = %error, "a connection was gone before it began");
        return;
    }
    let Some(tls) = tls else {
        return speak(stream, peer.0, Arc::clone(&site), stop).await;
    };
    match timeout(site.times.handshake, tls.accept(stream)).await {
        Ok(Ok(stream)) => speak(stream, peer.0, Arc::clone(&site), stop).await,
        Ok(Err(error)) => {
            site.metrics.handshakes_failed.inc();
            tracing::debug!(why = %error, "a TLS handshake failed");
        }
        Err(_) => {
            site.metrics.handshakes_failed.inc();
            tracing::debug!("a TLS handshake took too long");
        }
    }
}

/// Counted in the metrics while it is there, whatever ends it.
struct Open(Arc<Site>);

impl Open {
    fn new(site: &Arc<Site>) -> Self {
        site.metrics.connection_opened(site.name);
        Self(Arc::clone(site))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.metrics.connection_closed(self.0.name);
    }
}
