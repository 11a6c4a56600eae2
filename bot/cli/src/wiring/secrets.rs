//! How secrets are handed over, as the configuration says.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use countersign_core::chat::Adapter;
use countersign_core::link::{Links, LinksSettings};
use countersign_core::random::Random;
use countersign_core::store::Store;
use countersign_core::text::list;

use crate::config::Config;

/// What makes links, if there is a web side.
pub(super) fn links(
    config: &Config,
    adapters: &[Arc<dyn Adapter>],
    store: &Arc<dyn Store>,
    random: &Arc<dyn Random>,
) -> Option<Links> {
    let (web, secrets) = (config.web.as_ref()?, config.secrets.as_ref()?);
    let reach: BTreeMap<_, _> = adapters
        .iter()
        .map(|adapter| (adapter.network().clone(), adapter.capabilities().reach))
        .collect();
    let settings = LinksSettings {
        url: web.public_url.to_string(),
        valid: secrets.links_valid,
        box_valid: secrets.boxes_valid,
        keys: Arc::clone(&secrets.keys),
        reach,
    };
    Some(Links::new(settings, Arc::clone(store), Arc::clone(random)))
}

/// Whether everything that is sealed in the store can be opened with the keys of the configuration. With a wrong key the
/// bot does not start: nothing is lost by that, and much by going on.
pub async fn openable(config: &Config, store: &dyn Store) -> anyhow::Result<()> {
    let sealed = store
        .sealed_with()
        .await
        .context("what is sealed cannot be read")?;
    let ours = config
        .secrets
        .as_ref()
        .map(|secrets| secrets.keys.ids())
        .unwrap_or_default();
    let missing: Vec<_> = sealed.iter().filter(|key| !ours.contains(key)).collect();
    if !missing.is_empty() {
        let have = if ours.is_empty() {
            "the configuration has none".to_owned()
        } else {
            format!("the configuration has {}", list(&ours))
        };
        bail!(
            "secrets in the store are sealed with the key {}, and {have}: put that key back as [secrets] key, or add it to \
             old_keys. Nothing was changed. If that key is lost, so is what it sealed: drop boxes, and phrases that were not \
             said yet. Nothing takes those out of a store, so a bot without that key begins with an empty bot.data; \
             countersign audit export reads the audit in the old one",
            list(missing)
        );
    }
    Ok(())
}
