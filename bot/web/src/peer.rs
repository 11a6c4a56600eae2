//! Whom a request comes from, as far as that can be known.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::HeaderMap;
use ipnet::IpNet;

/// How many hops of `X-Forwarded-For` are looked at; real chains have two or three.
const HOPS: usize = 32;

/// Whom a request comes from: the connection's other end, or, if that is a trusted proxy, the client that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) IpAddr);

impl Peer {
    /// Trusted proxies append to `X-Forwarded-For`: the rightmost address that is not a trusted proxy's is the last
    /// that somebody trustworthy saw. What stands left of it is hearsay, and so is the whole header from anybody else.
    pub(crate) fn of(connected: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let mut peer = connected.to_canonical();
        if !is_trusted(peer, trusted) {
            return Self(peer);
        }
        let lines = headers.get_all("x-forwarded-for");
        let lines: Vec<&str> = lines.iter().map(|line| line.to_str().unwrap_or("?")).collect();
        let hops = lines.iter().rev().flat_map(|line| line.rsplit(','));
        for hop in hops.take(HOPS) {
            let Some(address) = address(hop) else { break };
            peer = address;
            if !is_trusted(peer, trusted) {
                break;
            }
        }
        Self(peer)
    }

    /// What it is counted by: an IPv4 address as it is, IPv6 by its /64, which is what one household has at the least.
    pub(crate) fn counted(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => IpAddr::V6(network(address, 64)),
        }
    }

    /// The /48 of IPv6, which is the most that one customer of a provider is usually given: a household with a /56 could
    /// come as 256 peers, a site as 65,536.
    pub(crate) fn site(self) -> Option<IpAddr> {
        match self.0 {
            IpAddr::V4(_) => None,
            IpAddr::V6(address) => Some(IpAddr::V6(network(address, 48))),
        }
    }
}

/// The address with nothing after its first bits.
fn network(address: Ipv6Addr, bits: u32) -> Ipv6Addr {
    (address.to_bits() & (u128::MAX << (128 - bits))).into()
}

/// Whether this is one of the trusted proxies.
pub(crate) fn is_trusted(address: IpAddr, trusted: &[IpNet]) -> bool {
    trusted.iter().any(|net| net.contains(&address))
}

/// `10.2.3.4`, `10.2.3.4:5678`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:5678`.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse::<IpAddr>();
    let address = address.or_else(|_| hop.parse::<SocketAddr>().map(|address| address.ip()));
    address.ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(connected: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|net| net.parse().unwrap());
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        Peer::of(connected.parse().unwrap(), &headers, &trusted)
            .0
            .to_string()
    }

    #[test]
    fn a_stranger_is_who_connected_whatever_it_says() {
        assert_eq!(peer("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(peer("::ffff:192.0.2.1", &["10.0.0.1"]), "192.0.2.1");
    }

    #[test]
    fn a_trusted_proxy_names_the_client_and_the_client_cannot_name_another() {
        assert_eq!(peer("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(peer("10.0.0.1", &["1.2.3.4, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            peer("10.0.0.1", &["1.2.3.4", "198.51.100.7, 10.9.9.9"]),
            "198.51.100.7"
        );
        assert_eq!(peer("::ffff:10.0.0.1", &["198.51.100.7:4711"]), "198.51.100.7");
        assert_eq!(peer("fd00::1", &["[2001:db8::1]:4711"]), "2001:db8::1");
        assert_eq!(peer("fd00::1", &["1.2.3.4, 2001:db8::1"]), "2001:db8::1");
    }

    #[test]
    fn where_the_chain_cannot_be_read_it_ends() {
        assert_eq!(peer("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(peer("10.0.0.1", &["198.51.100.7, unknown"]), "10.0.0.1");
        assert_eq!(peer("10.0.0.1", &["198.51.100.7, , 10.2.2.2"]), "10.2.2.2");
        assert_eq!(peer("10.0.0.1", &["10.3.3.3, 10.2.2.2"]), "10.3.3.3");
        let many = vec!["10.2.2.2"; 1_000].join(",");
        assert_eq!(peer("10.0.0.1", &["198.51.100.7", &many]), "10.2.2.2");
    }

    #[test]
    fn a_household_counts_once() {
        let counted = |address: &str| Peer(address.parse().unwrap()).counted().to_string();
        assert_eq!(counted("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(counted("192.0.2.1"), "192.0.2.1");
        let site = |address: &str| Peer(address.parse().unwrap()).site();
        assert_eq!(
            site("2001:db8:1:2:3:4:5:6"),
            Some("2001:db8:1::".parse().unwrap())
        );
        assert_eq!(site("192.0.2.1"), None);
    }
}
