//! Three thieves, each with one part: all files, the address, the phrase. Each tries what there is to try.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use countersign_core::door::{Door, Redemption};
use countersign_core::link::Link;
use countersign_core::reply::{Line, Post, Reply};
use countersign_core::store::{Batch, Store as _, Write};
use countersign_secrets::at_rest::{SealedText, SealingKey, SealingKeys};
use countersign_secrets::key::LinkKey;
use countersign_secrets::link::{Keys, link_proof, lock, unlock};
use countersign_secrets::path_id::PathId;
use countersign_secrets::phrase::Phrase;
use countersign_secrets::proof::{AuthProof, LinkProof};
use countersign_secrets::url::{Kind, LinkUrl};
use countersign_store::Sqlite;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use super::made::{link, visitor};

const VALUE: &str = "mysql://root:canary-of-the-thief@db.example.org/treeherder";
const SEALING: &str = "c0ffee";

/// A link as the bot makes it, delivered and waiting, with its secrets where they belong.
struct Prey {
    folder: TempDir,
    store: Arc<Sqlite>,
    door: Door,
    link: Link,
    key: LinkKey,
    phrase: Phrase,
}

impl Prey {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (store, door) = super::at(folder.path()).await;
        let mut link = link(1);
        let (key, phrase) = (LinkKey::new([0x5e; 32]), Phrase::new([0xa7; 10]));
        let keys = Keys::derive(&link.path, &key, &phrase);
        let locked = lock(link.header.clone(), &keys, link.nonce, VALUE.as_bytes()).unwrap();
        (link.link, link.auth) = (locked.link, locked.auth);
        let url = LinkUrl {
            base: "https://ops.example.org/".to_owned(),
            kind: Kind::Link,
            id: link.path,
            key: key.clone(),
        };
        let sealing = SealingKeys::new(SealingKey::of(&sealing_key()).unwrap(), Vec::new());
        let phrase_text = sealing.seal("said", [1; 12], phrase.shown().expose_secret().as_bytes());
        let url_text = sealing.seal("said", [2; 12], url.shown().expose_secret().as_bytes());
        link.phrase = Some(phrase_text.clone());
        let post = |sealed| {
            Post::to(
                link.sent_to.clone(),
                Reply::line(Line::new("here: ").sealed(sealed)),
            )
        };
        let batch = Batch::of(Write::Enqueue(post(url_text)))
            .write(Write::Enqueue(post(phrase_text)))
            .write(Write::NewLink {
                link: Box::new(link.clone()),
                content: locked.ciphertext,
            });
        store.commit(batch).await.unwrap();
        Self {
            folder,
            store,
            door,
            link,
            key,
            phrase,
        }
    }

    async fn tries(&self, proof: &LinkProof, auth: &AuthProof) -> Redemption {
        self.door
            .redeem(&self.link.path, proof, auth, &visitor())
            .await
            .unwrap()
    }

    async fn guesses_left(&self) -> u8 {
        self.store
            .link(&self.link.id)
            .await
            .unwrap()
            .unwrap()
            .attempts_left
    }

    /// It was there all the time: who has both halves opens it.
    async fn is_opened_by_its_owner(&self) {
        let keys = Keys::derive(&self.link.path, &self.key, &self.phrase);
        let Redemption::Opened { nonce, ciphertext } = self.tries(&keys.link, &keys.auth).await else {
            panic!("its owner cannot open it");
        };
        let plain = unlock(&self.link.header, &keys, nonce, &ciphertext).unwrap();
        assert_eq!(plain.as_slice(), VALUE.as_bytes());
    }
}

fn sealing_key() -> secrecy::SecretString {
    format!("{SEALING:0<64}").into()
}

/// All words of the base64url and base 32 kind in files: whatever might be a key, a proof or a phrase.
fn words(folder: &Path) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
        for word in bytes.split(|byte| !is_part(byte)).filter(|word| word.len() >= 16) {
            words.insert(String::from_utf8(word.to_vec()).unwrap());
        }
    }
    words
}

fn base64url(bytes: &[u8]) -> String {
    countersign_secrets::base64url::encode(bytes)
}

#[tokio::test]
async fn with_all_files_and_a_backup_nothing_is_opened() {
    let prey = Prey::new().await;
    let backups = tempfile::tempdir().unwrap();
    let copy = prey.store.copy(&backups.path().join("backup.db")).await.unwrap();
    copy.keep().await.unwrap();
    let mut found = words(prey.folder.path());
    found.extend(words(backups.path()));
    for secret in [
        "canary-of-the-thief",
        prey.key.fragment().expose_secret(),
        prey.phrase.shown().expose_secret(),
    ] {
        assert!(!found.iter().any(|word| word.contains(secret)));
    }
    let stolen = prey.store.link(&prey.link.id).await.unwrap().unwrap();
    let ciphertext = prey.store.link_content(&stolen.id).await.unwrap().unwrap();

    // Every word as half of the address, and the digests that are kept, as if they were proofs.
    let digests = [stolen.link.to_string(), stolen.auth.to_string()];
    let raw = |hex: &str| -> Vec<u8> {
        (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect()
    };
    let proofs: Vec<String> = found
        .iter()
        .cloned()
        .chain(digests.iter().map(|digest| base64url(&raw(digest))))
        .collect();
    let mut tried = 0;
    for word in &proofs {
        let (Ok(proof), Ok(auth)) = (LinkProof::parse(word), AuthProof::parse(word)) else {
            continue;
        };
        assert!(
            matches!(prey.tries(&proof, &auth).await, Redemption::NotFound),
            "{word}"
        );
        if let Ok(key) = LinkKey::parse(word) {
            let proof = link_proof(&stolen.path, &key);
            assert!(
                matches!(prey.tries(&proof, &auth).await, Redemption::NotFound),
                "{word}"
            );
        }
        tried += 1;
    }
    assert!(tried >= 2, "there was nothing to try");
    assert_eq!(prey.guesses_left().await, 5, "and no guess was taken");

    // Every key there may be for what is sealed.
    let sealed: Vec<SealedText> = std::iter::once(stolen.phrase.clone().unwrap())
        .chain(found.iter().filter_map(|word| word.parse().ok()))
        .collect();
    let candidates = found
        .iter()
        .filter(|word| word.len() == 64)
        .cloned()
        .chain(digests.iter().cloned());
    let candidates: Vec<_> = candidates
        .filter_map(|text| SealingKey::of(&text.into()).ok())
        .collect();
    assert!(!candidates.is_empty() && !sealed.is_empty());
    let theirs = SealingKeys::new(SealingKey::of(&"0".repeat(64).into()).unwrap(), candidates);
    for sealed in &sealed {
        assert!(theirs.open("said", sealed).is_err());
    }

    // What is locked, with whatever might be an address and a phrase: the stretching makes each try dear.
    let keys = proofs.iter().filter_map(|word| LinkKey::parse(word).ok()).take(4);
    let phrases: Vec<_> = found
        .iter()
        .filter_map(|word| Phrase::typed(word.get(..16)?).ok())
        .take(2)
        .collect();
    for key in keys {
        for phrase in phrases.iter().chain([&Phrase::new([0; 10])]) {
            let keys = Keys::derive(&stolen.path, &key, phrase);
            assert!(unlock(&stolen.header, &keys, stolen.nonce, &ciphertext).is_err());
        }
    }
    prey.is_opened_by_its_owner().await;
}

#[tokio::test]
async fn with_the_address_only_five_guesses_burn_it() {
    let prey = Prey::new().await;
    let theirs = link_proof(&prey.link.path, &prey.key);
    let status = prey
        .door
        .link_status(&prey.link.path, &theirs)
        .await
        .unwrap()
        .unwrap();
    assert!(!format!("{status:?}").contains("canary"));
    let guesses = [
        "0000000000000000",
        "TR7K-09QF-MZ4C-W8XE",
        "ABCD-EFGH-JKMN-PQRS",
        "1111111111111111",
        "ZZZZZZZZZZZZZZZZ",
    ];
    for (left, guess) in (0..5).rev().zip(guesses) {
        let keys = Keys::derive(&prey.link.path, &prey.key, &Phrase::typed(guess).unwrap());
        match prey.tries(&keys.link, &keys.auth).await {
            Redemption::WrongPhrase { attempts_left } => assert_eq!(attempts_left, left),
            other => panic!("{other:?}"),
        }
    }
    let keys = Keys::derive(&prey.link.path, &prey.key, &prey.phrase);
    let came = prey.tries(&keys.link, &keys.auth).await;
    assert!(
        matches!(came, Redemption::Gone(ending) if ending.state == "burned"),
        "{came:?}"
    );
    assert_eq!(prey.store.link_content(&prey.link.id).await.unwrap(), None);
}

#[tokio::test]
async fn with_the_phrase_only_there_is_nothing_to_try_it_on() {
    let prey = Prey::new().await;
    // Not even the id in the address helps, and that is not told with the phrase.
    for (path, key) in [
        (prey.link.path, LinkKey::new([0; 32])),
        (prey.link.path, LinkKey::new([0xff; 32])),
        (PathId([0; 16]), LinkKey::new([0; 32])),
    ] {
        let keys = Keys::derive(&path, &key, &prey.phrase);
        let came = prey
            .door
            .redeem(&path, &keys.link, &keys.auth, &visitor())
            .await
            .unwrap();
        assert!(matches!(came, Redemption::NotFound), "{came:?}");
        assert_eq!(prey.door.link_status(&path, &keys.link).await.unwrap(), None);
    }
    assert_eq!(prey.guesses_left().await, 5);
    prey.is_opened_by_its_owner().await;
}
