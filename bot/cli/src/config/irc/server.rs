//! The servers of an IRC network.

use std::net::Ipv6Addr;

use countersign_irc::Server;

use super::IrcSection;
use crate::config::document::{Key, Problems};

/// The ports of IRC, with and without TLS.
const TLS_PORT: u16 = 6697;
const PLAIN_PORT: u16 = 6667;

impl IrcSection {
    pub(super) fn servers(&self, key: &Key, problems: &mut Problems<'_>) -> Vec<Server> {
        let at = key.field("servers");
        if self.servers.is_empty() {
            problems.add(
                &at,
                "it has no server",
                "write one, like \"irc.libera.chat:6697\"",
            );
        }
        let port = if self.tls { TLS_PORT } else { PLAIN_PORT };
        let mut servers = Vec::new();
        for (index, written) in self.servers.iter().enumerate() {
            let at = at.item(index);
            let Some(server) = server(written, port) else {
                let words = format!("{written:?} is not a server");
                problems.add(
                    &at,
                    words,
                    "write a name or an address and a port, like \"irc.libera.chat:6697\" or \"[::1]:6697\"",
                );
                continue;
            };
            if !self.tls && !server.is_loopback() {
                problems.add(
                    &at,
                    format!(
                        "{} is another machine, so the way there has to be encrypted",
                        server.host
                    ),
                    "take tls = false out",
                );
            }
            servers.push(server);
        }
        servers
    }
}

/// `irc.libera.chat`, `irc.libera.chat:6697`, `[::1]:6697`.
fn server(written: &str, default: u16) -> Option<Server> {
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
    (!host.is_empty() && host.chars().all(is_host)).then(|| Server {
        host: host.to_owned(),
        port,
    })
}
