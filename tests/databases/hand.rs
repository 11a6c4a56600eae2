//! An action taken through its steps by hand, on real servers: what it writes is in a real store, and it can be stopped, or
//! the world changed, between any two steps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use countersign_core::approval::Origin;
use countersign_core::digest::Digest;
use countersign_core::link::{Links, LinksSettings};
use countersign_core::message::{Account, Assurance, Place, Room};
use countersign_core::operation::{
    Action, Ended, Entry, Happening, Operation, Progress, Reconciled, Repeat, Run, State, Trouble,
};
use countersign_core::person::{Directory, Person};
use countersign_core::plan::{Effect, Facts, Plan, SealedPlan};
use countersign_core::policy::Policy;
use countersign_core::random::SeededRandom;
use countersign_core::settings::Settings;
use countersign_core::store::{Batch, Store as _};
use countersign_core::time::{Timestamp, after, from_millis};
use countersign_databases::{AppUrls, Classes, Database, Databases, Known, Role, actions};
use countersign_mysql::{Kill, Server, Trust, UserName};
use countersign_secrets::at_rest::{SealingKey, SealingKeys};
use countersign_store::Sqlite;
use serde_json::Value;
use tempfile::TempDir;

use crate::support::mysql::{ADMIN, Pair, SCHEMA, Side};

pub(super) const DATABASE: &str = "prod-db";

/// A database with its commands, on a pair of servers and a store of its own.
pub(super) struct Hands {
    pub(super) store: Arc<Sqlite>,
    pub(super) databases: Arc<Databases>,
    actions: Vec<Arc<dyn Action>>,
    _folder: TempDir,
}

/// One of the servers, as the bot uses it.
pub(super) fn server(pair: &Pair, side: Side) -> Server {
    server_within(pair, side, Duration::from_secs(20))
}

/// One that must answer in time.
fn server_within(pair: &Pair, side: Side, timeout: Duration) -> Server {
    let (host, port) = pair.address(side);
    Server::new(countersign_mysql::Settings {
        host: host.to_owned(),
        port,
        user: user(ADMIN),
        password: pair.admin_password().to_owned().into(),
        trust: Trust::of_pem(&std::fs::read(pair.ca()).unwrap()).unwrap(),
        kill: Kill::Rds,
        connect_timeout: Duration::from_secs(5),
        timeout,
    })
}

pub(super) fn user(name: &str) -> UserName {
    UserName::try_from(name.to_owned()).unwrap()
}

fn database(pair: &Pair, timeout: Duration) -> Database {
    let (host, port) = pair.replica();
    Database {
        target: DATABASE.into(),
        app: Some("prod".into()),
        rooms: vec![room()],
        schema: SCHEMA.parse().unwrap(),
        primary: server_within(pair, Side::Primary, timeout),
        replica: Some(server_within(pair, Side::Replica, timeout)),
        replica_address: Some((host.to_owned(), port)),
        ca: Trust::of_pem(&std::fs::read(pair.ca()).unwrap()).unwrap(),
        ca_expires: None,
        days: 30,
        max_days: 90,
        remind: Duration::from_hours(72),
        classes: Classes {
            read: ["job", "push", "repository", "bench_*"]
                .map(|name| name.parse().unwrap())
                .to_vec(),
            never: vec!["django_*".parse().unwrap(), "auth_*".parse().unwrap()],
            columns: BTreeMap::from([(
                "auth_user".parse().unwrap(),
                ["id", "username", "email"]
                    .map(|name| name.parse().unwrap())
                    .to_vec(),
            )]),
        },
        accounts: vec![
            Known {
                name: user("activedata"),
                role: Role::Service {
                    owner: "carol".into(),
                },
            },
            Known {
                name: user("th_admin"),
                role: Role::App {
                    app: "prod".into(),
                    var: "DATABASE_URL".to_owned(),
                },
            },
        ],
    }
}

fn room() -> Room {
    Room {
        network: "libera".into(),
        name: "#treeherder".into(),
    }
}

fn settings() -> Settings {
    let person = |name: &str| Person {
        id: name.into(),
        roles: std::iter::empty().collect(),
        accounts: vec![Account {
            network: "libera".into(),
            name: name.into(),
        }],
    };
    Settings {
        prefix: "!".to_owned(),
        names: vec!["bot".to_owned()],
        directory: Directory::new(["alice", "bob", "carol"].map(person)).unwrap(),
        policy: Policy::default(),
        targets: BTreeMap::new(),
        stale_after: Duration::from_mins(5),
    }
}

impl Hands {
    pub(super) async fn new(pair: &Pair, apps: Option<Arc<dyn AppUrls>>) -> Self {
        Self::made(pair, apps, Duration::from_secs(20)).await
    }

    /// With servers that are given up soon.
    pub(super) async fn impatient(pair: &Pair) -> Self {
        Self::made(pair, None, Duration::from_secs(3)).await
    }

    async fn made(pair: &Pair, apps: Option<Arc<dyn AppUrls>>, timeout: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Sqlite::open(folder.path().join("store.db")).await.unwrap());
        let random = Arc::new(SeededRandom::new(5));
        let key = SealingKey::of(&"5a".repeat(32).into()).unwrap();
        let links = LinksSettings {
            url: "https://ops.example.org/".to_owned(),
            valid: Duration::from_hours(1),
            box_valid: Duration::from_mins(30),
            keys: Arc::new(SealingKeys::new(key, Vec::new())),
            reach: BTreeMap::from([("libera".into(), countersign_core::chat::Reach::Account)]),
        };
        let links = Links::new(links, Arc::clone(&store) as _, Arc::new(SeededRandom::new(7)));
        let databases = Arc::new(Databases::new(
            vec![database(pair, timeout)],
            Arc::clone(&store) as _,
            random,
            Arc::default(),
            Arc::new(settings()),
            Some(links),
            apps,
        ));
        Self {
            store,
            actions: actions(&databases),
            databases,
            _folder: folder,
        }
    }

    /// Begins an operation of this action with these parameters.
    pub(super) fn begin(&self, action: &str, parameters: Value) -> Going {
        self.begin_on(DATABASE, action, parameters)
    }

    /// The same, on another target than the database.
    pub(super) fn begin_on(&self, target: &str, action: &str, parameters: Value) -> Going {
        let found = self.actions.iter().find(|known| known.name() == action);
        let action = Arc::clone(found.unwrap_or_else(|| panic!("no action {action}")));
        let Value::Object(parameters) = parameters else {
            panic!("parameters are an object")
        };
        let now = from_millis(1_800_000_000_000);
        let plan = Plan {
            schema: 1,
            command: "db".into(),
            action: action.name().to_owned(),
            effect: Effect::Destructive,
            target: Some(target.into()),
            resource: None,
            also: Vec::new(),
            summary: "change it".to_owned(),
            details: Vec::new(),
            parameters: parameters.into_iter().collect(),
            fingerprint: BTreeMap::new(),
            requester: "alice".into(),
            reason: None,
            policy: Digest::of(b""),
            created: now,
            not_after: after(now, Duration::from_mins(30)),
            nonce: "n".to_owned(),
        };
        Going {
            operation: operation(SealedPlan::seal(&plan).unwrap(), now),
            action,
            store: Arc::clone(&self.store),
            journal: Vec::new(),
        }
    }

    /// What is kept, sealed, of a change that is not over.
    pub(super) async fn kept(&self) -> Option<String> {
        let note = self.store.note("sealed/passwd/prod-db/th_admin").await.unwrap();
        note.filter(|text| !text.is_empty())
    }

    /// What the rooms and people were told, as it stands in the outbox.
    pub(super) async fn told(&self) -> String {
        let posts = self
            .store
            .outgoing(None, from_millis(i64::from(i32::MAX) * 1000), 99);
        let posts = posts.await.unwrap().into_iter();
        let lines = posts.flat_map(|outgoing| countersign_core::reply::plain(&outgoing.post));
        lines.collect::<Vec<_>>().join("\n")
    }
}

fn operation(plan: SealedPlan, now: Timestamp) -> Operation {
    Operation {
        id: "7F3K".into(),
        request: "R-4QX1".into(),
        plan,
        origin: Origin {
            place: Place::Room(room()),
            account: None,
            assurance: Assurance::Account,
            nick: "alice".to_owned(),
            message: "m".into(),
        },
        signers: vec!["bob".into()],
        state: State::Running,
        step: 0,
        tries: 0,
        step_began: now,
        began: now,
        ended: None,
        wake_at: None,
        phase: String::new(),
        doubt: None,
        progress: None,
        cancel: None,
        version: 0,
    }
}

/// An operation on its way.
pub(super) struct Going {
    action: Arc<dyn Action>,
    store: Arc<Sqlite>,
    pub(super) operation: Operation,
    journal: Vec<Entry>,
}

impl Going {
    fn run(&self) -> Run<'_> {
        Run {
            operation: &self.operation,
            journal: &self.journal,
            now: after(self.operation.began, Duration::from_secs(1)),
        }
    }

    fn note(&mut self, step: &str, happening: Happening) {
        self.journal.push(Entry {
            operation: self.operation.id.clone(),
            step: step.to_owned(),
            happening,
            at: self.operation.began,
        });
    }

    /// The next step.
    pub(super) fn next(&self) -> Option<&'static str> {
        self.action.steps().get(self.operation.step).map(|step| step.name)
    }

    /// Tries the next step once, and goes on to the one after if it is done. Says what it is waiting for, if it is not.
    pub(super) async fn once(&mut self) -> Result<Option<String>, Trouble> {
        let step = self.action.steps()[self.operation.step];
        self.note(step.name, Happening::Began);
        let value = match self.action.run(step.name, &self.run()).await? {
            Progress::Done(value) => value,
            Progress::Record { value, writes, audit } => {
                let batch = Batch {
                    writes,
                    audit,
                    ..Batch::default()
                };
                self.store.commit(batch).await.unwrap();
                value
            }
            Progress::Wait { phase, .. } => {
                assert_eq!(step.repeat, Repeat::Repeatable);
                return Ok(Some(phase));
            }
            Progress::End(ended) => panic!("{} ended it: {}", step.name, ended.words),
        };
        self.note(step.name, Happening::Succeeded(value));
        self.operation.step += 1;
        Ok(None)
    }

    /// What became of the next step, which was begun and whose answer did not come.
    pub(super) async fn reconciled(&self) -> Reconciled {
        let step = self.next().expect("a step was begun");
        self.action.reconcile(step, &self.run()).await.unwrap()
    }

    /// Reads again what the plan relies on.
    pub(super) async fn facts(&self) -> Facts {
        self.action.facts(&self.operation.plan).await.unwrap()
    }

    /// Goes on up to this step, or to the end.
    pub(super) async fn up_to(&mut self, step: Option<&str>) {
        while let Some(next) = self.next().filter(|next| Some(*next) != step) {
            let waits = self
                .once()
                .await
                .unwrap_or_else(|trouble| panic!("{next}: {}", trouble.sentence()));
            if waits.is_some() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        assert_eq!(self.next(), step);
    }

    /// All of it.
    pub(super) async fn ends(&mut self) -> Ended {
        self.up_to(None).await;
        self.action.ended(&self.run()).unwrap()
    }
}
