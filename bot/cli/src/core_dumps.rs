//! No core dumps: what is in memory may be a secret that somebody is just being handed, and a dump lies about for years.

use nix::sys::resource::{Resource, setrlimit};

/// Forbids them for this process and whatever it starts. Where the system does not let itself be told, that is said and
/// nothing more: a bot that does not run helps nobody.
pub fn forbid() {
    if let Err(error) = setrlimit(Resource::RLIMIT_CORE, 0, 0) {
        tracing::warn!(%error, "core dumps cannot be forbidden; forbid them for this service, LimitCORE=0 with systemd");
    }
}
