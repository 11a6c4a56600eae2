//! What one network needs to be told. The binary reads it from the configuration; nothing here reads a file.

use std::net::IpAddr;

use countersign_core::id::{NetworkId, RoomName};
use countersign_core::secret::Secret;
use countersign_core::time::Duration;

/// The longest pause between two attempts to connect, unless somebody wants another.
pub const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// One IRC network.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its name in the configuration.
    pub network: NetworkId,
    /// Where to connect; they are tried in turn.
    pub servers: Vec<Server>,
    /// Whether the connection is encrypted, and whom it trusts.
    pub tls: Tls,
    /// The nick that the bot wants.
    pub nick: String,
    /// How the bot proves who it is.
    pub login: Login,
    /// The services' nick with their server, such as `NickServ@services.libera.chat`: what a password may be sent to
    /// where there is no SASL. Without it the password is sent by SASL and by the server's own `NICKSERV` command only,
    /// because a nick alone could be anybody's.
    pub nickserv: Option<String>,
    /// Where the bot is.
    pub rooms: Vec<RoomSettings>,
    /// Nicks that speak for people on other networks: nothing they say carries an identity.
    pub relays: Vec<String>,
    /// How fast the bot may speak.
    pub pace: Pace,
    /// The longest pause between two attempts to connect; the default is [`LONGEST_PAUSE`]. After a server said that it
    /// does not want the bot, it is a minute at least.
    pub longest_pause: Duration,
}

/// A server of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// Its name or address; the name is what its certificate must be for.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl Server {
    /// Whether it is on this machine by its very name.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }
}

/// Whether the connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// It is not. For servers on this machine only.
    Off,
    /// It is, and the certificate is one that the operating system trusts.
    System,
    /// It is, and the certificate is one that these certificates vouch for (PEM).
    Own(String),
}

/// How the bot proves who it is.
#[derive(Clone, Debug)]
pub enum Login {
    /// Not at all.
    None,
    /// With the password of its services account (SASL PLAIN, else the services).
    Password {
        /// The account.
        account: String,
        /// Its password.
        password: Secret,
    },
    /// With a client certificate (SASL EXTERNAL).
    Certificate {
        /// The certificate chain, as PEM.
        chain: String,
        /// Its private key, as PEM.
        key: Secret,
    },
}

/// A room.
#[derive(Clone, Debug)]
pub struct RoomSettings {
    /// Its name, with its `#`.
    pub name: RoomName,
    /// Its key, if it has one (`+k`).
    pub key: Option<Secret>,
}

/// How fast the bot may speak: so many lines at once, then one each so often. The default is within what InspIRCd and
/// ngIRCd allow by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Lines at once.
    pub burst: u32,
    /// The time between two lines after that.
    pub every: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            burst: 5,
            every: Duration::from_secs(1),
        }
    }
}
