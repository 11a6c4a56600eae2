//! What the tests of these commands play on: people, targets, a policy, and a store that only remembers posts.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::approval::{Origin, Request};
use countersign_core::audit::Record;
use countersign_core::command::Registry;
use countersign_core::context::{Actions, Context};
use countersign_core::digest::Digest;
use countersign_core::dispatch::Dispatcher;
use countersign_core::id::{OperationId, ReplicaId, RequestId};
use countersign_core::message::{Account, Assurance, Kind, Message, Place, Room, Sender};
use countersign_core::operation::{Entry, Fence, Operation, State};
use countersign_core::person::{Directory, Person};
use countersign_core::plan::{Detail, Effect, Plan, SCHEMA, SealedPlan};
use countersign_core::policy::{Names, Policy, Rule, Seat, Who};
use countersign_core::random::SeededRandom;
use countersign_core::reply::{Post, plain};
use countersign_core::secret::Scrubber;
use countersign_core::settings::{Settings, Target};
use countersign_core::store::{
    AuditWhere, Batch, Hold, Lease, Lock, OperationsWhere, Outgoing, Receipt, Received, RequestsWhere, Store,
    StoreError, Write,
};
use countersign_core::time::{Duration, ManualClock, Timestamp, from_millis};
use tokio::sync::watch;

/// The present, in all tests.
pub(crate) fn now() -> Timestamp {
    from_millis(1_800_000_000_000)
}

/// So many minutes before the present.
pub(crate) fn ago(minutes: u64) -> Timestamp {
    countersign_core::time::before(now(), Duration::from_mins(minutes))
}

/// So many minutes after the present.
pub(crate) fn ahead(minutes: u64) -> Timestamp {
    countersign_core::time::after(now(), Duration::from_mins(minutes))
}

/// A store that answers what it is told to, and forgets what is written but for posts.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) requests: Vec<Request>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) journal: Vec<Entry>,
    pub(crate) locks: Vec<Lock>,
    pub(crate) holds: Vec<Hold>,
    pub(crate) records: Vec<Record>,
    pub(crate) posts: Mutex<Vec<Post>>,
}

impl Shelf {
    /// What the bot says in `#ops` when somebody types this: one string a line.
    pub(crate) async fn hears(self, who: &str, line: &str) -> String {
        let room = Place::Room(Room {
            network: "irc".into(),
            name: "#ops".into(),
        });
        self.answer(message(who, &format!("!{line}"), room)).await
    }

    /// The same in a direct message.
    pub(crate) async fn hears_alone(self, who: &str, line: &str) -> String {
        self.answer(message(who, line, Place::Direct(account(who)))).await
    }

    async fn answer(self, message: Message) -> String {
        let mut registry = Registry::new();
        crate::register(&mut registry).unwrap();
        let shelf = Arc::new(self);
        let context = Context {
            settings: Arc::new(settings()),
            store: Arc::clone(&shelf) as _,
            clock: Arc::new(ManualClock::new(now())),
            random: Arc::new(SeededRandom::new(1)),
            actions: Actions::default(),
            scrubber: Arc::new(Scrubber::default()),
            pages: Arc::default(),
            notary: None,
            replica: "test".into(),
        };
        let dispatcher = Dispatcher::new(context, Arc::new(registry));
        let answer = dispatcher.dispatch(&message).await;
        let said = || shelf.posts.lock().unwrap().pop().expect("an answer").reply;
        let reply = answer.unwrap_or_else(said);
        plain(&Post::to(message.place, reply)).join("\n")
    }
}

/// The same with an empty store.
pub(crate) async fn hear(who: &str, line: &str) -> String {
    Shelf::default().hears(who, line).await
}

fn account(name: &str) -> Account {
    Account {
        network: "irc".into(),
        name: name.into(),
    }
}

fn message(who: &str, text: &str, place: Place) -> Message {
    // A trailing underscore is somebody whose nick is not logged in.
    let account = (!who.ends_with('_')).then(|| account(who));
    let assurance = if account.is_some() {
        Assurance::Account
    } else {
        Assurance::Nick
    };
    Message {
        id: "m1".into(),
        place,
        sender: Sender {
            nick: who.to_owned(),
            account,
            assurance,
        },
        text: text.to_owned(),
        sent_at: now(),
        kind: Kind::Said,
        thread: None,
    }
}

fn settings() -> Settings {
    let person = |name: &str, roles: &[&str]| Person {
        id: name.into(),
        roles: roles.iter().map(|role| (*role).into()).collect(),
        accounts: vec![
            account(name),
            Account {
                network: "slack".into(),
                name: format!("U-{name}").into(),
            },
        ],
    };
    let people = [
        person("alice", &["deployer"]),
        person("bob", &["deployer", "admin"]),
        person("carol", &[]),
    ];
    let targets = ["prod", "prototype", "stage"].map(|name| (name.into(), Target { rooms: Vec::new() }));
    Settings {
        prefix: "!".to_owned(),
        names: vec!["countersign".to_owned()],
        directory: Directory::new(people).unwrap(),
        policy: policy(),
        targets: BTreeMap::from(targets),
        stale_after: Duration::from_mins(5),
    }
}

fn policy() -> Policy {
    let read = Rule {
        effects: vec![Effect::Read],
        who: anyone(),
        assurance: Assurance::Nick,
        ..rule("read")
    };
    let lock = Rule {
        commands: names(&["lock", "unlock"]),
        targets: names(&["prod"]),
        seats: vec![seat()],
        ..rule("prod")
    };
    let decide = Rule {
        effects: vec![Effect::Decide],
        ..rule("decide")
    };
    Policy {
        forbid: Vec::new(),
        allow: vec![read, lock, decide],
    }
}

fn rule(name: &str) -> Rule {
    Rule {
        name: name.into(),
        commands: Names::Any,
        effects: Vec::new(),
        targets: Names::Any,
        who: Who {
            roles: vec!["deployer".into()],
            ..Who::default()
        },
        rooms: Names::Any,
        assurance: Assurance::Account,
        seats: Vec::new(),
        times: None,
        pending: Duration::from_mins(30),
        valid: Duration::from_mins(10),
    }
}

fn names(names: &[&str]) -> Names {
    Names::Of(names.iter().map(|name| (*name).to_owned()).collect())
}

fn anyone() -> Who {
    Who {
        anyone: true,
        ..Who::default()
    }
}

/// One signature of a deployer.
fn seat() -> Seat {
    let of = Who {
        roles: vec!["deployer".into()],
        ..Who::default()
    };
    Seat {
        count: 1,
        of,
        assurance: Assurance::Account,
    }
}

/// Where alice asked.
pub(crate) fn origin() -> Origin {
    Origin {
        place: Place::Room(Room {
            network: "irc".into(),
            name: "#ops".into(),
        }),
        account: Some(account("alice")),
        assurance: Assurance::Account,
        nick: "alice".to_owned(),
        message: "m0".into(),
    }
}

/// Alice's plan to roll back prod, made 4 minutes ago.
pub(crate) fn plan() -> SealedPlan {
    let plan = Plan {
        schema: SCHEMA,
        command: "rollback".to_owned(),
        action: "rollback".to_owned(),
        effect: Effect::Destructive,
        target: Some("prod".into()),
        resource: Some("7b1c".to_owned()),
        summary: "roll back prod from v813 to v811".to_owned(),
        details: vec![Detail {
            label: "code".to_owned(),
            lines: vec!["8d07be4 → 3f2a91c".to_owned()],
        }],
        parameters: BTreeMap::new(),
        fingerprint: BTreeMap::new(),
        requester: "alice".into(),
        reason: None,
        policy: Digest::ZERO,
        created: ago(4),
        not_after: ahead(36),
        nonce: "00".to_owned(),
    };
    SealedPlan::seal(&plan).unwrap()
}

/// Alice's request for it, which waits.
pub(crate) fn request() -> Request {
    let rule = Rule {
        seats: vec![seat()],
        ..rule("prod")
    };
    Request::new("R-4QXB".into(), plan(), origin(), &rule, BTreeSet::new(), ago(4))
        .request()
        .clone()
}

/// The operation that runs it, signed by bob.
pub(crate) fn operation(state: State) -> Operation {
    Operation {
        id: "7F4B".into(),
        request: "R-4QXB".into(),
        plan: plan(),
        origin: origin(),
        signers: vec!["bob".into()],
        state,
        step: 0,
        tries: 0,
        step_began: ago(2),
        began: ago(3),
        ended: None,
        wake_at: None,
        phase: "release phase running".to_owned(),
        doubt: None,
        progress: None,
        cancel: None,
        version: 4,
    }
}

type Answer<T> = Result<T, StoreError>;

#[async_trait]
impl Store for Shelf {
    async fn commit(&self, batch: Batch) -> Answer<Receipt> {
        let posts = batch.writes.into_iter().filter_map(|write| match write {
            Write::Enqueue(post) => Some(post),
            _ => None,
        });
        self.posts.lock().unwrap().extend(posts);
        Ok(Receipt { audited: 0 })
    }

    async fn request(&self, id: &RequestId) -> Answer<Option<Request>> {
        Ok(self.requests.iter().find(|request| request.id == *id).cloned())
    }

    async fn requests(&self, _: RequestsWhere) -> Answer<Vec<Request>> {
        Ok(self.requests.clone())
    }

    async fn newest_request(&self) -> Answer<Option<RequestId>> {
        Ok(None)
    }

    async fn operation(&self, id: &OperationId) -> Answer<Option<Operation>> {
        Ok(self
            .operations
            .iter()
            .find(|operation| operation.id == *id)
            .cloned())
    }

    async fn operations(&self, _: OperationsWhere) -> Answer<Vec<Operation>> {
        Ok(self.operations.clone())
    }

    async fn journal(&self, _: &OperationId) -> Answer<Vec<Entry>> {
        Ok(self.journal.clone())
    }

    async fn claim(
        &self,
        _: &OperationId,
        _: &ReplicaId,
        _: Timestamp,
        _: Timestamp,
    ) -> Answer<Option<Fence>> {
        Ok(None)
    }

    async fn locks(&self) -> Answer<Vec<Lock>> {
        Ok(self.locks.clone())
    }

    async fn holds(&self) -> Answer<Vec<Hold>> {
        Ok(self.holds.clone())
    }

    async fn unhandled(&self) -> Answer<Vec<Received>> {
        Ok(Vec::new())
    }

    async fn outgoing(&self, _: Option<&Place>, _: Timestamp, _: u32) -> Answer<Vec<Outgoing>> {
        Ok(Vec::new())
    }

    async fn waiting_places(&self, _: Timestamp) -> Answer<Vec<Place>> {
        Ok(Vec::new())
    }

    async fn next_due(&self) -> Answer<Option<Timestamp>> {
        Ok(None)
    }

    async fn note(&self, _: &str) -> Answer<Option<String>> {
        Ok(None)
    }

    async fn announced(&self, _: &str) -> Answer<bool> {
        Ok(false)
    }

    async fn audit(&self, _: AuditWhere) -> Answer<Vec<Record>> {
        Ok(self.records.clone())
    }

    async fn audit_from(&self, _: u64, _: u32) -> Answer<Vec<Record>> {
        Ok(self.records.clone())
    }

    async fn audit_head(&self) -> Answer<Option<(u64, Digest, Timestamp)>> {
        Ok(None)
    }

    async fn lease(&self, _: &str, _: &ReplicaId, _: Timestamp, _: Duration) -> Answer<Option<Lease>> {
        Ok(None)
    }

    fn wakeups(&self) -> watch::Receiver<u64> {
        watch::Sender::new(0).subscribe()
    }
}
