//! From neutral message to neutral reply: identity, policy, parsing, the command, help's filter. Run with
//! `cargo bench -p countersign-core --bench dispatch`.

#![expect(
    clippy::unwrap_used,
    reason = "a bench that cannot be set up should break off"
)]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_core::bot::Bot;
use countersign_core::command::{Ask, Command, Outcome, Registry, Spec, overview};
use countersign_core::context::{Actions, Context};
use countersign_core::message::{Account, Assurance, Kind, Message, Place, Room, Sender};
use countersign_core::person::{Directory, Person};
use countersign_core::plan::Effect;
use countersign_core::policy::{Names, Policy, Rule, Who};
use countersign_core::random::SeededRandom;
use countersign_core::refusal::Refusal;
use countersign_core::reply::Reply;
use countersign_core::secret::Scrubber;
use countersign_core::settings::{Settings, Target, TargetKind};
use countersign_core::speaker::Speaker;
use countersign_core::time::{ManualClock, from_millis};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};

mod no_store;

struct Ping;
struct Help;
struct Other(Spec);

#[derive(clap::Args)]
struct Nothing {}

#[derive(clap::Args)]
struct OneTarget {
    /// Where.
    target: String,
    /// Why.
    #[arg(long)]
    reason: Option<String>,
}

const PING: Spec = Spec {
    name: "ping",
    aliases: &[],
    effect: Effect::Read,
    examples: &["ping"],
    stopped_by_hold: false,
};

#[async_trait]
impl Command for Ping {
    type Args = Nothing;

    fn spec(&self) -> Spec {
        PING
    }

    async fn run(&self, _ask: &Ask<'_>, _args: Nothing) -> Result<Outcome, Refusal> {
        Ok(Outcome::Reply(Reply::line("pong")))
    }
}

#[async_trait]
impl Command for Help {
    type Args = Nothing;

    fn spec(&self) -> Spec {
        Spec {
            name: "help",
            examples: &["help"],
            ..PING
        }
    }

    async fn run(&self, ask: &Ask<'_>, _args: Nothing) -> Result<Outcome, Refusal> {
        Ok(Outcome::Reply(overview(ask)))
    }
}

#[async_trait]
impl Command for Other {
    type Args = OneTarget;

    fn spec(&self) -> Spec {
        self.0
    }

    fn target<'a>(&self, args: &'a OneTarget) -> Option<&'a str> {
        Some(&args.target)
    }

    async fn run(&self, _ask: &Ask<'_>, args: OneTarget) -> Result<Outcome, Refusal> {
        Ok(Outcome::Reply(Reply::line(args.reason.unwrap_or(args.target))))
    }
}

fn registry(commands: usize) -> Registry {
    let mut registry = Registry::new();
    registry.add(Ping).unwrap();
    registry.add(Help).unwrap();
    for n in 2..commands {
        let name: &'static str = format!("command-{n}").leak();
        registry
            .add(Other(Spec {
                name,
                examples: &[],
                ..PING
            }))
            .unwrap();
    }
    registry
}

fn settings() -> Settings {
    let network = "irc";
    let person = |n: usize| Person {
        id: format!("person-{n}").into(),
        roles: [if n.is_multiple_of(10) {
            "deployer"
        } else {
            "reader"
        }
        .into()]
        .into(),
        accounts: vec![Account {
            network: network.into(),
            name: format!("account-{n}").into(),
        }],
    };
    let rule = |name: &str, role: &str, commands: Names| Rule {
        name: name.into(),
        commands,
        effects: vec![],
        targets: Names::Any,
        who: Who {
            anyone: false,
            roles: vec![role.into()],
            people: vec![],
        },
        rooms: Names::Of(vec!["#treeherder".into(), "direct".into()]),
        assurance: Assurance::Account,
        seats: vec![],
        times: None,
        pending: Duration::from_mins(30),
        valid: Duration::from_mins(10),
    };
    let targets = ["prod", "stage", "prototype"].map(|name| {
        (
            name.into(),
            Target {
                kind: TargetKind::App,
                rooms: vec![],
            },
        )
    });
    Settings {
        prefix: "!".into(),
        names: vec!["countersign".into()],
        directory: Directory::new((0..10_000).map(person)).unwrap(),
        policy: Policy {
            forbid: vec![rule("no interns", "intern", Names::Any)],
            allow: vec![
                rule("deployers", "deployer", Names::Any),
                rule("readers", "reader", Names::Any),
            ],
        },
        targets: BTreeMap::from(targets),
        stale_after: Duration::from_mins(5),
    }
}

fn bot(commands: usize) -> Bot {
    let scrubber = Arc::new(Scrubber::default());
    let context = Context {
        settings: Arc::new(settings()),
        store: Arc::new(no_store::NoStore::default()),
        clock: Arc::new(ManualClock::new(from_millis(1_000))),
        random: Arc::new(SeededRandom::new(1)),
        actions: Actions::default(),
        scrubber: Arc::clone(&scrubber),
        pages: Arc::default(),
        notary: None,
        keeper: None,
        links: None,
        replica: "bench".into(),
    };
    Bot::new(context, registry(commands), Speaker::new([], scrubber), vec![])
}

fn message(n: u64, text: &str) -> Message {
    let network = countersign_core::id::NetworkId::from("irc");
    Message {
        id: n.to_string().into(),
        place: Place::Room(Room {
            network: network.clone(),
            name: "#treeherder".into(),
        }),
        sender: Sender {
            nick: "person-4321".into(),
            account: Some(Account {
                network,
                name: "account-4321".into(),
            }),
            assurance: Assurance::Account,
        },
        text: text.into(),
        sent_at: from_millis(1_000),
        kind: Kind::Said,
        thread: None,
    }
}

fn dispatch(c: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for commands in [50, 500] {
        let bot = bot(commands);
        let lines = [
            ("ping", "!ping"),
            ("arguments", "!command-7 prod --reason \"500s on /api/push\""),
            ("help", "!help"),
        ];
        for (name, text) in lines
            .into_iter()
            .chain([("chatter", "is prod slow for anybody else?")])
        {
            let mut n = 0;
            c.bench_function(&format!("{name}, {commands} commands"), |bench| {
                bench.to_async(&runtime).iter_batched(
                    || {
                        n += 1;
                        message(n, text)
                    },
                    |message| {
                        let bot = &bot;
                        async move { black_box(bot.reply_to(&message).await) }
                    },
                    BatchSize::SmallInput,
                );
            });
        }
    }
}

criterion_group!(benches, dispatch);
criterion_main!(benches);
