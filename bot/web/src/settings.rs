//! What the configuration tells the web side.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use url::{Host, Url};

use crate::StartError;

/// Everything that can be set. [`Settings::new`] gives defaults for all but the two addresses.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where people's browsers, or the proxy before the bot, connect to.
    pub listen: SocketAddr,
    /// What stands before `s/…` and `d/…` in links. Browsers' `Origin` is compared with it.
    pub public_url: Url,
    /// Certificate and key. Without them the listener speaks plain HTTP: to this machine alone, or to a proxy that is
    /// named in `trusted_proxies`.
    pub tls: Option<TlsFiles>,
    /// Whose `X-Forwarded-For` is believed. Nobody else's ever is.
    pub trusted_proxies: Vec<IpNet>,
    /// Where `/metrics` is served. It has no password: keep it on loopback or in a private network.
    pub admin: Option<SocketAddr>,
    /// How often one peer may knock.
    pub limits: Limits,
    /// How many connections there may be.
    pub connections: Connections,
    /// How long things may take.
    pub times: Times,
}

impl Settings {
    /// The defaults: plain, no proxy, no admin address.
    pub fn new(listen: SocketAddr, public_url: Url) -> Self {
        Self {
            listen,
            public_url,
            tls: None,
            trusted_proxies: Vec::new(),
            admin: None,
            limits: Limits::default(),
            connections: Connections::default(),
            times: Times::default(),
        }
    }

    /// Whether these settings make sense together; the same check that [`crate::Web::start`] makes first.
    ///
    /// # Errors
    /// What is wrong, and what to do about it.
    pub fn check(&self) -> Result<(), StartError> {
        let url = &self.public_url;
        let wrong = |why| {
            let mut shown = url.clone();
            // A URL that can have no name or password has none to hide.
            let _hidden = (shown.set_username(""), shown.set_password(None));
            Err(StartError::PublicUrl {
                url: Box::new(shown),
                why,
            })
        };
        let loopback = is_loopback(url.host().as_ref());
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return wrong("links would be fetched in the clear; write https://"),
            _ => return wrong("write https://, the host, and a path that ends with /"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("a name or password in it would stand in every link; take it out");
        }
        if url.query().is_some() || url.fragment().is_some() || !url.path().ends_with('/') {
            return wrong("it must end with /, so that s/… can follow");
        }
        if self.tls.is_some() || !self.trusted_proxies.is_empty() {
            return Ok(());
        }
        if url.scheme() == "https" {
            // Behind a proxy that is not named everybody is one peer: a stranger's wrong proofs would shut all out.
            let url = Box::new(url.clone());
            return Err(StartError::NobodySpeaksTls { url });
        }
        if !self.listen.ip().is_loopback() {
            return Err(StartError::PlainForAll { listen: self.listen });
        }
        Ok(())
    }

    /// The host of the public URL, which the certificate must be for.
    pub(crate) fn host(&self) -> String {
        match self.public_url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            Some(host) => host.to_string(),
            None => String::new(),
        }
    }

    /// `Origin` as browsers say it on our own pages.
    pub(crate) fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }
}

fn is_loopback(host: Option<&Host<&str>>) -> bool {
    match host {
        Some(Host::Domain(name)) => *name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Where the certificate is, and how often it is looked at.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// PEM, the server's certificate first, then those between it and the root.
    pub certificate: PathBuf,
    /// PEM, one private key (PKCS #8, PKCS #1 or SEC1).
    pub key: PathBuf,
    /// How often the files are read again. A pair that works is used for new connections at once; one that does
    /// not is told in the log, and the old one stays.
    pub look_every: Duration,
}

impl TlsFiles {
    /// These files, looked at every 30 s.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            certificate: certificate.into(),
            key: key.into(),
            look_every: Duration::from_secs(30),
        }
    }
}

/// Token buckets per peer: an IPv4 address, or a /64 of IPv6.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// POST requests of any kind.
    pub posts: Bucket,
    /// POST requests whose link proof was wrong (404). A peer that used them up is not listened to until it has
    /// one again.
    pub wrong_proofs: Bucket,
}

impl Default for Limits {
    /// 60 requests at once and one a second; 10 wrong proofs at once and one every 6 s.
    fn default() -> Self {
        Self {
            posts: Bucket::new(60, 60),
            wrong_proofs: Bucket::new(10, 10),
        }
    }
}

/// A bucket of tokens.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    /// How many it holds.
    pub burst: NonZeroU32,
    /// How many come back in a minute.
    pub per_minute: NonZeroU32,
}

impl Bucket {
    /// Holds `burst`, and gets `per_minute` back; nothing is taken for one.
    pub fn new(burst: u32, per_minute: u32) -> Self {
        Self {
            burst: NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN),
            per_minute: NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN),
        }
    }
}

/// How many connections there may be; one more is closed at once.
#[derive(Clone, Copy, Debug)]
pub struct Connections {
    /// In all.
    pub in_all: usize,
    /// From one peer, trusted proxies excepted.
    pub per_peer: usize,
    /// From all peers of one /48 of IPv6 together, trusted proxies excepted.
    pub per_site: usize,
    /// Requests on one connection; the last is answered with `Connection: close`.
    pub requests: usize,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            in_all: 1_024,
            per_peer: 32,
            per_site: 128,
            requests: 100,
        }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// The TLS handshake.
    pub handshake: Duration,
    /// The head of a request, from the connection's start or the reply before it (so it is the keep-alive time too).
    pub head: Duration,
    /// The body of a request.
    pub body: Duration,
    /// A connection, however busy; one that then still does not read its reply is cut after as long as a body takes.
    pub connection: Duration,
    /// The gauges that the binary adds to `/metrics`.
    pub gauges: Duration,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(15),
            body: Duration::from_secs(10),
            connection: Duration::from_mins(5),
            gauges: Duration::from_secs(5),
        }
    }
}
