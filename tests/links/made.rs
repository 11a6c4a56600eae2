//! Links that are made without stretching a phrase: their proofs are drawn, so a great many can be made. And a bot that has
//! nothing but a store, to come in through its door. Serves the bench too.

use std::sync::Arc;

use countersign_core::bot::Bot;
use countersign_core::command::Registry;
use countersign_core::context::{Actions, Context};
use countersign_core::door::Door;
use countersign_core::link::{GUESSES, Link, State, Visitor};
use countersign_core::message::{Account, Place};
use countersign_core::person::Directory;
use countersign_core::policy::Policy;
use countersign_core::random::{Random as _, SeededRandom};
use countersign_core::secret::Scrubber;
use countersign_core::settings::Settings;
use countersign_core::speaker::Speaker;
use countersign_core::store::{Batch, Store, Write};
use countersign_core::time::{Clock, Timestamp, from_millis};
use countersign_secrets::base64url;
use countersign_secrets::path_id::PathId;
use countersign_secrets::proof::{AuthProof, LinkProof};

/// What is locked in these links: as long as one kibibyte of text.
const LENGTH: usize = 1024 + 16;

/// When they are made.
pub(crate) fn now() -> Timestamp {
    from_millis(1_790_000_000_000)
}

/// What somebody has who has the address and the phrase.
pub(crate) struct Halves {
    pub(crate) path: PathId,
    pub(crate) link: LinkProof,
    pub(crate) auth: AuthProof,
}

fn drawn<const N: usize>(n: u64, what: u64) -> [u8; N] {
    let mut bytes = [0; N];
    SeededRandom::new(n.wrapping_mul(16).wrapping_add(what)).fill(&mut bytes);
    bytes
}

/// The halves of the link of this number.
pub(crate) fn halves(n: u64) -> Halves {
    Halves {
        path: PathId(drawn(n, 1)),
        link: LinkProof::parse(&base64url::encode(&drawn::<32>(n, 2))).unwrap(),
        auth: AuthProof::parse(&base64url::encode(&drawn::<32>(n, 3))).unwrap(),
    }
}

/// What is locked in the link of this number.
pub(crate) fn content(n: u64) -> Vec<u8> {
    drawn::<LENGTH>(n, 4).to_vec()
}

fn direct() -> Place {
    Place::Direct(Account {
        network: "irc".into(),
        name: "alice".into(),
    })
}

/// The link of this number.
pub(crate) fn link(n: u64) -> Link {
    let halves = halves(n);
    Link {
        id: format!("L{n:07}").into(),
        path: halves.path,
        header: format!(
            r#"{{"access_id":null,"expires_at":1790003600000,"from":"alice, signed by bob","id":"{}","mime":"application/json","recipient":"alice","request_digest":"{}","title":"prod's DATABASE_URL","v":1}}"#,
            halves.path,
            "6277702a".repeat(8),
        ),
        nonce: drawn(n, 5),
        link: halves.link.digest(),
        auth: halves.auth.digest(),
        phrase: None,
        recipient: "alice".into(),
        requester: "alice".into(),
        request: "R-0001".into(),
        operation: "7F3K".into(),
        target: Some("prod".into()),
        title: "prod's DATABASE_URL".into(),
        sent_to: direct(),
        asked_in: direct(),
        state: State::Live,
        attempts_left: GUESSES,
        access: None,
        disowned: None,
        made: now(),
        expires: from_millis(now().as_millisecond() + 3_600_000),
        version: 0,
    }
}

/// Writes the links of these numbers, many to a transaction.
pub(crate) async fn make(store: &dyn Store, numbers: std::ops::Range<u64>) {
    let mut batch = Batch::default();
    for n in numbers {
        batch.writes.push(Write::NewLink {
            link: Box::new(link(n)),
            content: content(n),
        });
        if batch.writes.len() == 1000 {
            store.commit(std::mem::take(&mut batch)).await.unwrap();
        }
    }
    store.commit(batch).await.unwrap();
}

/// The door of a bot that has nothing but this.
pub(crate) fn door(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Door {
    let scrubber = Arc::new(Scrubber::default());
    let settings = Settings {
        prefix: "!".to_owned(),
        names: vec!["countersign".to_owned()],
        directory: Directory::new([]).unwrap(),
        policy: Policy::default(),
        targets: [].into(),
        stale_after: countersign_core::time::Duration::from_mins(5),
    };
    let context = Context {
        settings: Arc::new(settings),
        store,
        clock,
        random: Arc::new(SeededRandom::new(1)),
        actions: Actions::default(),
        scrubber: Arc::clone(&scrubber),
        pages: Arc::default(),
        notary: None,
        keeper: None,
        links: None,
        replica: "test".into(),
    };
    Bot::new(context, Registry::new(), Speaker::new([], scrubber), Vec::new()).door()
}

/// Somebody with a browser.
pub(crate) fn visitor() -> Visitor {
    Visitor {
        peer: "10.2.3.4".into(),
        agent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0".into(),
    }
}
