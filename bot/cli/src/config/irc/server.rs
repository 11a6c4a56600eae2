//! The servers of an IRC network.

use countersign_irc::Server;

use super::IrcSection;
use crate::config::document::{Key, Problems};
use crate::config::endpoint::Endpoint;

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
            let Some(Endpoint { host, port }) = Endpoint::parse(written, port) else {
                let words = format!("{written:?} is not a server");
                problems.add(
                    &at,
                    words,
                    "write a name or an address and a port, like \"irc.libera.chat:6697\" or \"[::1]:6697\"",
                );
                continue;
            };
            let server = Server { host, port };
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
