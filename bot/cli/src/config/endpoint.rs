//! Where a server listens: a name or an address, and a port.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A name or an address, as it is written; an IPv6 address without its brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Endpoint {
    /// `db.example.org`, `db.example.org:3306`, `[::1]:3306`; with this port if none is written.
    pub(super) fn parse(written: &str, default: u16) -> Option<Self> {
        let (host, port) = if let Some(rest) = written.strip_prefix('[') {
            let (host, port) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some("")))
        } else {
            match written.split_once(':') {
                Some((host, port)) => (host, Some(port).filter(|port| !port.is_empty())),
                None => (written, Some("")),
            }
        };
        let port = match port? {
            "" => default,
            digits => digits.parse().ok().filter(|port| *port > 0)?,
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
        (!host.is_empty() && host.chars().all(is_host)).then(|| Self {
            host: host.to_owned(),
            port,
        })
    }

    /// Whether both are the same place, however it is written: names are the same in capitals and with a dot at the end.
    pub(super) fn is(&self, other: &Self) -> bool {
        fn plain(host: &str) -> String {
            host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase()
        }
        let same_address = match (self.host.parse::<IpAddr>(), other.host.parse::<IpAddr>()) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        };
        self.port == other.port && (same_address || plain(&self.host) == plain(&other.host))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(written: &str) -> String {
        Endpoint::parse(written, 3306).map_or_else(|| "none".to_owned(), |found| found.to_string())
    }

    #[test]
    fn a_port_may_be_left_out() {
        assert_eq!(read("db.example.org"), "db.example.org:3306");
        assert_eq!(read("db.example.org:3307"), "db.example.org:3307");
        assert_eq!(read("[2001:db8::1]"), "[2001:db8::1]:3306");
        assert_eq!(read("[::1]:3307"), "[::1]:3307");
    }

    #[test]
    fn what_is_no_address_is_none() {
        for written in [
            "",
            ":3306",
            "db:",
            "db:0",
            "db:70000",
            "a b",
            "mysql://db/",
            "::1",
            "[db]",
            "me@db",
            "db/treeherder",
        ] {
            assert_eq!(read(written), "none", "{written}");
        }
    }

    #[test]
    fn one_place_can_be_written_in_several_ways() {
        let same = |one: &str, other: &str| {
            let read = |written| Endpoint::parse(written, 3306).unwrap();
            read(one).is(&read(other))
        };
        assert!(same("db.example.org", "DB.example.org.:3306"));
        assert!(same("[::1]", "[0:0::1]"));
        assert!(!same("db.example.org", "db.example.org:3307"));
        assert!(!same("db.example.org", "db-ro.example.org"));
    }
}
