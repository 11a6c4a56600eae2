//! `[web]`: the pages of secret links and drop boxes, and what watches over the bot.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use countersign_web::settings::TlsFiles;
use countersign_web::{Settings, StartError};
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::address;
use super::document::{Key, Problems};

/// The web side of the bot: secret links, drop boxes, `/healthz`, `/readyz`, and `/metrics` at an address of its own.
/// Without it nothing secret can be handed over.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WebSection {
    /// Where people reach it: what links begin with. https, but on this machine alone.
    #[serde(with = "address")]
    #[schemars(with = "String", example = &"https://ops.example.org/")]
    url: Url,
    /// The address that it listens on.
    #[serde(default = "listen")]
    #[schemars(with = "String", example = &"0.0.0.0:443")]
    listen: SocketAddr,
    /// The certificate and those between it and the root, as a PEM file. It is read again when it changes. Without one a
    /// proxy in front of the bot speaks TLS, and stands in trusted_proxies. A relative path starts at the folder of the
    /// configuration.
    certificate: Option<PathBuf>,
    /// The certificate's key, as a PEM file.
    key: Option<PathBuf>,
    /// The proxies in front of the bot, by address or network: what they say about whose request it is, is believed. If
    /// url is https and there is no certificate, there must be one: behind a proxy that is not named all visitors look
    /// like one, and one who guesses shuts everybody out.
    #[serde(default)]
    #[schemars(example = serde_json::json!(["127.0.0.1", "10.0.0.0/8"]))]
    trusted_proxies: Vec<String>,
    /// Where `/metrics` is served. It has no password: an address that only your own machines reach. Nowhere if absent.
    #[schemars(with = "Option<String>", example = &"127.0.0.1:9480")]
    admin: Option<SocketAddr>,
}

fn listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8480))
}

impl WebSection {
    pub(super) fn resolve(self, folder: &Path, problems: &mut Problems<'_>) -> Settings {
        let web = Key::of("web");
        // What is there and wrong has been told of; that it is missing need not be.
        let meant = self.certificate.is_some() || self.key.is_some() || !self.trusted_proxies.is_empty();
        let tls = match (self.certificate, self.key) {
            (Some(certificate), Some(key)) => Some(TlsFiles::new(folder.join(certificate), folder.join(key))),
            (None, None) => None,
            (Some(_), None) => {
                let help = "add key, the file with the certificate's key";
                problems.add(
                    &web.field("certificate"),
                    "there is a certificate and no key",
                    help,
                );
                None
            }
            (None, Some(_)) => {
                let help = "add certificate, the file with the certificate";
                problems.add(&web.field("key"), "there is a key and no certificate", help);
                None
            }
        };
        let mut trusted_proxies = Vec::new();
        for (n, text) in self.trusted_proxies.iter().enumerate() {
            match network(text) {
                Some(network) => trusted_proxies.push(network),
                None => problems.add(
                    &web.field("trusted_proxies").item(n),
                    format!("{text:?} is no address and no network"),
                    "write 127.0.0.1, or 10.0.0.0/8",
                ),
            }
        }
        let settings = Settings {
            tls,
            trusted_proxies,
            admin: self.admin,
            ..Settings::new(self.listen, self.url)
        };
        match settings.check() {
            Ok(()) => {}
            Err(error @ StartError::PublicUrl { .. }) => problems.say(&web.field("url"), &error),
            Err(StartError::NobodySpeaksTls { .. }) if meant => {}
            Err(error @ StartError::NobodySpeaksTls { .. }) => {
                problems.say(&web.field("trusted_proxies"), &error);
            }
            Err(error) => problems.say(&web.field("listen"), &error),
        }
        settings
    }
}

fn network(text: &str) -> Option<IpNet> {
    let network = text.parse::<IpNet>();
    network.or_else(|_| text.parse::<IpAddr>().map(IpNet::from)).ok()
}
