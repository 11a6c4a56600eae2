//! Headers for the replies that hyper makes by itself.
//!
//! A request that is no HTTP, or whose head is too long, never reaches a route: hyper answers 400, 414 or 431 with
//! nothing but a date. The headers that stand on every reply are put in on the way out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::headers;

/// Stands on each of our own replies and on none of hyper's.
const MARK: &[u8] = b"\r\nreferrer-policy: ";

/// A stream whose bare error replies get our headers.
#[derive(Debug)]
pub(crate) struct Dressed<S> {
    inner: S,
    lines: Arc<[u8]>,
    /// A dressed reply on its way; it was reported as written.
    pending: Vec<u8>,
}

/// All header lines, for [`Dressed`].
pub(crate) fn lines(policy: &HeaderValue) -> Arc<[u8]> {
    let mut lines = Vec::new();
    for (name, value) in headers::FIXED {
        lines.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    lines.extend_from_slice(b"content-security-policy: ");
    lines.extend_from_slice(policy.as_bytes());
    lines.extend_from_slice(b"\r\n");
    lines.into()
}

impl<S: AsyncWrite + Unpin> Dressed<S> {
    pub(crate) fn new(inner: S, lines: Arc<[u8]>) -> Self {
        Self {
            inner,
            lines,
            pending: Vec::new(),
        }
    }

    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.pending))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.pending.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

/// The status line of a bare error reply and the rest of it, if this is one.
fn bare(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if !bytes.starts_with(b"HTTP/1.1 4") && !bytes.starts_with(b"HTTP/1.0 4") {
        return None;
    }
    let head = position(bytes, b"\r\n\r\n")?;
    if position(&bytes[..head], MARK).is_some() {
        return None;
    }
    let line = position(bytes, b"\r\n")? + 2;
    Some(bytes.split_at(line))
}

fn position(bytes: &[u8], sought: &[u8]) -> Option<usize> {
    bytes.windows(sought.len()).position(|window| window == sought)
}

impl<S: AsyncRead + Unpin> AsyncRead for Dressed<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(cx, buffer)
    }
}

/// Not vectored, so that a reply's head comes in one piece.
impl<S: AsyncWrite + Unpin> AsyncWrite for Dressed<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_pending(cx))?;
        let Some((line, rest)) = bare(bytes) else {
            return Pin::new(&mut this.inner).poll_write(cx, bytes);
        };
        this.pending = [line, &this.lines, rest].concat();
        match this.poll_pending(cx) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // What is still pending goes with the next write, flush or shutdown.
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(bytes.len())),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_pending(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_pending(cx))?;
        Pin::new(&mut this.inner).poll_shutdown(cx)
    }
}
