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
    by_peer: Counts,
    /// By /48 of IPv6.
    by_site: Counts,
}

/// One connection; it is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Guest {
    guests: Arc<Guests>,
    peer: Option<IpAddr>,
    site: Option<IpAddr>,
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
        let (peer, site) = if is_proxy {
            (None, None)
        } else {
            (Some(peer.counted()), peer.site())
        };
        let mut here = self.here();
        if here.in_all >= self.most.in_all {
            return Err(Full("connections"));
        }
        if count(&here.by_peer, peer) >= self.most.per_peer {
            return Err(Full("connections_of_peer"));
        }
        if count(&here.by_site, site) >= self.most.per_site {
            return Err(Full("connections_of_site"));
        }
        here.in_all += 1;
        one_more(&mut here.by_peer, peer);
        one_more(&mut here.by_site, site);
        drop(here);
        Ok(Guest {
            guests: Arc::clone(self),
            peer,
            site,
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
        one_fewer(&mut here.by_peer, self.peer);
        one_fewer(&mut here.by_site, self.site);
    }
}

type Counts = HashMap<IpAddr, usize>;

/// How many come from there; none from nowhere.
fn count(counts: &Counts, from: Option<IpAddr>) -> usize {
    from.and_then(|from| counts.get(&from).copied()).unwrap_or(0)
}

fn one_more(counts: &mut Counts, from: Option<IpAddr>) {
    if let Some(from) = from {
        *counts.entry(from).or_default() += 1;
    }
}

fn one_fewer(counts: &mut Counts, from: Option<IpAddr>) {
    let Some(from) = from else { return };
    if let Some(count) = counts.get_mut(&from) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(&from);
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
            per_site: 3,
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

    #[test]
    fn a_household_with_many_networks_leaves_room_for_others() {
        let guests = Guests::new(Connections::default());
        let network = |site: u16, number: u16| Peer(IpAddr::from([0x2001, 0xdb8, site, number, 0, 0, 0, 1]));
        let mut here = Vec::new();
        let full = loop {
            // A /56, a connection from each of its networks in turn.
            let number = u16::try_from(here.len() % 256).unwrap();
            match guests.come(network(7, number), false) {
                Ok(guest) => here.push(guest),
                Err(full) => break full,
            }
        };
        assert_eq!((here.len(), full), (128, Full("connections_of_site")));
        let neighbour = guests.come(network(8, 0), false).unwrap();
        let elsewhere = guests.come(peer(1), false).unwrap();
        let proxied = guests.come(network(7, 0), true).unwrap();
        assert!(here.pop().is_some());
        here.push(guests.come(network(7, 0), false).unwrap());
        assert!(guests.come(network(7, 0), false).is_err());
        drop((here, neighbour, elsewhere, proxied));
        assert_eq!(guests.here().in_all, 0);
        assert!(guests.here().by_peer.is_empty() && guests.here().by_site.is_empty());
    }
}
