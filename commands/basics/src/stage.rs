//! What the tests of these commands play on: people, targets, a policy, and a store that only remembers posts.

mod store;
mod things;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use countersign_core::approval::Request;
use countersign_core::audit::Record;
use countersign_core::command::Registry;
use countersign_core::context::{Actions, Context};
use countersign_core::dispatch::Dispatcher;
use countersign_core::drop_box::DropBox;
use countersign_core::link::{Link, Links, LinksSettings};
use countersign_core::message::{Account, Assurance, Kind, Message, Place, Room, Sender};
use countersign_core::operation::{Entry, Operation};
use countersign_core::person::{Directory, Person};
use countersign_core::plan::Effect;
use countersign_core::policy::{Names, Policy, Rule, Seat, Who};
use countersign_core::random::SeededRandom;
use countersign_core::reply::{Post, Reply, plain};
use countersign_core::secret::Scrubber;
use countersign_core::settings::{Settings, Target, TargetKind};
use countersign_core::store::{Hold, Lock};
use countersign_core::time::{Duration, ManualClock, Timestamp, from_millis};

pub(crate) use things::{drop_box, link, operation, origin, plan, request};

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
    pub(crate) links: Vec<Link>,
    pub(crate) boxes: Vec<DropBox>,
    pub(crate) posts: Mutex<Vec<Post>>,
    /// Whether there is a command with subcommands too.
    pub(crate) vars: bool,
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

    /// Everything that is said then, wherever: with the place in front of each post.
    pub(crate) async fn hears_all(self, who: &str, line: &str) -> String {
        let room = origin().place;
        let shelf = Arc::new(self);
        let own = Arc::clone(&shelf);
        own.dispatch(&message(who, &format!("!{line}"), room)).await;
        let posts = shelf.posts.lock().unwrap();
        let said = posts
            .iter()
            .map(|post| format!("[{}] {}", post.place, plain(post).join("\n")));
        said.collect::<Vec<_>>().join("\n")
    }

    async fn answer(self, message: Message) -> String {
        let shelf = Arc::new(self);
        let answer = Arc::clone(&shelf).dispatch(&message).await;
        let said = || shelf.posts.lock().unwrap().pop().expect("an answer").reply;
        let reply = answer.unwrap_or_else(said);
        plain(&Post::to(message.place, reply)).join("\n")
    }

    async fn dispatch(self: Arc<Self>, message: &Message) -> Option<Reply> {
        let mut registry = Registry::new();
        crate::register(&mut registry).unwrap();
        if self.vars {
            registry.add(things::Vars).unwrap();
        }
        let random = Arc::new(SeededRandom::new(1));
        let links = LinksSettings {
            url: "https://ops.example.org/".to_owned(),
            valid: Duration::from_hours(1),
            box_valid: Duration::from_mins(30),
            keys: Arc::new(things::keys()),
            reach: BTreeMap::new(),
        };
        let context = Context {
            settings: Arc::new(settings()),
            links: Some(Links::new(
                links,
                Arc::clone(&self) as _,
                Arc::clone(&random) as _,
            )),
            store: self,
            clock: Arc::new(ManualClock::new(now())),
            random,
            actions: Actions::default(),
            scrubber: Arc::new(Scrubber::default()),
            pages: Arc::default(),
            notary: None,
            keeper: None,
            replica: "test".into(),
        };
        Dispatcher::new(context, Arc::new(registry))
            .dispatch(message)
            .await
    }
}

/// The same with an empty store.
pub(crate) async fn hear(who: &str, line: &str) -> String {
    Shelf::default().hears(who, line).await
}

/// The same where there is `vars` with its subcommands, of which anybody lists and deployers set.
pub(crate) async fn with_vars(who: &str, line: &str) -> String {
    let shelf = Shelf {
        vars: true,
        ..Shelf::default()
    };
    shelf.hears(who, line).await
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
    let target = |name: &str, kind| {
        let rooms = Vec::new();
        (name.into(), Target { kind, rooms })
    };
    let targets = ["prod", "prototype", "stage"].map(|name| target(name, TargetKind::App));
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
    let set = Rule {
        commands: names(&["vars set"]),
        targets: names(&["prod", "stage"]),
        seats: vec![seat()],
        ..rule("set")
    };
    let decide = Rule {
        effects: vec![Effect::Decide],
        ..rule("decide")
    };
    Policy {
        forbid: Vec::new(),
        allow: vec![read, lock, set, decide],
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
