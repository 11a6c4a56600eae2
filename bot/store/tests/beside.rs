//! What only writes our own records down is begun and ends whatever else goes on at its target and whoever has that locked,
//! and keeps nobody else waiting. What does something there waits, as ever.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use countersign_core::bot::Bot;
use countersign_core::command::{Ask, Command, Outcome, Registry, Spec};
use countersign_core::context::{Actions, Context};
use countersign_core::id::CommandPath;
use countersign_core::message::{Account, Assurance, Kind, Message, Place, Room, Sender};
use countersign_core::operation::{
    Action, Ended, Operation, Progress, Reconciled, Run, State, Step, Trouble, TroubleKind,
};
use countersign_core::person::{Directory, Person};
use countersign_core::plan::{Draft, Effect, Facts, Plan};
use countersign_core::policy::{Names, Policy, Rule, Who};
use countersign_core::random::SeededRandom;
use countersign_core::refusal::Refusal;
use countersign_core::reply::{Post, plain};
use countersign_core::secret::Scrubber;
use countersign_core::settings::{Settings, Target, TargetKind};
use countersign_core::speaker::Speaker;
use countersign_core::store::{Batch, Lock, OperationsWhere, Store as _, Write};
use countersign_core::time::{Duration, ManualClock, Timestamp, from_millis};
use countersign_store::Sqlite;
use serde_json::json;

const WRITES: &str = "write-down";
const SHIPS: &str = "ship";
/// Of this one nobody ever learns whether it was done.
const DOUBTS: &str = "doubt";
/// This one changes the app `prod`, and prod-db with it.
const ROTATES: &str = "rotate";
const STEP: &str = "do it";

fn at(seconds: i64) -> Timestamp {
    from_millis(1_790_000_000_000 + seconds * 1000)
}

/// What takes ten minutes, of our own records or at the target.
struct Slow {
    name: &'static str,
    needs_the_target: bool,
}

#[async_trait]
impl Action for Slow {
    fn name(&self) -> &'static str {
        self.name
    }

    fn title(&self, _: &Plan) -> String {
        self.name.to_owned()
    }

    fn steps(&self) -> &'static [Step] {
        const STEPS: &[Step] = &[Step::repeatable(STEP)];
        const ONCE: &[Step] = &[Step::once(STEP)];
        if self.name == DOUBTS { ONCE } else { STEPS }
    }

    fn needs_the_target(&self) -> bool {
        self.needs_the_target
    }

    async fn facts(&self, _: &Plan) -> Result<Facts, Trouble> {
        Ok(Facts::new())
    }

    fn moved(&self, _: &Plan, _: &Facts) -> String {
        "it moved".to_owned()
    }

    async fn run(&self, _: &'static str, run: &Run<'_>) -> Result<Progress, Trouble> {
        if self.name == DOUBTS {
            return Err(Trouble {
                kind: TroubleKind::Lost,
                ..Trouble::again("no answer came")
            });
        }
        if run.in_step() >= Duration::from_mins(10) {
            return Ok(Progress::Done(json!(null)));
        }
        Ok(Progress::Wait {
            pause: Duration::from_mins(10),
            phase: "at it".to_owned(),
            detail: None,
            usually: None,
        })
    }

    async fn reconcile(&self, _: &'static str, _: &Run<'_>) -> Result<Reconciled, Trouble> {
        Ok(Reconciled::Later(Duration::from_mins(1)))
    }

    fn ended(&self, _: &Run<'_>) -> Result<Ended, Trouble> {
        Ok(Ended {
            good: true,
            words: "done".to_owned(),
            announcement: None,
        })
    }
}

/// Proposes one of the two.
struct Propose(&'static str);

#[derive(clap::Args)]
struct Nothing {}

#[async_trait]
impl Command for Propose {
    type Args = Nothing;

    fn spec(&self) -> Spec {
        Spec {
            name: self.0,
            aliases: &[],
            effect: Effect::Change,
            examples: &[],
            stopped_by_hold: false,
        }
    }

    fn target<'a>(&'a self, _: &'a Nothing) -> Option<&'a str> {
        Some("prod-db")
    }

    fn needs_the_target(&self, _: &CommandPath) -> bool {
        self.0 != WRITES
    }

    async fn run(&self, _: &Ask<'_>, _: Nothing) -> Result<Outcome, Refusal> {
        let (target, also) = match self.0 {
            ROTATES => ("prod", vec!["prod-db".into()]),
            _ => ("prod-db", Vec::new()),
        };
        Ok(Outcome::Plan(Box::new(Draft {
            command: None,
            action: self.0.into(),
            effect: Effect::Change,
            target: Some(target.into()),
            resource: None,
            also,
            summary: self.0.into(),
            details: Vec::new(),
            parameters: BTreeMap::new(),
            fingerprint: Facts::new(),
            reason: None,
        })))
    }
}

/// bob's.
fn locked_by_bob() -> Lock {
    Lock {
        target: "prod-db".into(),
        holder: "bob".into(),
        reason: "an upgrade".to_owned(),
        since: at(0),
        until: None,
        place: room(),
    }
}

struct World {
    bot: Bot,
    store: Arc<Sqlite>,
    clock: Arc<ManualClock>,
    _folder: tempfile::TempDir,
}

fn account() -> Account {
    Account {
        network: "slack".into(),
        name: "alice".into(),
    }
}

fn room() -> Place {
    Place::Room(Room {
        network: "slack".into(),
        name: "#ops".into(),
    })
}

fn settings() -> Settings {
    let anyone = Who {
        anyone: true,
        ..Who::default()
    };
    let rule = Rule {
        name: "anybody".into(),
        commands: Names::Any,
        effects: Vec::new(),
        targets: Names::Any,
        who: anyone,
        rooms: Names::Any,
        assurance: Assurance::Account,
        seats: Vec::new(),
        times: None,
        pending: Duration::from_hours(1),
        valid: Duration::from_hours(1),
    };
    let alice = Person {
        id: "alice".into(),
        roles: [].into(),
        accounts: vec![account()],
    };
    Settings {
        prefix: "!".to_owned(),
        names: Vec::new(),
        directory: Directory::new([alice]).unwrap(),
        policy: Policy {
            forbid: Vec::new(),
            allow: vec![rule],
        },
        targets: [("prod-db", TargetKind::Database), ("prod", TargetKind::App)]
            .map(|(name, kind)| {
                let rooms = Vec::new();
                (name.into(), Target { kind, rooms })
            })
            .into(),
        stale_after: Duration::from_hours(1000),
    }
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Sqlite::open(folder.path().join("store.db")).await.unwrap());
        let clock = Arc::new(ManualClock::new(at(0)));
        let scrubber = Arc::new(Scrubber::default());
        let (mut actions, mut registry) = (Actions::default(), Registry::new());
        for name in [WRITES, SHIPS, ROTATES, DOUBTS] {
            actions.add(Arc::new(Slow {
                name,
                needs_the_target: name != WRITES,
            }));
            registry.add(Propose(name)).unwrap();
        }
        let context = Context {
            settings: Arc::new(settings()),
            store: Arc::clone(&store) as _,
            clock: Arc::clone(&clock) as _,
            random: Arc::new(SeededRandom::new(1)),
            actions,
            scrubber: Arc::clone(&scrubber),
            pages: Arc::default(),
            notary: None,
            links: None,
            keeper: None,
            replica: "test".into(),
        };
        Self {
            bot: Bot::new(context, registry, Speaker::new([], scrubber), Vec::new()),
            store,
            clock,
            _folder: folder,
        }
    }

    /// Alice says this, and what is due is done; what she reads at once.
    async fn says(&self, id: &str, line: &str) -> String {
        let message = Message {
            id: id.into(),
            place: room(),
            sender: Sender {
                nick: "alice".into(),
                account: Some(account()),
                assurance: Assurance::Account,
            },
            text: format!("!{line}"),
            sent_at: at(0),
            kind: Kind::Said,
            thread: None,
        };
        let reply = self.bot.reply_to(&message).await;
        self.works().await;
        let post = reply.map(|reply| Post::answer(&message, reply));
        post.iter().flat_map(plain).collect::<Vec<_>>().join("\n")
    }

    async fn works(&self) {
        self.bot.worker().drain().await.unwrap();
    }

    async fn open(&self) -> Vec<Operation> {
        self.store.operations(OperationsWhere::Open).await.unwrap()
    }

    /// The actions that are going on, in the order of their beginning.
    async fn going_on(&self) -> Vec<String> {
        let open = self.open().await;
        open.into_iter()
            .map(|operation| operation.plan.action.clone())
            .collect()
    }

    async fn writes(&self, write: Write) {
        self.store.commit(Batch::of(write)).await.unwrap();
    }
}

#[tokio::test]
async fn what_writes_our_own_records_down_is_done_while_something_else_is_running_or_unknown() {
    for is_unknown in [false, true] {
        let world = World::new().await;
        world.says("m1", SHIPS).await;
        if is_unknown {
            let mut stuck = world.open().await.remove(0);
            stuck.state = State::Unknown {
                step: STEP.to_owned(),
                saw: "nothing".to_owned(),
            };
            world.writes(Write::Operation(stuck)).await;
        }
        world.says("m2", WRITES).await;
        assert_eq!(world.going_on().await, [SHIPS, WRITES]);
        world.clock.set(at(600));
        world.works().await;
        let left: &[&str] = if is_unknown { &[SHIPS] } else { &[] };
        assert_eq!(world.going_on().await, left, "it has ended");
    }
}

#[tokio::test]
async fn what_writes_our_own_records_down_is_done_whoever_has_the_target_locked() {
    let world = World::new().await;
    world.writes(Write::Lock(locked_by_bob())).await;
    world.says("m1", SHIPS).await;
    assert_eq!(world.going_on().await, Vec::<String>::new(), "bob has it");
    world.says("m2", WRITES).await;
    assert_eq!(world.going_on().await, [WRITES]);
    world.clock.set(at(600));
    world.works().await;
    assert_eq!(world.going_on().await, Vec::<String>::new());
}

#[tokio::test]
async fn two_that_write_our_own_records_down_go_on_at_once_and_keep_nobody_waiting() {
    let world = World::new().await;
    world.says("m1", WRITES).await;
    world.says("m2", WRITES).await;
    world.says("m3", SHIPS).await;
    assert_eq!(world.going_on().await, [WRITES, WRITES, SHIPS]);
}

#[tokio::test]
async fn what_needs_the_target_waits_for_what_is_going_on_there() {
    let world = World::new().await;
    world.says("m1", SHIPS).await;
    world.says("m2", SHIPS).await;
    assert_eq!(world.going_on().await, [SHIPS]);
}

#[tokio::test]
async fn what_changes_two_targets_needs_both_and_keeps_both() {
    let world = World::new().await;
    world.says("m1", SHIPS).await;
    world.says("m2", ROTATES).await;
    assert_eq!(world.going_on().await, [SHIPS], "prod-db is busy");
    world.clock.set(at(600));
    world.works().await;
    world.says("m3", ROTATES).await;
    assert_eq!(world.going_on().await, [ROTATES]);
    world.says("m4", SHIPS).await;
    assert_eq!(world.going_on().await, [ROTATES], "prod-db is busy with it");
    world.clock.set(at(1200));
    world.works().await;
    world.writes(Write::Lock(locked_by_bob())).await;
    world.says("m5", ROTATES).await;
    assert_eq!(world.going_on().await, Vec::<String>::new(), "bob has prod-db");
}

#[tokio::test]
async fn what_stays_in_doubt_is_for_people_to_decide_and_sooner_if_they_want_it_cancelled() {
    for (is_cancelled, before, after) in [(false, 6 * 3600 - 60, 6 * 3600), (true, 540, 600)] {
        let world = World::new().await;
        world.says("m1", DOUBTS).await;
        if is_cancelled {
            let mut operation = world.open().await.remove(0);
            operation.cancel = Some("alice".into());
            world.writes(Write::Operation(operation)).await;
        }
        world.clock.set(at(before));
        world.works().await;
        assert_eq!(world.open().await[0].state, State::Running);
        world.clock.set(at(after));
        world.works().await;
        let state = &world.open().await[0].state;
        assert!(matches!(state, State::Unknown { .. }), "{state:?}");
    }
}
