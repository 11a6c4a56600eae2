//! One connection: HTTP/1.1 with an end to everything a client could draw out.

use std::convert::Infallible;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use crate::dressed::Dressed;
use crate::site::Site;

/// The head of a request: the request line and all headers.
const HEAD: usize = 32 * 1024;

/// Speaks until the client goes, time is up, or `stop` comes; then a request that is being answered is answered.
pub(crate) async fn speak<S>(stream: S, connected: IpAddr, site: Arc<Site>, mut stop: watch::Receiver<bool>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (times, most) = (site.times, site.connections.requests);
    let asked = AtomicUsize::new(0);
    let answer = |request| {
        let last = asked.fetch_add(1, Ordering::Relaxed) + 1 >= most;
        let site = &site;
        async move { Ok::<_, Infallible>(site.answer(connected, request, last).await) }
    };
    let io = TokioIo::new(Dressed::new(stream, Arc::clone(&site.lines)));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(times.head)
        .max_buf_size(HEAD)
        .serve_connection(io, service_fn(answer));
    let mut connection = pin!(connection);
    let mut end = pin!(sleep(times.connection));
    let mut ending = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(why = %error, "a connection ended early");
                }
                return;
            }
            _ = stop.wait_for(|stop| *stop), if !ending => {}
            () = end.as_mut() => {
                if ending {
                    return;
                }
                end.as_mut().reset(Instant::now() + times.body);
            }
        }
        ending = true;
        connection.as_mut().graceful_shutdown();
    }
}
