//! A bot on a store in memory: people, a command that wants something dropped, and what makes links.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_core::access::Keeper;
use countersign_core::bot::Bot;
use countersign_core::chat::Reach;
use countersign_core::command::{Ask, Command, Outcome, Registry, Spec};
use countersign_core::context::{Actions, Context};
use countersign_core::drop_box::{BoxDraft, PARAMETER};
use countersign_core::link::{Links, LinksSettings};
use countersign_core::message::{Account, Assurance, Kind, Message, Place, Room, Sender};
use countersign_core::person::{Directory, Person};
use countersign_core::plan::{Draft, Effect};
use countersign_core::policy::{Names, Policy, Rule, Seat, Who};
use countersign_core::random::SeededRandom;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Post, plain};
use countersign_core::secret::Scrubber;
use countersign_core::settings::{Settings, Target, TargetKind};
use countersign_core::speaker::Speaker;
use countersign_core::time::{Duration, ManualClock, SteadyClock, Timestamp, from_millis};
use countersign_secrets::at_rest::{SealingKey, SealingKeys};

use super::memory::Memory;

pub(crate) const BASE: &str = "https://ops.example.org/";

/// So many seconds after the beginning.
pub(crate) fn at(seconds: i64) -> Timestamp {
    from_millis(1_790_000_000_000 + seconds * 1000)
}

pub(crate) fn account(name: &str) -> Account {
    Account {
        network: "slack".into(),
        name: name.into(),
    }
}

pub(crate) fn person(name: &str) -> Person {
    Person {
        id: name.into(),
        roles: [].into(),
        accounts: vec![account(name)],
    }
}

/// The bot, and what it stands on.
pub(crate) struct World {
    pub(crate) bot: Bot,
    pub(crate) store: Arc<Memory>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) links: Links,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        Self::keeping(seed, None)
    }

    /// With databases.
    pub(crate) fn keeping(seed: u64, keeper: Option<Arc<dyn Keeper>>) -> Self {
        let store = Arc::new(Memory::new());
        let clock = Arc::new(ManualClock::new(at(0)));
        let random = Arc::new(SeededRandom::new(seed));
        let key = SealingKey::of(&"a".repeat(64).into()).unwrap();
        let settings = LinksSettings {
            url: BASE.to_owned(),
            valid: Duration::from_hours(1),
            box_valid: Duration::from_hours(1),
            keys: Arc::new(SealingKeys::new(key, Vec::new())),
            reach: [("slack".into(), Reach::Account)].into(),
        };
        let links = Links::new(settings, Arc::clone(&store) as _, Arc::clone(&random) as _);
        let scrubber = Arc::new(Scrubber::default());
        let context = Context {
            settings: Arc::new(people()),
            store: Arc::clone(&store) as _,
            // As the binary has it: what was over stays over.
            clock: Arc::new(SteadyClock::new(Arc::clone(&clock), at(0))),
            random,
            actions: Actions::default(),
            scrubber: Arc::clone(&scrubber),
            pages: Arc::default(),
            notary: None,
            keeper,
            links: Some(links.clone()),
            replica: "test".into(),
        };
        let mut registry = Registry::new();
        registry.add(Put).unwrap();
        registry.add(Decide("burn")).unwrap();
        registry.add(Decide("deny")).unwrap();
        registry.add(Decide("cancel")).unwrap();
        Self {
            bot: Bot::new(context, registry, Speaker::new([], scrubber), Vec::new()),
            store,
            clock,
            links,
        }
    }

    /// What the bot says everywhere when somebody says this in the room.
    pub(crate) async fn says(&self, who: &str, line: &str) -> String {
        self.store.disk.lock().unwrap().posts.clear();
        let message = said(who, line);
        let reply = self.bot.reply_to(&message).await;
        let posts = self.store.disk().posts;
        let mut heard: Vec<_> = posts.into_values().collect();
        heard.extend(reply.map(|reply| Post::answer(&message, reply)));
        let lines = heard.iter().flat_map(plain).collect::<Vec<_>>();
        lines.join("\n")
    }

    /// Everything that is due is done.
    pub(crate) async fn works(&self) {
        self.bot.worker().drain().await.unwrap();
    }
}

/// Every message has an id of its own.
static SAID: Mutex<u64> = Mutex::new(0);

fn said(who: &str, line: &str) -> Message {
    let mut said = SAID.lock().unwrap();
    *said += 1;
    Message {
        id: format!("m-{said}").into(),
        place: Place::Room(Room {
            network: "slack".into(),
            name: "#ops".into(),
        }),
        sender: Sender {
            nick: who.to_owned(),
            account: Some(account(who)),
            assurance: Assurance::Account,
        },
        text: format!("!{line}"),
        sent_at: at(0),
        kind: Kind::Said,
        thread: None,
    }
}

fn people() -> Settings {
    let anyone = || Who {
        anyone: true,
        ..Who::default()
    };
    let rule = |name: &str, effects, seats| Rule {
        name: name.into(),
        commands: Names::Any,
        effects,
        targets: Names::Any,
        who: anyone(),
        rooms: Names::Any,
        assurance: Assurance::Account,
        seats,
        times: None,
        pending: Duration::from_mins(30),
        valid: Duration::from_mins(10),
    };
    let seat = Seat {
        count: 1,
        of: anyone(),
        assurance: Assurance::Account,
    };
    Settings {
        prefix: "!".to_owned(),
        names: vec!["countersign".to_owned()],
        directory: Directory::new(["alice", "bob", "carol"].map(person)).unwrap(),
        policy: Policy {
            forbid: Vec::new(),
            allow: vec![
                rule("decide", vec![Effect::Decide], Vec::new()),
                rule("signed", Vec::new(), vec![seat]),
            ],
        },
        targets: [(
            "stage".into(),
            Target {
                kind: TargetKind::App,
                rooms: Vec::new(),
            },
        )]
        .into(),
        stale_after: Duration::from_hours(1000),
    }
}

/// `put stage KEY`: wants a value dropped, then plans to use it.
struct Put;

#[derive(clap::Args)]
struct PutArgs {
    target: String,
    key: String,
    #[arg(long = "box")]
    dropped: Option<String>,
}

#[async_trait]
impl Command for Put {
    type Args = PutArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: "put",
            aliases: &[],
            effect: Effect::Destructive,
            examples: &[],
            stopped_by_hold: false,
        }
    }

    fn target<'a>(&self, args: &'a PutArgs) -> Option<&'a str> {
        Some(&args.target)
    }

    async fn run(&self, ask: &Ask<'_>, args: PutArgs) -> Result<Outcome, Refusal> {
        let Some(id) = args.dropped else {
            return Ok(Outcome::Box(BoxDraft {
                purpose: format!("the value of {} on {}", args.key, args.target),
                target: Some(args.target.as_str().into()),
                then: format!("put {} {} --box {{id}}", args.target, args.key),
            }));
        };
        let dropped = ask.dropped(&id.as_str().into()).await?;
        Ok(Outcome::Plan(Box::new(Draft {
            command: None,
            action: "put".into(),
            effect: Effect::Destructive,
            target: Some(args.target.as_str().into()),
            resource: None,
            also: Vec::new(),
            summary: format!("put {} ({})", args.key, dropped.short()),
            details: Vec::new(),
            parameters: [
                (PARAMETER.to_owned(), dropped.id.as_str().into()),
                ("sha256".to_owned(), dropped.sha256.into()),
            ]
            .into(),
            fingerprint: [].into(),
            reason: None,
        })))
    }
}

/// What the desk does.
struct Decide(&'static str);

#[derive(clap::Args)]
struct DecideArgs {
    id: String,
}

#[async_trait]
impl Command for Decide {
    type Args = DecideArgs;

    fn spec(&self) -> Spec {
        Spec {
            name: self.0,
            aliases: &[],
            effect: Effect::Decide,
            examples: &[],
            stopped_by_hold: false,
        }
    }

    async fn run(&self, ask: &Ask<'_>, args: DecideArgs) -> Result<Outcome, Refusal> {
        let id = args.id.as_str().into();
        match self.0 {
            "burn" => ask.desk.burn(ask, &args.id.as_str().into()).await,
            "deny" => ask.desk.deny(ask, &id, "not today".into()).await,
            _ => ask.desk.cancel_request(ask, &id).await,
        }
    }
}
