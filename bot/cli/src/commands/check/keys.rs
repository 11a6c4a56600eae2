//! The keys that secrets are sealed with: whether what is sealed can be opened, who can read them, and which can go.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;

use countersign_core::store::Store as _;
use countersign_core::text::list;
use countersign_secrets::at_rest::{KeyId, SealingKey};
use countersign_store::Sqlite;

use super::finding::Findings;
use crate::STORE_FILE;
use crate::config::{Config, Secrets};
use crate::wiring;

/// What the findings are about.
const ABOUT: &str = "secrets";

pub(super) async fn check(config: Arc<Config>) -> Findings {
    let mut findings = Findings::default();
    sealed(&config, &mut findings).await;
    if let Some(secrets) = &config.secrets {
        twice(secrets, &mut findings);
        for file in &secrets.files {
            place(file, &config.bot.data, &mut findings);
        }
    }
    findings
}

/// Whether everything that is sealed in the store can be opened, and what is not needed for that.
async fn sealed(config: &Config, findings: &mut Findings) {
    let file = config.bot.data.join(STORE_FILE);
    if !file.exists() {
        if let Some(secrets) = &config.secrets {
            findings.ok(ABOUT, "nothing is sealed yet");
            spare(secrets, &BTreeSet::new(), findings);
        }
        return;
    }
    // The store itself is checked elsewhere, and an older one has nothing sealed in it.
    let Ok(store) = Sqlite::open_read_only(&file).await else {
        return;
    };
    match (wiring::openable(config, &store).await, &config.secrets) {
        (Err(error), _) => findings.fail(ABOUT, format!("{error:#}")),
        (Ok(()), Some(secrets)) => {
            findings.ok(
                ABOUT,
                format!("what is sealed can be opened; keys: {}", list(secrets.keys.ids())),
            );
            if let Ok(used) = store.sealed_with().await {
                spare(secrets, &used, findings);
            }
        }
        (Ok(()), None) => {}
    }
    store.close().await;
}

/// Old keys that nothing is sealed with any more.
fn spare(secrets: &Secrets, used: &BTreeSet<KeyId>, findings: &mut Findings) {
    let ids = secrets.keys.ids().into_iter();
    let spare = ids.filter(|id| *id != secrets.keys.current_id() && !used.contains(id));
    for id in spare {
        let words =
            format!("old key {id} can go: nothing is sealed with it now (a backup from before may be still)");
        findings.ok(ABOUT, words);
    }
}

/// A key that is named again serves nothing, and may stand where another was meant.
fn twice(secrets: &Secrets, findings: &mut Findings) {
    let ids = secrets
        .texts
        .iter()
        .map(|text| SealingKey::of(text).map(|key| key.id()));
    let mut seen = BTreeSet::new();
    // The first is the one in use.
    for (n, id) in ids.enumerate() {
        if id.is_ok_and(|id| !seen.insert(id)) {
            findings.warn(
                ABOUT,
                format!(
                    "key {n} of old_keys is named a second time; take it out, or name the one that was meant"
                ),
            );
        }
    }
}

/// Whether a key is where only the bot reads it, and not where backups go.
fn place(file: &Path, data: &Path, findings: &mut Findings) {
    let shown = file.display();
    if let (Ok(real), Ok(data)) = (file.canonicalize(), data.canonicalize())
        && real.starts_with(data)
    {
        findings.warn(
            ABOUT,
            format!("the key {shown} is in the data folder: who gets a backup of that has key and secrets; move it elsewhere"),
        );
    }
    let mode = file.metadata().map(|file| file.permissions().mode());
    if mode.is_ok_and(|mode| mode & 0o006 != 0) {
        findings.warn(
            ABOUT,
            format!("everybody on this machine may read the key {shown}: chmod o-rwx {shown}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;
    use crate::sealed_sample::{key, store_sealed_with};

    /// What is found with these `[secrets]`; the environment has a key for every letter.
    async fn found(folder: &Path, secrets: &str) -> String {
        let text = format!(
            "[heroku]\ntoken = {{ env = \"A\" }}\n[github]\ntoken = {{ env = \"A\" }}\n\
             [web]\nurl = \"http://localhost:8480/\"\n[secrets]\n{secrets}\n"
        );
        let env = |name: &str| Some(name.to_lowercase().repeat(64));
        let config = Config::parse("test.toml", &text, folder, &env).unwrap();
        let found = check(Arc::new(config)).await.text();
        ["a", "b", "c"].iter().fold(found, |found, letter| {
            let id = key(letter.chars().next().unwrap()).id().to_string();
            found.replace(&id, &letter.to_uppercase())
        })
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        folder
    }

    #[tokio::test]
    async fn an_old_key_can_go_when_nothing_is_sealed_with_it() {
        let folder = folder();
        let data = folder.path().join("data");
        store_sealed_with(&data, 'b').await.close().await;
        let keys = "key = { env = \"A\" }\nold_keys = [{ env = \"B\" }, { env = \"C\" }]";
        assert_eq!(
            found(folder.path(), keys).await,
            "ok    secrets: what is sealed can be opened; keys: A, B, C\n\
             ok    secrets: old key C can go: nothing is sealed with it now (a backup from before may be still)\n"
        );
        let lost = found(folder.path(), "key = { env = \"A\" }").await;
        assert!(
            lost.starts_with(
                "FAIL  secrets: secrets in the store are sealed with the key B, and the configuration has A: "
            ),
            "{lost}"
        );
    }

    #[tokio::test]
    async fn a_key_that_is_named_twice_is_told() {
        let keys = "key = { env = \"A\" }\nold_keys = [{ env = \"B\" }, { env = \"A\" }]";
        let said = found(folder().path(), keys).await;
        assert!(
            said.contains("warn  secrets: key 2 of old_keys is named a second time"),
            "{said}"
        );
        assert!(!said.contains("aaaa"), "{said}");
    }

    #[tokio::test]
    async fn a_key_in_a_bad_place_is_told() {
        let folder = folder();
        let set = |name: &str, mode: u32| {
            let file = folder.path().join(name);
            fs::write(&file, "a".repeat(64)).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        };
        set("key", 0o640);
        let good = found(folder.path(), "key = { file = \"key\" }").await;
        assert_eq!(good, "ok    secrets: nothing is sealed yet\n");
        set("key", 0o644);
        let said = found(folder.path(), "key = { file = \"key\" }").await;
        assert!(said.contains("/key: chmod o-rwx "), "{said}");
        set("data/key", 0o600);
        let said = found(folder.path(), "key = { file = \"data/key\" }").await;
        assert!(said.contains("/data/key is in the data folder"), "{said}");
        assert_eq!(said.matches("warn").count(), 1, "{said}");
    }
}
