//! The task of one network: connects, stays, and connects again, until it is told to leave.

use tokio::time::{Instant, sleep};

use crate::backoff::Backoff;
use crate::dial::Dial;
use crate::network::Network;
use crate::online::{Ended, Online};
use crate::session::Pause;

/// Keeps one network connected.
pub(crate) async fn drive(mut network: Network, mut dial: impl Dial) {
    let mut backoff = Backoff::new(network.settings.longest_pause);
    let mut attempt = 0;
    while let Some(ended) = connect(&mut network, &mut dial, attempt).await {
        attempt += 1;
        if ended.lasted {
            backoff.reset();
        }
        network.lost(ended.reason, Instant::now());
        if network.leaving.is_some() {
            break;
        }
        let pause = backoff.next(ended.pause, &*network.random);
        tracing::info!(network = %network.settings.network, pause_ms = pause.as_millis(), "waiting to connect again");
        if network.meanwhile(sleep(pause)).await.is_none() {
            break;
        }
    }
    network.queue.give_up("the bot has left it");
}

/// One connection from its beginning to its end. `None` if the bot is to leave before there is one.
async fn connect(network: &mut Network, dial: &mut impl Dial, attempt: usize) -> Option<Ended> {
    let settings = std::sync::Arc::clone(&network.settings);
    let servers = settings.servers.len().max(1);
    let Some(server) = settings.servers.get(attempt % servers) else {
        network.broken("it has no servers in the configuration: name one");
        return Some(Ended::before(
            "it has no servers in the configuration".to_owned(),
            Pause::Long,
        ));
    };
    tracing::debug!(network = %settings.network, host = server.host, port = server.port, "connecting");
    match network.meanwhile(dial.dial(server, attempt / servers)).await? {
        Ok(stream) => {
            let ended = Online::begin(network).run(stream).await;
            tracing::info!(network = %settings.network, reason = ended.reason, "disconnected");
            Some(ended)
        }
        Err(error) => {
            let words = error.words();
            tracing::warn!(network = %settings.network, reason = words, "not connected");
            if error.is_lasting() {
                network.broken(&words);
                return Some(Ended::before(words, Pause::Long));
            }
            Some(Ended::before(words, Pause::Short))
        }
    }
}
