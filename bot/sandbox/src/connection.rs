//! TCP connections that can be cut from within, so that a client really sees its connection break.
//!
//! A response of any kind would not do: what has to be tried is a client that does not know whether it was heard.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Cuts one connection.
#[derive(Debug, Clone)]
pub(crate) struct Cutter(Arc<Mutex<Option<oneshot::Sender<()>>>>);

impl Cutter {
    /// Resets the connection; whoever is still writing an answer to it is dropped.
    pub(crate) fn cut(&self) {
        if let Some(sender) = self.sender().take() {
            // The other end is gone if the connection is over already.
            sender.send(()).ok();
        }
    }

    fn is_over(&self) -> bool {
        self.sender().as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    fn sender(&self) -> MutexGuard<'_, Option<oneshot::Sender<()>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connected<IncomingStream<'_, Door>> for Cutter {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().cutter.clone()
    }
}

/// All connections that are open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Connections(Arc<Mutex<Vec<Cutter>>>);

impl Connections {
    /// Cuts all of them.
    pub(crate) fn cut_all(&self) {
        self.open().drain(..).for_each(|cutter| cutter.cut());
    }

    fn add(&self, cutter: Cutter) {
        let mut open = self.open();
        open.retain(|cutter| !cutter.is_over());
        open.push(cutter);
    }

    fn open(&self) -> MutexGuard<'_, Vec<Cutter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The listening socket.
pub(crate) struct Door {
    pub(crate) listener: TcpListener,
    pub(crate) connections: Connections,
}

impl Listener for Door {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.listener).await;
        let (sender, cut) = oneshot::channel();
        let cutter = Cutter(Arc::new(Mutex::new(Some(sender))));
        self.connections.add(cutter.clone());
        (Connection { stream, cut, cutter }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// A connection; after it was cut, reading and writing fail.
pub(crate) struct Connection {
    stream: TcpStream,
    cut: oneshot::Receiver<()>,
    cutter: Cutter,
}

impl Connection {
    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let cut = self.cut.is_terminated() || Pin::new(&mut self.cut).poll(context).is_ready();
        if !cut {
            return Ok(());
        }
        // Without lingering, closing sends a reset.
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
