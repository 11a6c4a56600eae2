//! `[secrets]`: how secrets are kept and for how long they can be handed over.

use std::path::PathBuf;
use std::sync::Arc;

use countersign_core::secret::Secret;
use countersign_core::text;
use countersign_core::time::Duration;
use countersign_secrets::at_rest::{SealingKey, SealingKeys};
use schemars::JsonSchema;
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::document::{Key, Problems};
use super::secret::{SecretSource, Sources};
use super::span;

/// Longer than this, a link that nobody opens is a danger and no service.
const LONGEST: Duration = Duration::from_hours(7 * 24);
const SHORTEST: Duration = Duration::from_mins(1);

/// How secrets are kept, with the keys fetched.
#[derive(Clone, Debug)]
pub struct Secrets {
    /// What secrets are sealed with.
    pub keys: Arc<SealingKeys>,
    /// How long a link can be opened.
    pub links_valid: Duration,
    /// How long a drop box can be filled.
    pub boxes_valid: Duration,
    /// The keys as they were fetched, the one in use first, for whoever keeps them out of texts.
    pub texts: Vec<Secret>,
    /// The files that keys are in.
    pub files: Vec<PathBuf>,
}

/// How secrets are kept that must outlive a crash, and for how long they can be handed over. Goes with [web].
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretsSection {
    /// Where the key is that secrets are sealed with: 64 hexadecimal digits, as `countersign sealing-key` makes them. Not
    /// in the data folder, and not in its backups: who has both has the secrets.
    #[schemars(
        example = serde_json::json!({ "file": "/run/secrets/sealing-key" }),
        example = serde_json::json!({ "env": "SEALING_KEY" })
    )]
    key: SecretSource,
    /// Keys that were used before. What they sealed can be opened still; nothing new is sealed with them. The bot says
    /// when one can go.
    #[serde(default)]
    #[schemars(example = serde_json::json!([
        { "file": "/run/secrets/old-sealing-key" },
        { "env": "OLD_SEALING_KEY" }
    ]))]
    old_keys: Vec<SecretSource>,
    /// How long a secret link can be opened. A length of time, from a minute to a week.
    #[serde(default = "links_valid", with = "span")]
    #[schemars(with = "String")]
    links_valid: Duration,
    /// How long a drop box can be filled. A length of time, from a minute to a week.
    #[serde(default = "boxes_valid", with = "span")]
    #[schemars(with = "String")]
    boxes_valid: Duration,
}

fn links_valid() -> Duration {
    Duration::from_hours(1)
}

fn boxes_valid() -> Duration {
    Duration::from_mins(30)
}

impl SecretsSection {
    pub(super) fn resolve(self, sources: &mut Sources<'_, '_>) -> Option<Secrets> {
        let secrets = Key::of("secrets");
        for (name, span) in [
            ("links_valid", self.links_valid),
            ("boxes_valid", self.boxes_valid),
        ] {
            let words = if span > LONGEST {
                format!("{} is longer than a week, the most", text::span(span))
            } else if span < SHORTEST {
                format!("{} is shorter than a minute, the least", text::span(span))
            } else {
                continue;
            };
            sources.problems.add(&secrets.field(name), words, "write \"1 h\"");
        }
        let named = std::iter::once(&self.key).chain(&self.old_keys);
        let files = named.filter_map(|source| source.path(sources.folder)).collect();
        let (current, text) = key(&self.key, &secrets.field("key"), sources);
        let mut texts = vec![text];
        let mut old = Vec::new();
        for (n, source) in self.old_keys.iter().enumerate() {
            let (key, text) = key(source, &secrets.field("old_keys").item(n), sources);
            old.extend(key);
            texts.push(text);
        }
        Some(Secrets {
            keys: Arc::new(SealingKeys::new(current?, old)),
            links_valid: self.links_valid,
            boxes_valid: self.boxes_valid,
            texts,
            files,
        })
    }
}

fn key(source: &SecretSource, at: &Key, sources: &mut Sources<'_, '_>) -> (Option<SealingKey>, Secret) {
    let text = sources.fetch(source, at);
    let key = SealingKey::of(&text).ok();
    // None was fetched if it is empty, and that was said.
    if key.is_none() && !text.expose_secret().is_empty() {
        let words = "this is no sealing key: a key is 64 hexadecimal digits";
        sources
            .problems
            .add(at, words, "countersign sealing-key makes one");
    }
    (key, text)
}

/// One without the other serves nothing.
pub(super) fn check(web: bool, secrets: bool, problems: &mut Problems<'_>) {
    match (web, secrets) {
        (true, false) => problems.add(
            &Key::of("web"),
            "there is [web] and no [secrets]: what is handed over must be sealed with a key",
            "add [secrets] with key; countersign sealing-key makes one",
        ),
        (false, true) => problems.add(
            &Key::of("secrets"),
            "there is [secrets] and no [web]: there is no page that a secret could be handed over by",
            "add [web] with url, or take [secrets] out",
        ),
        _ => {}
    }
}
