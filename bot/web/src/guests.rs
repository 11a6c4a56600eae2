//! How many connections there are, in all and from each peer.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::peer::Peer;
use crate::settings::Connections;

/// Counts connections, and says when there are too many.
#[derive(Debug)]
pub(crate) struct Guests {
    most: Connections,
    here: Mutex<Here>,
}

#[derive(Debug, Default)]
struct Here {
    in_all: usize,
    by_peer: HashMap<IpAddr, usize>,
}

/// One connection; it is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Guest {
    guests: Arc<Guests>,
    peer: Option<IpAddr>,
}

/// Which limit was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full(pub(crate) &'static str);

impl Guests {
    pub(crate) fn new(most: Connections) -> Arc<Self> {
        Arc::new(Self {
            most,
            here: Mutex::default(),
        })
    }

    /// Lets one in. A proxy brings everybody's connections and has only the limit in all.
    pub(crate) fn come(self: &Arc<Self>, peer: Peer, is_proxy: bool) -> Result<Guest, Full> {
        let mut here = self.here();
        if here.in_all >= self.most.in_all {
            return Err(Full("connections"));
        }
        let peer = (!is_proxy).then(|| peer.counted());
        if let Some(peer) = peer {
            let count = here.by_peer.entry(peer).or_default();
            if *count >= self.most.per_peer {
                return Err(Full("connections_of_peer"));
            }
            *count += 1;
        }
        here.in_all += 1;
        drop(here);
        Ok(Guest {
            guests: Arc::clone(self),
            peer,
        })
    }

    fn here(&self) -> MutexGuard<'_, Here> {
        self.here.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let mut here = self.guests.here();
        here.in_all = here.in_all.saturating_sub(1);
        let Some(peer) = self.peer else { return };
        if let Some(count) = here.by_peer.get_mut(&peer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                here.by_peer.remove(&peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> Peer {
        Peer(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn who_goes_makes_room_and_is_forgotten() {
        let guests = Guests::new(Connections {
            in_all: 3,
            per_peer: 2,
            requests: 1,
        });
        let first = guests.come(peer(1), false).unwrap();
        let second = guests.come(peer(1), false).unwrap();
        assert_eq!(
            guests.come(peer(1), false).unwrap_err(),
            Full("connections_of_peer")
        );
        let third = guests.come(peer(2), false).unwrap();
        assert_eq!(guests.come(peer(3), false).unwrap_err(), Full("connections"));
        drop(first);
        let proxied = guests.come(peer(1), true).unwrap();
        drop((second, third, proxied));
        assert_eq!(guests.here().in_all, 0);
        assert!(guests.here().by_peer.is_empty());
    }
}
