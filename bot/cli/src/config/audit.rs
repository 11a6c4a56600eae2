//! `[audit]`: checkpoints, so that it shows if somebody cuts the end of the audit off.

use countersign_core::message::Room;
use countersign_core::secret::Secret;
use countersign_core::time::Duration;
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::document::Key;
use super::network::Networks;
use super::secret::{SecretSource, Sources};
use super::span;

/// So long is an Ed25519 seed as text: two hexadecimal digits for each of 32 bytes.
const DIGITS: usize = 64;

/// Checkpoints of the audit, with the key fetched.
#[derive(Clone, Debug)]
pub struct Audit {
    /// Where they are posted.
    pub room: Option<Room>,
    /// How often.
    pub every: Duration,
    /// What signs them: an Ed25519 seed, as 64 hexadecimal digits.
    pub key: Secret,
}

/// Signed checkpoints of the audit. A room keeps them where whoever can change the audit cannot change them too, so
/// that a cut end shows: `countersign audit verify --checkpoint`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuditSection {
    /// The room that they are posted in. If absent they are made only by `countersign audit checkpoint`.
    #[serde(default)]
    #[schemars(example = &"#ops")]
    room: Option<String>,
    /// How often one is posted. A length of time.
    #[serde(default = "every", with = "span")]
    #[schemars(with = "String")]
    every: Duration,
    /// Where the key is that signs them: 64 hexadecimal digits, as `countersign audit key` makes them.
    #[schemars(
        example = serde_json::json!({ "env": "AUDIT_KEY" }),
        example = serde_json::json!({ "file": "/run/secrets/audit-key" })
    )]
    key: SecretSource,
}

fn every() -> Duration {
    Duration::from_hours(24)
}

impl AuditSection {
    pub(super) fn resolve(self, networks: &Networks, sources: &mut Sources<'_, '_>) -> Audit {
        let audit = Key::of("audit");
        let at = audit.field("key");
        let key = sources.fetch(&self.key, &at);
        let digits = key.expose_secret();
        let is_key = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        // None was fetched if it is empty, and that was said.
        if !is_key && !digits.is_empty() {
            sources.problems.add(
                &at,
                format!("this is no key: a key is {DIGITS} hexadecimal digits"),
                "countersign audit key makes one",
            );
        }
        let room = self
            .room
            .and_then(|room| networks.room(&room, &audit.field("room"), sources.problems));
        Audit {
            room,
            every: self.every,
            key,
        }
    }
}
