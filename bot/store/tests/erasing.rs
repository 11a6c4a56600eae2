//! What a link or a drop box held is gone from the store's files when it has ended: from the file and from the log, not
//! only from the tables (`reference/approvals-and-links.md` §8).
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use countersign_core::access::{self, Access, NewAccess, NewPassword};
use countersign_core::approval::Origin;
use countersign_core::drop_box::{self, DropBox};
use countersign_core::link::{self, Link, Visitor};
use countersign_core::message::{Account, Assurance, Place};
use countersign_core::random::{Random as _, SeededRandom};
use countersign_core::store::{Batch, Store as _, Write};
use countersign_core::time::{Timestamp, from_millis};
use countersign_secrets::at_rest::{SealedText, SealingKey, SealingKeys};
use countersign_secrets::base64url;
use countersign_secrets::drop_box::Filling;
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::{AuthProof, LinkProof};
use countersign_store::Sqlite;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

/// Pieces of this length are looked for: shorter than any that would tell anybody anything.
const PIECE: usize = 16;
/// Until then the log must be empty, also on a machine that is busy.
const SOON: Duration = Duration::from_mins(1);

fn at(seconds: i64) -> Timestamp {
    from_millis(1_790_000_000_000 + seconds * 1000)
}

fn random(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    SeededRandom::new(seed).fill(&mut bytes);
    bytes
}

fn path(n: u64) -> PathId {
    PathId(random(1_000 + n, 16).try_into().unwrap())
}

fn direct(name: &str) -> Place {
    Place::Direct(Account {
        network: "irc".into(),
        name: name.into(),
    })
}

fn visitor() -> Visitor {
    Visitor {
        peer: "10.2.3.4".into(),
        agent: "Firefox".into(),
    }
}

fn a_link(n: u64) -> Link {
    Link {
        id: format!("L{n:05}").into(),
        path: path(n),
        header: r#"{"title":"prod's DATABASE_URL","v":1}"#.into(),
        nonce: [7; 12],
        link: LinkProof::parse(&base64url::encode(&[1; 32])).unwrap().digest(),
        auth: AuthProof::parse(&base64url::encode(&[2; 32])).unwrap().digest(),
        phrase: None,
        recipient: "alice".into(),
        requester: "alice".into(),
        request: "R-0001".into(),
        operation: "7F3K".into(),
        target: Some("prod".into()),
        title: "prod's DATABASE_URL".into(),
        sent_to: direct("alice"),
        asked_in: direct("alice"),
        state: link::State::Live,
        attempts_left: link::GUESSES,
        access: None,
        disowned: None,
        made: at(0),
        expires: at(3600),
        version: 0,
    }
}

fn filled(n: u64, ciphertext: Vec<u8>) -> DropBox {
    DropBox {
        id: format!("B{n:05}").into(),
        path: path(5_000 + n),
        header: r#"{"purpose":"the value of NEW_KEY on stage","v":1}"#.into(),
        link: LinkProof::parse(&base64url::encode(&[1; 32])).unwrap().digest(),
        public: "04".repeat(65),
        private: None,
        content: Some(Filling {
            key: [4; 65],
            nonce: [7; 12],
            ciphertext,
        }),
        owner: "alice".into(),
        origin: Origin {
            place: direct("alice"),
            account: None,
            assurance: Assurance::Account,
            nick: "alice".into(),
            message: "m-1".into(),
        },
        sent_to: direct("alice"),
        purpose: "the value of NEW_KEY on stage".into(),
        target: Some("stage".into()),
        then: "config set stage NEW_KEY --box B00001".into(),
        by_itself: true,
        state: drop_box::State::Filled {
            at: at(5),
            by: visitor(),
            planned: false,
            request: None,
        },
        made: at(0),
        expires: at(3600),
        version: 0,
    }
}

/// The three ends of a link in turn.
fn ended(n: u64, link: &Link) -> Link {
    let state = match n % 3 {
        0 => link::State::Redeemed {
            at: at(60),
            by: visitor(),
        },
        1 => link::State::Expired { at: at(3600) },
        _ => link::State::Burned { at: at(60), by: None },
    };
    Link {
        state,
        ..link.clone()
    }
}

fn pieces(of: &[u8]) -> impl Iterator<Item = [u8; PIECE]> {
    of.windows(PIECE).map(|piece| piece.try_into().unwrap())
}

/// How many pieces of these are in the store's files.
fn found(folder: &Path, secret: &HashSet<[u8; PIECE]>) -> usize {
    // Most bytes begin none of them, and need no look into the set.
    let mut begins = vec![false; 1 << 16];
    for piece in secret {
        begins[usize::from(u16::from_le_bytes([piece[0], piece[1]]))] = true;
    }
    let mut found = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        let may_be = |piece: &&[u8]| begins[usize::from(u16::from_le_bytes([piece[0], piece[1]]))];
        let windows = bytes.windows(PIECE).filter(may_be);
        found += windows.filter(|piece| secret.contains(*piece)).count();
    }
    found
}

async fn is_soon_gone(folder: &Path, secret: &HashSet<[u8; PIECE]>) {
    let gone = async {
        while found(folder, secret) > 0 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let waited = tokio::time::timeout(SOON, gone).await;
    assert!(waited.is_ok(), "{} pieces are still there", found(folder, secret));
}

/// Lengths of what is locked: a page holds several of the first, and the last take many pages.
const LENGTHS: [usize; 6] = [1040, 2064, 1040, 4112, 20_496, 65_552];

#[tokio::test(flavor = "multi_thread")]
async fn what_was_in_a_link_is_in_no_file_after_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("store.db")).await.unwrap();
    let contents: Vec<_> = (0..60)
        .map(|n| random(n, LENGTHS[usize::try_from(n).unwrap() % LENGTHS.len()]))
        .collect();
    for (n, content) in (0..).zip(&contents) {
        let link = Box::new(a_link(n));
        let content = content.clone();
        store
            .commit(Batch::of(Write::NewLink { link, content }))
            .await
            .unwrap();
    }
    // Every other one ends: the pages where it stood are shared with those that live.
    for half in [0, 1] {
        let those = || (0..).zip(&contents).filter(|(n, _)| n % 2 == half);
        let secret: HashSet<_> = those().flat_map(|(_, content)| pieces(content)).collect();
        // What takes several pages does not stand in one piece.
        assert!(
            found(folder.path(), &secret) > secret.len() / 2,
            "they were there"
        );
        for (n, _) in those() {
            let link = store.link(&a_link(n).id).await.unwrap().unwrap();
            let end = Write::Link(Box::new(ended(n, &link)));
            store.commit(Batch::of(end)).await.unwrap();
        }
        is_soon_gone(folder.path(), &secret).await;
    }
    for (n, _) in (0..).zip(&contents) {
        let link = store.link(&a_link(n).id).await.unwrap().unwrap();
        assert_eq!(link.state, ended(n, &link).state);
    }
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_in_a_drop_box_is_in_no_file_once_it_is_emptied() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("store.db")).await.unwrap();
    let mut secret = [HashSet::new(), HashSet::new()];
    for n in 0..40 {
        let content = random(n, if n % 4 == 0 { 16_400 } else { 1040 });
        let half = usize::try_from(n % 2).unwrap();
        // The store keeps it as text.
        secret[half].extend(pieces(base64url::encode(&content).as_bytes()));
        let made = Write::NewBox(Box::new(filled(n, content)));
        store.commit(Batch::of(made)).await.unwrap();
    }
    for half in [0, 1] {
        assert!(
            found(folder.path(), &secret[half]) > secret[half].len() / 2,
            "they were there"
        );
        for n in (0..40).filter(|n| n % 2 == half as u64) {
            let id = filled(n, Vec::new()).id;
            let write = if n % 3 == 0 {
                let drop_box = store.drop_box(&id).await.unwrap().unwrap();
                Write::Box(Box::new(drop_box.emptied(at(9))))
            } else {
                Write::EmptyBox { id, at: at(9) }
            };
            store.commit(Batch::of(write)).await.unwrap();
        }
        is_soon_gone(folder.path(), &secret[half]).await;
    }
    store.close().await;
}

/// Somebody who looks through what is there now, and takes their time.
async fn a_long_read(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut reader = options.connect().await.unwrap();
    sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
    let count = "SELECT COUNT(*) FROM links";
    let links: i64 = sqlx::query_scalar(count).fetch_one(&mut reader).await.unwrap();
    assert_eq!(links, 1);
    reader
}

/// A store with one link, and what is in it.
async fn with_one_link(file: &Path) -> (Sqlite, HashSet<[u8; PIECE]>) {
    let store = Sqlite::open(file).await.unwrap();
    let content = random(1, 1040);
    let secret = pieces(&content).collect();
    let link = Box::new(a_link(1));
    store
        .commit(Batch::of(Write::NewLink { link, content }))
        .await
        .unwrap();
    (store, secret)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_read_delays_it_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let (store, secret) = with_one_link(&file).await;
    let reader = a_long_read(&file).await;
    let end = Write::Link(Box::new(ended(0, &a_link(1))));
    store.commit(Batch::of(end)).await.unwrap();
    // It is tried meanwhile, and nobody is kept from writing by that.
    for n in 10..70 {
        let (link, content) = (Box::new(a_link(n)), random(n, 40));
        store
            .commit(Batch::of(Write::NewLink { link, content }))
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(
        found(folder.path(), &secret) > 0,
        "the reader could still ask for it"
    );
    reader.close().await.unwrap();
    is_soon_gone(folder.path(), &secret).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_process_empties_the_log_that_a_killed_one_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.db");
    let (store, secret) = with_one_link(&file).await;
    let reader = a_long_read(&file).await;
    let last = ended(0, &a_link(1));
    store
        .commit(Batch::of(Write::Link(Box::new(last.clone()))))
        .await
        .unwrap();
    let killed = tempfile::tempdir().unwrap();
    for name in ["store.db", "store.db-wal"] {
        std::fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
    }
    assert!(found(killed.path(), &secret) > 0);
    let next = Sqlite::open(killed.path().join("store.db")).await.unwrap();
    is_soon_gone(killed.path(), &secret).await;
    let link = next.link(&last.id).await.unwrap().unwrap();
    assert_eq!(link.state, last.state);
    next.close().await;
    reader.close().await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_lives_is_over_in_a_backup_and_nothing_of_it_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let (store, secret) = with_one_link(&folder.path().join("store.db")).await;
    let to = tempfile::tempdir().unwrap();
    let path = to.path().join("backup");
    store.copy(&path).await.unwrap().keep().await.unwrap();
    assert!(found(folder.path(), &secret) > 0);
    assert_eq!(found(to.path(), &secret), 0);
    let copy = Sqlite::open(&path).await.unwrap();
    let link = copy.link(&a_link(1).id).await.unwrap().unwrap();
    assert_eq!(link.state.word(), "burned");
    assert_eq!(link.phrase, None);
    assert_eq!(copy.link_content(&link.id).await.unwrap(), None);
    assert!(copy.sealed_with().await.unwrap().is_empty());
    assert_eq!(store.link(&link.id).await.unwrap().unwrap().state.word(), "live");
    copy.close().await;
    store.close().await;
}

/// An access of a service whose password waits for a link to be opened.
fn with_password(sealed: SealedText) -> Access {
    let draft = NewAccess {
        id: "A7QM2X".into(),
        database: "prod-db".into(),
        account: "activedata".into(),
        kind: access::Kind::Service,
        owner: Some("alice".into()),
        requester: None,
        request: None,
        operation: None,
        asked_in: None,
        tables: None,
        made: at(0),
        ends: None,
        latest_end: None,
        remind_at: None,
    };
    let password = NewPassword {
        sealed,
        link: Some("K7QM2X".into()),
        opened: None,
    };
    Access::found(draft).with_password(password).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_waits_is_in_no_backup_and_in_no_file_once_it_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let store = Sqlite::open(folder.path().join("store.db")).await.unwrap();
    let key = SealingKey::of(&"a".repeat(64).into()).unwrap();
    let sealed = SealingKeys::new(key, Vec::new()).seal("a password", [7; 12], &random(3, 60));
    let secret: HashSet<_> = pieces(sealed.text().as_bytes()).collect();
    let access = Write::NewAccess(Box::new(with_password(sealed)));
    store.commit(Batch::of(access)).await.unwrap();
    assert!(found(folder.path(), &secret) > 0, "it was there");

    let to = tempfile::tempdir().unwrap();
    let path = to.path().join("backup");
    store.copy(&path).await.unwrap().keep().await.unwrap();
    assert_eq!(found(to.path(), &secret), 0);
    let copy = Sqlite::open(&path).await.unwrap();
    let in_copy = copy.access(&"A7QM2X".into()).await.unwrap().unwrap();
    assert_eq!((in_copy.password, in_copy.version), (None, 1));
    assert!(copy.sealed_with().await.unwrap().is_empty());
    copy.close().await;

    let access = store.access(&"A7QM2X".into()).await.unwrap().unwrap();
    let set = Write::Access(Box::new(access.password_set().unwrap()));
    store.commit(Batch::of(set)).await.unwrap();
    is_soon_gone(folder.path(), &secret).await;
    store.close().await;
}
