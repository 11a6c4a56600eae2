//! What the store says is sealed, and the keys of the configuration: a wrong one is refused with words, and changes nothing.

use std::path::Path;

use countersign::config::Config;
use countersign::wiring::openable;
use countersign_core::link::Link;
use countersign_core::store::{Batch, Store as _, Write};
use countersign_secrets::at_rest::{SealingKey, SealingKeys};
use countersign_store::Sqlite;

use super::made::{content, link};
use crate::support::bot::without_databases;

const CONFIG: &str = include_str!("../../deploy/treeherder.toml");

fn hex(digit: &str) -> String {
    digit.repeat(64)
}

/// The configuration with this key, and with this one from before.
fn config(folder: &Path, key: &str, old: Option<&str>) -> Config {
    let text = match old {
        Some(_) => CONFIG.replace(
            "key = { env = \"SEALING_KEY\" }",
            "key = { env = \"SEALING_KEY\" }\nold_keys = [{ env = \"OLD_KEY\" }]",
        ),
        None => CONFIG.to_owned(),
    };
    let (key, old) = (hex(key), old.map(hex));
    let env = move |name: &str| match name {
        "SEALING_KEY" => Some(key.clone()),
        "OLD_KEY" => old.clone(),
        _ => Some("a-token-that-nobody-takes".to_owned()),
    };
    Config::parse("treeherder.toml", &without_databases(&text), folder, &env).unwrap()
}

fn bytes(folder: &Path) -> Vec<u8> {
    ["store.db", "store.db-wal"]
        .iter()
        .flat_map(|name| std::fs::read(folder.join(name)).unwrap_or_default())
        .collect()
}

#[tokio::test]
async fn a_key_that_is_missing_is_named_and_nothing_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let store = Sqlite::open(&file).await.unwrap();
    openable(&config(folder.path(), "a", None), &store).await.unwrap();

    let keys = SealingKeys::new(SealingKey::of(&hex("a").into()).unwrap(), Vec::new());
    let link = Link {
        phrase: Some(keys.seal("said", [1; 12], b"TR7K-09QF-MZ4C-W8XE")),
        ..link(1)
    };
    let write = Write::NewLink {
        link: Box::new(link),
        content: content(1),
    };
    store.commit(Batch::of(write)).await.unwrap();
    store.close().await;

    let store = Sqlite::open_read_only(&file).await.unwrap();
    let before = bytes(folder.path());
    openable(&config(folder.path(), "a", None), &store).await.unwrap();
    let refused = openable(&config(folder.path(), "b", None), &store)
        .await
        .unwrap_err();
    let words = refused.to_string();
    let (ours, other) = (keys.current_id(), SealingKey::of(&hex("b").into()).unwrap().id());
    assert!(words.contains(&format!("sealed with the key {ours}")), "{words}");
    assert!(
        words.contains(&format!("the configuration has {other}")),
        "{words}"
    );
    assert!(words.contains("Nothing was changed"), "{words}");
    assert!(!words.contains(&hex("a")) && !words.contains(&hex("b")));

    // Rotated: the new one seals, the old one opens what is there.
    openable(&config(folder.path(), "b", Some("a")), &store)
        .await
        .unwrap();
    openable(&config(folder.path(), "b", Some("c")), &store)
        .await
        .unwrap_err();

    // Without a web side there is no key at all.
    let mut bare = config(folder.path(), "a", None);
    bare.secrets = None;
    let words = openable(&bare, &store).await.unwrap_err().to_string();
    assert!(words.contains("the configuration has none"), "{words}");
    assert_eq!(bytes(folder.path()), before);
    store.close().await;
}
