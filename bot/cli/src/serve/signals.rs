//! What the operating system asks of the process.

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// What the process is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// End, in good order.
    Stop,
    /// Read the configuration again.
    Reload,
}

/// Listens to SIGTERM, SIGINT and SIGHUP from now on.
pub(super) fn listen() -> anyhow::Result<mpsc::Receiver<Order>> {
    let (orders, receiver) = mpsc::channel(4);
    for (kind, order) in [
        (SignalKind::terminate(), Order::Stop),
        (SignalKind::interrupt(), Order::Stop),
        (SignalKind::hangup(), Order::Reload),
    ] {
        let mut signal = signal(kind).context("signals cannot be listened to")?;
        let orders = orders.clone();
        tokio::spawn(async move {
            while signal.recv().await.is_some() {
                if orders.send(order).await.is_err() {
                    return;
                }
            }
        });
    }
    Ok(receiver)
}
