//! L7: what is kept, said, logged or printed tells nothing to who has neither the address nor the phrase.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use countersign_core::approval::Origin;
use countersign_core::digest::Digest;
use countersign_core::door::Redemption;
use countersign_core::link::{Content, Field, Issue, Visitor};
use countersign_core::message::{Assurance, Place};
use countersign_core::operation::{Operation, Run, State};
use countersign_core::plan::{Effect, Plan, SCHEMA, SealedPlan};
use countersign_core::store::{Batch, Store as _};
use countersign_secrets::link::{Keys, unlock};
use countersign_secrets::phrase::Phrase;
use countersign_secrets::url::LinkUrl;
use secrecy::ExposeSecret as _;
use tracing::field::{Field as LogField, Visit};
use tracing::span::{Attributes, Id, Record};

use super::boxes::said;
use super::memory::Fault;
use super::world::{World, account, at, person};

const VALUE: &str = "mysql://root:canary-of-the-database@db.example.org/treeherder";

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &LogField, value: &dyn std::fmt::Debug) {
        writeln!(self.0.lock().unwrap(), "{field} = {value:?}").unwrap();
    }
}

impl tracing::Subscriber for Log {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }
    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut self.clone());
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn operation() -> Operation {
    let plan = Plan {
        schema: SCHEMA,
        command: "config".into(),
        action: "config get".into(),
        effect: Effect::Destructive,
        target: Some("stage".into()),
        resource: None,
        also: Vec::new(),
        summary: "hand out DATABASE_URL".into(),
        details: Vec::new(),
        parameters: BTreeMap::new(),
        fingerprint: BTreeMap::new(),
        requester: "alice".into(),
        reason: None,
        policy: Digest::of(b"policy"),
        created: at(0),
        not_after: at(3600),
        nonce: "nonce".into(),
    };
    Operation {
        id: "7F3K".into(),
        request: "R-0001".into(),
        plan: SealedPlan::seal(&plan).unwrap(),
        origin: Origin {
            place: Place::Direct(account("alice")),
            account: Some(account("alice")),
            assurance: Assurance::Account,
            nick: "alice".into(),
            message: "m-1".into(),
        },
        signers: vec!["bob".into()],
        state: State::Running,
        step: 0,
        tries: 0,
        step_began: at(0),
        began: at(0),
        ended: None,
        wake_at: None,
        phase: String::new(),
        doubt: None,
        progress: None,
        cancel: None,
        version: 0,
    }
}

/// Everything that is on disk: as rows have it, and as it is printed.
fn dump(world: &World) -> String {
    let disk = world.store.disk();
    let rows = serde_json::json!({
        "links": disk.links.values().collect::<Vec<_>>(),
        "contents": disk.contents.values().collect::<Vec<_>>(),
        "posts": disk.posts.values().collect::<Vec<_>>(),
        "audit": disk.audit,
    });
    let bytes: String = disk
        .contents
        .values()
        .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        .collect();
    format!("{rows}\n{disk:?}\n{bytes}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[tokio::test]
async fn l7_what_is_kept_and_logged_and_printed_reveals_nothing() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let world = World::new(7);
    let (operation, alice) = (operation(), person("alice"));
    let run = Run {
        operation: &operation,
        journal: &[],
        now: at(0),
    };
    let content = Content {
        fields: vec![Field {
            label: "DATABASE_URL".into(),
            value: VALUE.to_owned().into(),
        }],
        files: Vec::new(),
    };
    let issue = Issue {
        run: &run,
        recipient: &alice,
        title: "stage's DATABASE_URL".into(),
        content,
        access: None,
    };
    let mut printed = format!("{issue:?}");
    let issued = world.links.issue(issue).await.unwrap();
    write!(printed, "{issued:?} {:?} {:?}", world.links, world.bot).unwrap();
    let mut batch = Batch::default();
    batch.writes.extend(issued.writes);
    batch.audit.extend(issued.audit);
    write!(printed, "{batch:?}").unwrap();
    world.store.commit(batch).await.unwrap();

    let posts = world.store.disk().posts;
    assert_eq!(
        posts.len(),
        2,
        "the address and the phrase never stand in one message"
    );
    let said = said(&world, posts.into_values());
    let url = LinkUrl::parse(&said[0]).unwrap();
    let phrase = Phrase::typed(&said[1]).unwrap();
    let keys = Keys::derive(&url.id, &url.key, &phrase);
    let mut kept = dump(&world);

    // Whatever goes wrong on the way is printed too.
    let door = world.bot.door();
    let by = Visitor {
        peer: "10.2.3.4".into(),
        agent: "Firefox".into(),
    };
    let wrong = Keys::derive(&url.id, &url.key, &Phrase::new([9; 10]));
    let came = door.redeem(&url.id, &wrong.link, &wrong.auth, &by).await;
    write!(
        printed,
        "{came:?} {url:?} {phrase:?} {keys:?} {:?} {door:?}",
        keys.auth
    )
    .unwrap();
    *world.store.fault.lock().unwrap() = Some(Fault::Before);
    let came = door.redeem(&url.id, &keys.link, &keys.auth, &by).await;
    write!(
        printed,
        "{:?} {came:?}",
        door.link_status(&url.id, &keys.link).await
    )
    .unwrap();
    kept += &dump(&world);
    let header = world.store.disk().links.into_values().next().unwrap().header;
    let came = door.redeem(&url.id, &keys.link, &keys.auth, &by).await.unwrap();
    write!(printed, "{came:?}").unwrap();
    let Redemption::Opened { nonce, ciphertext } = came else {
        panic!("{came:?}")
    };
    let opened = unlock(&header, &keys, nonce, &ciphertext).unwrap();
    assert!(
        String::from_utf8_lossy(&opened).contains(VALUE),
        "it was really there"
    );
    kept += &dump(&world);
    let after = dump(&world);
    assert!(!after.contains(&hex(&ciphertext)) && world.store.disk().contents.is_empty());

    let secrets = Secrets {
        address: said[0].clone(),
        fragment: url.key.fragment().expose_secret().to_owned(),
        phrase: said[1].clone(),
        link: keys.link.text().expose_secret().to_owned(),
        auth: keys.auth.text().expose_secret().to_owned(),
    };
    tracing::info!("this is heard");
    let log = log.0.lock().unwrap().clone();
    assert!(log.contains("this is heard"));
    for (where_, hay) in [
        ("the store", &kept),
        ("the log", &log),
        ("what is printed", &printed),
    ] {
        secrets.are_not_in(where_, hay);
    }
}

/// Both halves, and what is made of them, as text.
struct Secrets {
    address: String,
    fragment: String,
    phrase: String,
    link: String,
    auth: String,
}

impl Secrets {
    fn are_not_in(&self, where_: &str, hay: &str) {
        let bare = self.phrase.replace('-', "");
        let texts = [
            ("the value", VALUE),
            ("a part of the value", "canary-of-the-database"),
            ("the address", &self.address),
            ("the fragment", &self.fragment),
            ("the phrase", &self.phrase),
            ("the phrase without hyphens", &bare),
            ("the phrase in small letters", &bare.to_lowercase()),
            ("the link proof", &self.link),
            ("the auth proof", &self.auth),
        ];
        for (what, needle) in texts {
            assert!(!hay.contains(needle), "{what} is in {where_}");
            // Bytes that were meant for something else.
            let bytes = needle.as_bytes();
            assert!(!hay.contains(&hex(bytes)), "{what}, as digits, is in {where_}");
            assert!(
                !hay.contains(&format!("{bytes:?}")),
                "{what}, as numbers, is in {where_}"
            );
        }
        for text in [&self.fragment, &self.link, &self.auth] {
            let raw: [u8; 32] = countersign_secrets::base64url::decode_array(text).unwrap();
            let numbers = format!("{raw:?}");
            assert!(!hay.contains(&hex(&raw)), "32 secret bytes are in {where_}");
            assert!(
                !hay.contains(numbers.trim_matches(['[', ']'])),
                "32 secret numbers are in {where_}"
            );
        }
    }
}
